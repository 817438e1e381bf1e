"""`make demo`: the example app of the repository, deployed and shown, and nothing left of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuota_constructs.local.folders import state_folder

pytestmark = pytest.mark.e2e

REPOSITORY = Path(__file__).parents[2]


def test_the_demo_shows_the_deployed_task_and_leaves_nothing_running() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "demo"],
        cwd=REPOSITORY,
        env={**os.environ, "CDK_VALIDATION": "false", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    shown = done.stdout.partition("read back from the IoT Wireless service")[2]
    for expected in (
        *("RedundancyPercent", "30", "FragmentSizeBytes", "112", "FragmentIntervalMS", "7000"),
        *("street-sensors", "s3://", "arn:aws:iam::000000000000:role/"),
    ):
        assert expected in shown
    assert noted_clouds() == []


def noted_clouds() -> list[Path]:
    """The notes of clouds that run, or that nobody stopped."""
    return list(state_folder().glob("clouds/*/cloud.json"))
