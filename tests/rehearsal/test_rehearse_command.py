"""`fuota rehearse`, as an operator types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fuota_constructs.local.folders import state_folder

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))


def rehearse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_devices_receive_the_image(tmp_path: Path) -> None:
    figures = tmp_path / "rehearsal.json"
    done = rehearse("--devices", "60", "--loss", "12%", "--require", "99%", "--json", str(figures))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 simulated devices joined the multicast groups" in done.stdout
    deployed = done.stdout.partition("read back from the IoT Wireless service")[2]
    for expected in (
        *("RedundancyPercent", "30", "FragmentSizeBytes", "112", "FragmentIntervalMS", "7000"),
        *("street-sensors", "s3://", "arn:aws:iam::000000000000:role/"),
    ):
        assert expected in deployed
    assert list(state_folder().glob("clouds/*/cloud.json")) == []  # nothing is left running
    written = json.loads(figures.read_text())
    assert written["success_ratio"] == 1.0
    assert written["statuses"] == {"Successful": 60}
    assert 0.05 < sum(device["loss"] for device in written["devices"]) / 60 < 0.2
    [task] = written["tasks"]
    assert (task["status"], task["fragments_sent"], task["fragments_total"]) == ("FuotaDone", 267, 267)


def test_fails_when_fewer_succeed_than_required(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(
        "seed: 3\ncohorts:\n  - {name: near, count: 10, loss: 5%}\n  - {name: far, count: 10, loss: 45%}\n"
    )
    done = rehearse("--fleet", str(fleet), "--require", "99%")
    assert done.returncode == 1
    assert "50.00% of the devices succeeded, 99.00% were required" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--loss", "0.1"), "write 10% for one in ten"),
        (("--devices", "0"), "0 is not in the range"),
        (("--fleet", "app.py"), "app.py"),
        (("--fleet", "pyproject.toml", "--seed", "2"), "leave the other options out"),
        (("--require", "150%"), "150%"),
        (("--loss", "150%"), "150%"),
        (("--html", "no/such/folder/page.html"), "does not exist: make it first"),
    ],
)
def test_fails_when_options_are_wrong(arguments: tuple[str, ...], message: str) -> None:
    done = rehearse(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
