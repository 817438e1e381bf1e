"""`fuota rehearse`, as an operator types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def rehearse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_devices_receive_and_the_report_is_written(tmp_path: Path, browser) -> None:
    page, figures = tmp_path / "rehearsal.html", tmp_path / "rehearsal.json"
    done = rehearse("--devices", "60", "--loss", "12%", "--require", "99%", "--html", str(page), "--json", str(figures))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "267/267" in done.stdout
    assert "60 simulated devices joined the multicast groups" in done.stdout
    written = json.loads(figures.read_text())
    assert written["success_ratio"] == 1.0
    assert written["statuses"] == {"Successful": 60}
    assert 0.05 < sum(device["loss"] for device in written["devices"]) / 60 < 0.2
    for width in (1280, 390):
        seen = browser.ask(
            page.read_text(encoding="utf-8"),
            "({figures: [...document.querySelectorAll('figure')].map(f => f.id.replace(/-.*/, '')),"
            " overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,"
            " text: document.querySelector('.lead').textContent})",
            width=width,
        )
        assert seen["figures"] == ["statuses", "completion", "loss"]
        assert seen["overflow"] <= 0
        assert "60 of 60 simulated devices have the image" in seen["text"]


def test_fails_when_fewer_succeed_than_required(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("seed: 3\ncohorts:\n  - {name: near, count: 10, loss: 5%}\n  - {name: far, count: 10, loss: 45%}\n")
    done = rehearse("--fleet", str(fleet), "--require", "99%")
    assert done.returncode == 1
    assert "50.00% of the devices succeeded, 99.00% were required" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--loss", "0.1"), "write 10% for one in ten"),
        (("--devices", "0"), "0 is not in the range"),
        (("--fleet", "app.py"), "app.py"),
    ],
)
def test_fails_when_options_are_wrong(arguments: tuple[str, ...], message: str) -> None:
    done = rehearse(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
