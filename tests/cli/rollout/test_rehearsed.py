"""fuota rehearse drives the rollouts of an app: the real CDK CLI, machines and function, and days in seconds."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fuota_constructs.cli.rehearse.rollouts import asked, verdict_of
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_waves import WaveStatus

from ..published import document
from .conftest import status_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "rollout"


def test_the_example_goes_from_wave_to_wave_in_its_rehearsal(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    app = ["--fleet", str(EXAMPLE / "fleet.yaml"), "--", "--app", f"{sys.executable} {EXAMPLE / 'app.py'}"]
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--json", "--html", str(page), *app],
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
    assert [wave["targets"] for wave in waves] == [30, 70, 900]
    assert [wave["outcome"] for wave in waves] == ["PASSED"] * 3
    assert [said["word"] for said in waves[0]["decisions"]] == ["approve"]
    # Most of those that the first session did not reach have the image after one with more redundancy.
    rest = waves[-1]
    assert rest["attempts"] > 1
    assert rest["redundancy_percent"] > 36
    delivered = sum(wave["delivered"] for wave in waves)
    assert 990 <= delivered <= 1000
    said = f"PASSED {delivered}/1000 devices have the image; FuotaRollout/Meters SUCCEEDED"
    assert found["verdict"]["summary"] == said
    assert "1,000 simulated devices" in done.stderr  # it says how far it is, wave by wave
    assert "wave tenth (2 of 3)" in done.stderr
    assert "What the gates said" in page.read_text()


BOTH = f"""
import aws_cdk as cdk
from fuota_constructs import *

app = cdk.App()
stack = cdk.Stack(app, "Both")
first, second = (DeviceList.of([f"0000000{{k}}-0000-4000-8000-{{n:012x}}" for n in range(10)]) for k in (1, 2))
session = {{
    "firmware_image": FirmwareImage.from_asset({str(EXAMPLE.parents[1] / "firmware" / "sensor-1.1.0.bin")!r}),
    "rf_region": RfRegion.EU868,
    "redundancy_percent": 30,
    "fragment_size_bytes": 112,
    "fragment_interval": cdk.Duration.seconds(7),
}}
group = MulticastGroup(
    stack,
    "Group",
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    downlink_data_rate=3,
    wireless_devices=first,
)
FuotaTask(stack, "Task", multicast_groups=[group], **session)
waves = [RolloutWave.percent(100, bake=cdk.Duration.hours(1))]
targets = {{
    "List": RolloutTargets.devices(second),
    "Profile": RolloutTargets.device_profile("12345678-a1b2-4c45-87d8-e90fa1b2c34d"),
    "Members": RolloutTargets.multicast_groups([group]),
}}
for name, each in targets.items():
    FuotaRollout(stack, name, dl_class=DlClass.CLASS_C, targets=each, waves=waves, success_percent=70, **session)
app.synth()
"""


def test_tasks_and_rollouts_of_an_app_are_both_rehearsed_whoever_the_targets_are(tmp_path: Path) -> None:
    Path(tmp_path, "app.py").write_text(BOTH)
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--json", "--", "--app", f"{sys.executable} app.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = document(done.stdout)
    assert [rollout["status"] for rollout in found["rollouts"]] == ["SUCCEEDED"] * 3
    assert [rollout["waves"][0]["delivered"] for rollout in found["rollouts"]] == [10] * 3
    assert found["verdict"]["summary"] == (
        "PASSED 10/10 devices (99 % required); rollouts: 30/30 devices have the image; Both/List, Both/Members,"
        " Both/Profile SUCCEEDED"
    )


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


@pytest.mark.parametrize(
    ("region", "interval", "passed", "said"),
    [
        ("EU868", 7000, True, ""),
        (
            "EU868",
            6000,
            False,
            "the duty cycle of 10 % takes 13 of 26 fragments: one every 6 s, and a gateway may send",
        ),
        ("AS923-1", 7000, True, "0.594 s on the air every 7 s are 8.49 % of the time, above the duty cycle of 1 %, if"),
    ],
)
def test_a_verdict_on_rollouts_says_what_is_not_sent_or_may_not_be(
    region: str, interval: int, *, passed: bool, said: str
) -> None:
    size = {"EU868": 112, "AS923-1": 200}[region]
    session = {
        "rfRegion": region,
        "dlClass": "ClassC",
        "fragmentSizeBytes": size,
        "fragmentIntervalMs": interval,
        "redundancyPercent": 30,
    }
    settings = {"session": session, "image": {"sizeBytes": 20 * size}}
    waves = (WaveStatus("all", "PASSED", 10, attempted=10, delivered=10 if passed else 0),)
    verdict = verdict_of([replace(status_of("SUCCEEDED", waves, Evidence()), settings=settings)], 0.9)
    assert verdict.passed is passed
    assert any(said in cause for cause in verdict.causes) is bool(said)
    assert (", unless fragments are dropped: in rollout Fleet/Rollout 0.594 s" in verdict.line) is (
        passed and bool(said)
    )


APPLIED = f"""
import aws_cdk as cdk
from fuota_constructs import *

