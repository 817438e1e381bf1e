"""What `fuota init` makes passes its rehearsal and its test at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


def test_a_new_project_passes_its_rehearsal_and_its_test(tmp_path: Path) -> None:
    # With a loss of its own: a rehearsal with the default loss would fail, so fleet.yaml has been read.
    environment = {**os.environ, "FUOTA_STATE_DIR": str(tmp_path / "state")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(
        "fuota_constructs.cli",
        "init",
        "--yes",
        "--rf-region",
        "US915",
        "--size",
        "8kB",
        "--loss",
        "1%",
        "--devices",
        "40",
    )
    rehearsed = run("fuota_constructs.cli", "rehearse")
    assert rehearsed.splitlines()[-1] == "PASSED 40/40 devices (99 % required)"
    assert "Warning" not in rehearsed
    assert "1 passed" in run("pytest", "-q", "-W", "error")
