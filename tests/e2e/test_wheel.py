"""The wheel in a fresh environment, without the repository and without Node.js on PATH, deploys an app locally."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

REPOSITORY = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    words = [str(part) for part in command]
    done = subprocess.run(
        words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def fresh_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel, its extras, and what they need in the locked versions."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, REPOSITORY, cwd=folder)
    [wheel] = folder.glob("*.whl")
    constraints = folder / "constraints.txt"
    locked = (REPOSITORY / "requirements-dev.lock").read_text("utf-8")
    constraints.write_text("\n".join(re.findall(r"^[a-z0-9][\w.-]*==\S+(?: ; .*?)?(?= \\$|$)", locked, re.MULTILINE)))
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    programs = folder / "venv" / "bin"
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "-c", constraints)
    run(programs / "python", *install, f"{wheel}[cli,local]", cwd=folder)
    return programs


def test_the_wheel_deploys_an_app_in_another_folder(
    fresh_environment: Path, tmp_path: Path, app_on: Callable[[LocalCloud, str], Any]
) -> None:
    port = clouds.free_port()
    folder = app_on(LocalCloud(pid=0, port=port, region="", account="", iam=False), "lifecycle").folder
    environment = {
        "PATH": str(fresh_environment),
        "HOME": str(tmp_path),
        "FUOTA_STATE_DIR": str(tmp_path / "state"),
        "FUOTA_CACHE_DIR": str(tmp_path / "cache"),
        "FUOTA_LOCAL_PORT": str(port),
        "CDK_VALIDATION": "false",
        **{name: value for name, value in os.environ.items() if re.search("(?i)proxy|ca_?certs|npm_config", name)},
    }

    def fuota(*arguments: str) -> str:
        return run(fresh_environment / "fuota", "local", *arguments, cwd=folder, env=environment)

    fuota("up", "--detach")
    try:
        fuota("deploy", "--", "-c", "redundancy=25")
        [task] = json.loads(fuota("status", "--json"))["fuota_tasks"]
        assert task["RedundancyPercent"] == 25
        code = "import fuota_constructs; print(fuota_constructs.__file__)"
        where = run(fresh_environment / "python", "-c", code, cwd=folder, env=environment)
        assert str(fresh_environment.parent) in where
    finally:
        fuota("down")