app = cdk.App()
FuotaRollout(
    cdk.Stack(app, "Applied"),
    "Rollout",
    firmware_image=FirmwareImage.from_asset({str(EXAMPLE.parents[1] / "firmware" / "sensor-1.1.0.bin")!r}),
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    targets=RolloutTargets.devices(DeviceList.of([f"00000001-0000-4000-8000-{{n:012x}}" for n in range(24)])),
    waves=[
        RolloutWave.devices(16, name="canary", bake=cdk.Duration.hours(6)),
        RolloutWave.percent(100, bake=cdk.Duration.hours(6)),
    ],
    success_percent=80,
    applied=Applied.version("1.1.0", within=cdk.Duration.hours(12)),
)
app.synth()
"""


def test_firmware_that_goes_back_to_the_old_version_aborts_in_the_canary_of_its_rehearsal(tmp_path: Path) -> None:
    Path(tmp_path, "app.py").write_text(APPLIED)
    old = {"name": "goes-back", "count": 18, "runs": "1.0.0", "reports": "1.0.0"}
    stubborn = {"name": "stubborn", "count": 3, "never_reboots": 1}
    Path(tmp_path, "fleet.json").write_text(
        json.dumps({"cohorts": [old, stubborn, {"name": "new", "count": 3, "runs": "1.1.0"}]})
    )
    app = ["--", "--app", f"{sys.executable} app.py"]
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--json", "--fleet", "fleet.json", *app],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    [rollout] = document(done.stdout)["rollouts"]
    assert rollout["status"] == "ABORTED"
    assert "0 of " in rollout["reason"]
    assert "of them report another version" in rollout["reason"]
    canary, rest = rollout["waves"]
    assert (canary["outcome"], rest["outcome"], rest["attempts"]) == ("ABORTED", "PENDING", 0)
    assert canary["delivered"] == canary["attempted"] == 16 - canary["already"]
    assert canary["applied"] == 0
    assert canary["other_version"] + canary["unreported"] == canary["delivered"]
    assert canary["other_version"] >= 10
    assert "devices report version 1.1.0" in document(done.stdout)["verdict"]["summary"]


@click.command
@click.option("--approval", is_flag=True)
@click.option("--held", default="one/0/0/after")
def ask(approval: bool, held: str) -> None:  # click passes it by name
    """What somebody says where a rollout holds."""
    evidence = Evidence(gates={0: [{"attempt": 0, "pending": 0}]})
    status = status_of("HELD", (WaveStatus("all", "PASSED", 10),), evidence, Held=held)
    click.echo(asked(replace(status, settings={"waves": [{"approval": approval}]})))


@pytest.mark.parametrize(
    ("options", "answers", "said"),
    [
        ([], "perhaps\napprove\nskip\n", "skip"),
        ([], "resume\n", "resume"),
        (["--approval"], "resume\napprove\n", "approve"),
        (["--held", "one/0/0/before"], "skip\nabort\n", "abort"),
    ],
)
def test_who_is_asked_answers_what_can_be_said_there(options: list[str], answers: str, said: str) -> None:
    done = CliRunner().invoke(ask, options, input=answers)
    assert (done.exit_code, done.stdout) == (0, f"{said}\n")
    assert "Fleet/Rollout holds: because" in done.stderr
    assert done.stderr.count("is not one of") == answers.count("\n") - 1


def test_fails_when_nobody_answers() -> None:
    done = CliRunner().invoke(ask, ["--approval"], input="")
    assert isinstance(done.exception, LocalCloudError)
    assert "holds, and nobody answers approve, skip, abort: --ask is for a terminal" in str(done.exception)


def test_ctrl_c_at_the_question_is_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    evidence = Evidence()
    with pytest.raises(KeyboardInterrupt):
        asked(status_of("HELD", (WaveStatus("all", "PASSED", 10),), evidence, Held="one/0/0/after"))


@pytest.mark.parametrize(
    ("status", "wave", "remedies"),
    [
        (
            "ABORTED",
            WaveStatus("canary", "ABORTED", 30, attempted=30, delivered=30, silent=1),
            ["devices fell silent"],
        ),
        (
            "HELD",
            WaveStatus("canary", "INCONCLUSIVE", 30, attempted=30, delivered=23, failed=7),
            ["devices were left without the image", "it waits for an answer: give it with --ask"],
        ),
        ("FAILED", WaveStatus("canary", "PENDING", 30), ["a step of it failed: mend what is named"]),
    ],
)
def test_a_rollout_that_failed_its_rehearsal_has_its_remedies(
    status: str, wave: WaveStatus, remedies: list[str]
) -> None:
    verdict = verdict_of([status_of(status, (wave,), Evidence())], 0.99)
    assert not verdict.passed
    assert len(verdict.remedies) == len(remedies)
    for said, begins in zip(verdict.remedies, remedies, strict=True):
        assert said.startswith(begins)
