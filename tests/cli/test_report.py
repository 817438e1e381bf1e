"""fuota report, as an operator meets it."""

import json
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]


def test_writes_one_page_and_its_data(cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path) -> None:
    files = ("--html", "page.html", "--json", "data.json")
    done = fuota("report", "street", *files, "--local", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "written: page.html\nwritten: data.json\npending: no session is scheduled\n"
    page = (tmp_path / "page.html").read_text()
    HTMLParser().feed(page)
    assert "<h1>FUOTA task street</h1>" in page
    assert "pending: no session is scheduled" in page
    assert page.count("<svg") == 2
    assert "Initial" in page
    assert "251 fragments, 29.3 min" in page
    assert not re.search(r"(src|href)=|@import|url\(", page)  # it needs nothing else
    assert json.loads((tmp_path / "data.json").read_text())["task"]["id"] == task


def test_names_of_users_do_not_become_html(cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path) -> None:
    cloud.client("iotwireless").update_fuota_task(Id=task, Name="<b>street")
    done = fuota("report", task, "--html", "page.html", "--local", "--port", str(cloud.port))
    assert done.returncode == 0
    assert "<b>" not in (tmp_path / "page.html").read_text()


def test_wants_a_file_it_can_write(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    assert fuota("report", task, "--local", "--port", str(cloud.port)).returncode == 2
    done = fuota("report", task, "--html", "none/page.html", "--local", "--port", str(cloud.port))
    assert done.returncode == 1
    assert "none/page.html cannot be written: No such file or directory" in done.stderr
