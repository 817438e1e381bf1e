"""The wheel in a fresh environment, without the repository and without Node.js on PATH, deploys an app locally."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

Run = Callable[..., str]


def test_the_wheel_deploys_an_app_in_another_folder(
    run: Run, installed: Callable[[str], Path], tmp_path: Path, app_on: Callable[[LocalCloud, str], Any]
) -> None:
    programs = installed("cli,local")
    port = clouds.free_port()
    folder = app_on(LocalCloud(pid=0, port=port, region="", account="", iam=False), "lifecycle").folder
    environment = {
        "PATH": str(programs),
        "HOME": str(tmp_path),
        "FUOTA_STATE_DIR": str(tmp_path / "state"),
        "FUOTA_CACHE_DIR": str(tmp_path / "cache"),
        "FUOTA_LOCAL_PORT": str(port),
        "CDK_VALIDATION": "false",
        **{name: value for name, value in os.environ.items() if re.search("(?i)proxy|ca_?certs|npm_config", name)},
    }

    def fuota(*arguments: str) -> str:
        return run(programs / "fuota", "local", *arguments, cwd=folder, env=environment)

    fuota("up", "--detach")
    try:
        fuota("deploy", "--", "-c", "redundancy=25")
        [task] = json.loads(fuota("status", "--json"))["fuota_tasks"]
        assert task["redundancy_percent"] == 25
        code = "from fuota_constructs.local.functions import aws_sdk; print(aws_sdk.packages().title)"
        assert "AWS SDK for JavaScript 3." in run(programs / "python", "-c", code, cwd=folder, env=environment)
        schema = json.loads(run(programs / "fuota", "schema", "local-status", cwd=folder, env=environment))
        assert schema["$id"] == "fuota/local-status/1"
        code = "import fuota_constructs; print(fuota_constructs.__file__)"
        where = run(programs / "python", "-c", code, cwd=folder, env=environment)
        assert str(programs.parent) in where
    finally:
        fuota("down")
