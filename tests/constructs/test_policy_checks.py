"""cdk-nag, cfn-lint and CDK's own validation have nothing to say about what this library makes."""

import json
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from fuota_constructs import (
    Applied,
    DeviceList,
    DeviceVersions,
    DlClass,
    FirmwareBucket,
    FirmwareUpdateRole,
    FuotaMonitor,
    FuotaProvider,
    FuotaTask,
    MulticastGroup,
    RfRegion,
)
from fuota_constructs.rollout.fuota_rollout import FuotaRollout
from fuota_constructs.rollout.rollout_targets import RolloutTargets
from fuota_constructs.template import acknowledgments

from ..nag_packs import PACKS

ENVIRONMENTS = {
    "agnostic": None,
    "pinned": cdk.Environment(account="123456789012", region="eu-west-1"),
}
LEFT_TO_USERS = "CloudWatchAlarmAction"


def everything(app, image, env):
    """Default bucket, one with a key, and one of another stack, whose ARN is settled only at synth; all are watched."""
    storage = cdk.Stack(app, "Storage", env=env)
    elsewhere = FirmwareBucket(storage, "Elsewhere")
    stack = cdk.Stack(app, "Fleet", env=env)
    encrypted = FirmwareBucket(stack, "Encrypted", encryption_key=kms.Key(stack, "Key", enable_key_rotation=True))
    group = MulticastGroup(
        stack,
        "Group",
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        wireless_devices=DeviceList.of(["11111111-2222-4333-8444-555555555555"]),
    )
    for name, bucket in {"Default": None, "WithKey": encrypted, "Elsewhere": elsewhere}.items():
        task = FuotaTask(
            stack,
            f"{name}Task",
            firmware_image=image,
            rf_region=RfRegion.EU868,
            multicast_groups=[group],
            firmware_bucket=bucket,
        )
        FuotaMonitor(stack, f"{name}Monitor", task=task, alarm_actions=["arn:aws:sns:eu-west-1:123456789012:operators"])
    task.schedule_start(datetime.now(UTC) + timedelta(days=1))
    rollout = FuotaRollout(
        stack,
        "Rollout",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        redundancy_percent=30,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(30),
        targets=RolloutTargets.devices(DeviceList.of(["11111111-2222-3333-4444-555555555555"])),
        firmware_bucket=encrypted,
        applied=Applied.version("2.4.0"),
    )
    DeviceVersions(stack, "Versions")
    rollout.alarm_on_held(alarm_actions=["arn:aws:sns:eu-west-1:123456789012:operators"])


def findings(app):
    """The ids that cdk-nag reports, and about what."""
    cdk.Validations.of(app).add_plugins(*(pack(app, verbose=True) for pack in PACKS))
    try:
        app.synth()
    except RuntimeError:
        pass
    else:
        return {}
    report = json.loads((Path(app.outdir) / "validation-report.json").read_text())
    found = {}
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            paths = {construct["constructPath"] for construct in violation["violatingConstructs"]}
            found.setdefault(violation["ruleName"], set()).update(paths)
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cdk_nag_finds_nothing(app, image, environment):
    everything(app, image, ENVIRONMENTS[environment])
    assert findings(app) == {}


def test_cdk_nag_finds_nothing_about_roles_of_ones_own(stack, app, image):
    role = FirmwareUpdateRole(stack, "Role")
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=role)
    assert findings(app) == {}


def test_cdk_nag_finds_nothing_about_configured_functions(stack, app, image):
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-1", availability_zones=["a"], private_subnet_ids=["subnet-1"]
    )
    FuotaProvider.configure(
        app, vpc=vpc, tracing=lambda_.Tracing.ACTIVE, role=iam.Role.from_role_name(stack, "Role", "functions")
    )
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    FuotaMonitor(stack, "Monitor", task=task, alarm_actions=["arn:aws:sns:eu-west-1:123456789012:operators"])
    assert findings(app) == {}


def test_cdk_nag_loaded_late_finds_nothing_either(app, image, monkeypatch):
    with monkeypatch.context() as before:
        before.delitem(sys.modules, "cdk_nag")
        everything(app, image, None)
    assert findings(app) == {}


def test_every_acknowledgment_answers_a_finding(app, image, monkeypatch):
    """Without them cdk-nag has these findings and no others: none is made up, and what it checks it does see."""
    monkeypatch.setattr(acknowledgments, "somebody_asks", lambda: False)
    for user in ("firmware.shared_firmware", "template.role_policy"):
        monkeypatch.setattr(f"fuota_constructs.{user}.somebody_asks", lambda: False)
    everything(app, image, None)
    found = {rule.partition("[")[0] for rule in findings(app)}
    answered = {each for answers in acknowledgments.MADE.values() for answer in answers for each in answer.ids}
    assert found == answered | {"AwsSolutions-IAM5"}


def test_alarms_without_actions_are_left_to_their_owner(app, stack, image):
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    FuotaMonitor(stack, "Monitor", task=task)
    assert {rule.rpartition("-")[2] for rule in findings(app)} == {LEFT_TO_USERS}


def test_what_a_user_adds_to_the_bucket_is_still_looked_at(app, stack, image):
    """The acknowledgments are those above and no more."""
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    s3.Bucket(stack, "Plain")
    found = findings(app)
    assert {path for paths in found.values() for path in paths} == {"Stack/Plain/Resource"}
    assert "AwsSolutions-S10" in found


def test_the_documented_table_is_current():
    document = Path(__file__).parents[2] / "docs" / "how-to" / "policy-checkers.md"
    assert acknowledgments.markdown_table() in document.read_text(), "paste what the module prints"
    command = [sys.executable, "-m", "fuota_constructs.template.acknowledgments"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == acknowledgments.markdown_table()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cfn_lint_finds_nothing(app, image, environment):
    everything(app, image, ENVIRONMENTS[environment])
    for template in Path(app.synth().directory).glob("*.template.json"):
        assert [str(match) for match in cfnlint.api.lint(template.read_text())] == []


VALIDATED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    import aws_cdk as cdk
    from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

    app = cdk.App(outdir="cdk.out")
    stack = cdk.Stack(app, "Stack")
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    Path("fw.bin").write_bytes(b"firmware")
    FuotaTask(
        stack,
        "Task",
        firmware_image=FirmwareImage.from_asset("fw.bin"),
        rf_region=RfRegion.EU868,
        multicast_groups=[group],
    )
    app.synth()
    """
)


def test_cdk_validation_finds_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("CDK_VALIDATION")
    (tmp_path / "app.py").write_text(VALIDATED)
    ran = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Warning" not in ran.stderr
    report = tmp_path / "cdk.out" / "validation-report.json"
    if report.exists():
        findings = [
            violation
            for plugin in json.loads(report.read_text())["pluginReports"]
            for violation in plugin["violations"]
        ]
        assert findings == []
