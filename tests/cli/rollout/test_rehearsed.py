"""fuota rehearse drives the rollouts of an app: the real CDK CLI, machines and function, and days in seconds."""

import json
import subprocess
import sys
from pathlib import Path

from fuota_constructs.cli.rehearse.rollouts import verdict_of
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_waves import WaveStatus

from ..published import document
from .conftest import status_of

APP = """
import aws_cdk as cdk

from fuota_constructs import DeviceList, DlClass, FirmwareImage, RfRegion
from fuota_constructs.rollout.fuota_rollout import FuotaRollout
from fuota_constructs.rollout.rollout_targets import RolloutTargets
from fuota_constructs.rollout.rollout_wave import RolloutWave

app = cdk.App()
FuotaRollout(
    cdk.Stack(app, "Fleet"),
    "Rollout",
    firmware_image=FirmwareImage.from_asset("firmware.bin"),
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    redundancy_percent=60,
    fragment_size_bytes=40,
    fragment_interval=cdk.Duration.seconds(10),
    targets=RolloutTargets.devices(DeviceList.of([f"{n:08x}-0000-4000-8000-000000000000" for n in range(12)])),
    waves=[
        RolloutWave.devices(4, name="canary", bake=cdk.Duration.days(2), approval=True),
        RolloutWave.percent(100, name="rest"),
    ],
    success_percent=50,
)
app.synth()
"""


def test_a_rehearsal_takes_a_rollout_from_wave_to_wave(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "firmware.bin").write_bytes(bytes(range(250)) * 4)
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--loss", "5%", "--json", "--html", "page.html"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = document(done.stdout)
    [rollout] = found["rollouts"]
    assert (rollout["name"], rollout["status"]) == ("Fleet/Rollout", "SUCCEEDED")
    assert [wave["delivered"] for wave in rollout["waves"]] == [wave["targets"] for wave in rollout["waves"]] == [4, 8]
    assert [said["word"] for said in rollout["waves"][0]["decisions"]] == ["approve"]
    assert found["verdict"]["summary"] == "PASSED 12/12 devices have the image; Fleet/Rollout SUCCEEDED"
    assert "What the gates said" in (tmp_path / "page.html").read_text()


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
