"""fuota rehearse drives the rollouts of an app: the real CDK CLI, machines and function, and days in seconds."""

import subprocess
import sys
from pathlib import Path

from fuota_constructs.cli.rehearse.rollouts import verdict_of
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_waves import WaveStatus

from ..published import document
from .conftest import status_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "rollout"


def test_the_example_goes_from_wave_to_wave_in_its_rehearsal(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    app = ["--", "--app", f"{sys.executable} {EXAMPLE / 'app.py'}"]
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--loss", "5%", "--json", "--html", str(page), *app],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = document(done.stdout)
    [rollout] = found["rollouts"]
    assert (rollout["name"], rollout["status"]) == ("FuotaRollout/Meters", "SUCCEEDED")
    waves = rollout["waves"]
    assert [wave["delivered"] for wave in waves] == [wave["targets"] for wave in waves] == [14, 6, 20]
    assert [said["word"] for said in waves[0]["decisions"]] == ["approve"]
    assert found["verdict"]["summary"] == "PASSED 40/40 devices have the image; FuotaRollout/Meters SUCCEEDED"
    assert "What the gates said" in page.read_text()


def test_only_what_succeeded_with_the_share_that_is_required_passes() -> None:
    waves = (WaveStatus("all", "PASSED", 10, attempted=10, delivered=9),)
    assert verdict_of([status_of("SUCCEEDED", waves, Evidence())], 0.9).passed
    few = verdict_of([status_of("SUCCEEDED", waves, Evidence())], 0.95)
    assert (
        few.line == "FAILED 9/10 devices have the image; the rollouts went through with less than 95 % of the devices"
    )
    for status in ("HELD", "ABORTED", "FAILED"):
        verdict = verdict_of([status_of(status, waves, Evidence())], 0.5)
        assert not verdict.passed
        assert f"rollout Fleet/Rollout is {status}: because" in verdict.line
