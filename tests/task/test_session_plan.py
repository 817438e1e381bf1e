"""The session of a task in figures, and the radio rules at synth: what is refused, and that what is proposed passes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion


def make(stack, image, **changes):
    given = {
        "firmware_image": image,
        "rf_region": RfRegion.EU868,
        "redundancy_percent": 30,
        "fragment_size_bytes": 112,
        "fragment_interval": cdk.Duration.seconds(7),
    }
    return FuotaTask(stack, "Task", **{**given, **changes})


@pytest.fixture
def firmware(tmp_path: Path) -> FirmwareImage:
    path = tmp_path / "sensor.bin"
    path.write_bytes(bytes(22_856))
    return FirmwareImage.from_asset(path)


def group(stack, **changes):
    given = {"rf_region": RfRegion.EU868, "dl_class": DlClass.CLASS_C}
    return MulticastGroup(stack, "Group", **{**given, **changes})


def test_plan_has_the_figures(stack, firmware):
    plan = make(stack, firmware, multicast_groups=[group(stack)]).plan
    assert (plan.data_fragments, plan.coded_fragments, plan.fragments) == (205, 62, 267)
    assert (plan.region, plan.data_rate, plan.dl_class) == ("EU868", 3, "ClassC")
    assert plan.fragment_airtime_seconds == pytest.approx(0.676864)
    assert plan.duration_seconds == 267 * 7
    assert plan.decode_probability > 0.999
    assert plan.as_dict()["fragments"] == 267


def test_plan_of_a_session_that_its_window_cuts_off_reaches_nobody(stack, firmware):
    task = make(stack, firmware, multicast_groups=[group(stack)], fragment_interval=cdk.Duration.seconds(200))
    assert task.plan.decode_probability == 0
    assert task.plan.cut_off == "the session takes 14.8 h, and a class C device (TS005-1.0.0) ends it after 9.1 h"
    assert [finding.rule for finding in task.findings] == ["session-duration"]


def test_plan_is_that_of_the_data_rate_the_group_names(stack, firmware):
    task = make(stack, firmware, multicast_groups=[group(stack, downlink_data_rate=5)])
    assert task.plan.data_rate == 5
    assert task.plan.fragment_airtime_seconds < 0.25


def test_plan_can_be_an_output(stack, firmware, synth):
    task = make(stack, firmware, multicast_groups=[group(stack)])
    cdk.CfnOutput(stack, "Minutes", value=str(task.plan.duration_seconds // 60))
    assert synth(stack)["Outputs"]["Minutes"]["Value"] == "31"


@pytest.mark.parametrize(
    "changes", [{"fragment_size_bytes": None}, {"redundancy_percent": 101}, {"rf_region": RfRegion.of("XX")}]
)
def test_no_plan_while_not_enough_is_known(stack, firmware, changes):
    assert make(stack, firmware, **changes).plan is None


def test_plan_of_a_token_is_none(stack, firmware):
    size = cdk.CfnParameter(stack, "Size", type="Number").value_as_number
    assert make(stack, firmware, fragment_size_bytes=size).plan is None


def test_synth_is_quiet_when_all_is_well(stack, firmware):
    assert make(stack, firmware, multicast_groups=[group(stack)]).findings == ()


def test_planned_loss_is_what_the_decode_probability_counts_with(stack, firmware):
    task = make(stack, firmware, multicast_groups=[group(stack)], planned_loss_percent=25)
    assert [finding.rule for finding in task.findings] == ["decode-probability"]


BAD_SESSION = """
import aws_cdk as cdk
from fuota_constructs import DlClass, FirmwareBucket, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Sessions")
bucket = FirmwareBucket(stack, "Bucket")
for name, region, size, given in {sessions!r}:
    region = RfRegion.of(region)
    group = MulticastGroup(stack, name + "Group", rf_region=region, dl_class=DlClass.CLASS_C)
    seconds = given.pop("seconds")
    FuotaTask(
        stack,
        name,
        firmware_image=FirmwareImage.from_bucket(bucket, name + ".bin", size_bytes=size),
        rf_region=region,
        multicast_groups=[group],
        fragment_interval=cdk.Duration.seconds(seconds),
        **given,
    )
app.synth()
"""

BAD = (
    ("Count", "US915", 999_999, {"redundancy_percent": 20, "fragment_size_bytes": 30, "seconds": 1}),
    ("Airtime", "EU868", 22_856, {"redundancy_percent": 30, "fragment_size_bytes": 48, "seconds": 1}),
)


def run_app(path: Path, sessions: object) -> subprocess.CompletedProcess[str]:
    path.write_text(BAD_SESSION.format(sessions=sessions))
    environment = {**os.environ, "CDK_OUTDIR": str(path.parent / "cdk.out")}
    return subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, text=True, check=False)


def test_fails_when_sessions_cannot_work_and_what_is_proposed_passes(tmp_path: Path) -> None:
    refused = run_app(tmp_path / "bad.py", BAD)
    assert refused.returncode != 0
    assert "fragment-count: 999999 bytes in fragments of 30" in refused.stderr
    assert "fragment-interval-airtime: fragment_interval is 1 s" in refused.stderr
    better = []
    for name, region, size, _ in BAD:
        message = next(line for line in refused.stderr.splitlines() if f"Sessions/{name}]" in line)
        redundancy, fragment, seconds = map(
            int, re.findall(r"=(?:Duration.seconds\()?(\d+)", message.split("pass:")[1])
        )
        given = {"redundancy_percent": redundancy, "fragment_size_bytes": fragment, "seconds": seconds}
        better.append((name, region, size, given))
    accepted = run_app(tmp_path / "better.py", tuple(better))
    assert (accepted.returncode, accepted.stderr) == (0, "")


def test_fails_with_the_warnings_too_not_a_run_later(app, stack, firmware):
    make(stack, firmware, redundancy_percent=101, fragment_interval=cdk.Duration.millis(7100))
    with pytest.raises(RuntimeError) as raised:
        app.synth()
    assert "[Stack/Task] redundancy-range: redundancy_percent is 101" in str(raised.value)
    assert "[Stack/Task] fragment-interval-rounding: fragment_interval is 7100 ms" in str(raised.value)
