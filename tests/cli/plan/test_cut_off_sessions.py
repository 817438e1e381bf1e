"""A session that its window cuts off: no command shows a share of devices that would succeed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]

REASON = "the session takes 13.9 h, and a class C device (TS005-1.0.0) ends it after 9.1 h"


def test_operating_commands_show_no_success(cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path) -> None:
    cloud.client("iotwireless").update_fuota_task(Id=task, FragmentIntervalMS=200_000)  # 251 fragments
    here = ("--local", "--port", str(cloud.port))

    shown = " ".join(fuota("status", task, *here).stdout.split())
    assert f"no device gets all of it: {REASON}" in shown
    assert "of devices succeed" not in shown

    plan = json.loads(fuota("status", task, "--json", *here).stdout)["session"]["plan"]
    assert (plan["cut_off"], plan["decode_probability"]) == (REASON, 0)

    fuota("report", task, "--html", str(tmp_path / "page.html"), *here)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"too long</span>: {REASON}" in page
    assert "of devices at" not in page

    checks = json.loads(fuota("preflight", task, "--json", *here).stdout)["checks"]
    assert [check["outcome"] for check in checks if check["name"] == "session-duration"] == ["warning"]
    assert not [check for check in checks if check["name"] == "session" and check["outcome"] == "ok"]
