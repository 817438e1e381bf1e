"""What is of another account or Region than the task: found where it is certain, passed by where it is not."""

from datetime import UTC, datetime, timedelta

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import (
    Applied,
    Descriptor,
    DeviceList,
    DlClass,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaRollout,
    FuotaTask,
    FuotaValidationError,
    MaintenanceWindow,
    MulticastGroup,
    RfRegion,
    RolloutTargets,
    RolloutWave,
)

from ..made_task import make_task

OURS, OTHERS = "111122223333", "444455556666"


def stack_in(app, region="eu-west-1", account=OURS, name="Here"):
    return cdk.Stack(app, name, env=cdk.Environment(account=account, region=region))


def errors(task):
    return [finding.rule for finding in task.findings if finding.level == "error"]


def group_arn(region="eu-west-1", account=OURS, partition="aws"):
    return f"arn:{partition}:iotwireless:{region}:{account}:MulticastGroup/g"


def l1_group(stack):
    radio = iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassC")
    return iotwireless.CfnMulticastGroup(stack, "L1", lo_ra_wan=radio)


def made_group(stack):
    return MulticastGroup(stack, "Made", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)


def by_arn(stack, arn):
    return MulticastGroup.from_multicast_group_arn(stack, "ByArn", arn)


def formatted(stack, **where):
    """An ARN with a token in it, as `Stack.format_arn` makes them."""
    return stack.format_arn(service="iotwireless", resource="MulticastGroup", resource_name="g", **where)


def there(here, region="eu-west-1", account=OURS):
    return stack_in(here.node.root, region, account, "There")


def in_a_stage(here):
    stage = cdk.Stage(here.node.root, "Stage", env=cdk.Environment(account=OURS, region="us-east-1"))
    return cdk.Stack(stage, "There")


@pytest.mark.parametrize(
    "make",
    [
        lambda here: by_arn(here, group_arn("us-east-1")),
        lambda here: by_arn(here, group_arn(account=OTHERS)),
        lambda here: by_arn(here, group_arn("us-east-1", cdk.Aws.ACCOUNT_ID, cdk.Aws.PARTITION)),
        lambda here: by_arn(here, formatted(here, region="us-east-1")),
        lambda here: by_arn(here, formatted(here, account=OTHERS)),
        lambda here: made_group(there(here, "us-east-1")),
        lambda here: made_group(there(here, account=OTHERS)),
        lambda here: made_group(in_a_stage(here)),
        lambda here: l1_group(there(here, "us-east-1")),
        lambda here: MulticastGroup.from_multicast_group_id(there(here, "us-east-1"), "G", "g"),
    ],
)
def test_fails_when_a_group_is_elsewhere(app, image, make):
    here = stack_in(app)
    group = make(here)
    task = make_task(here, image, multicast_groups=[group])
    assert errors(task) == ["group-region"]
    assert f'"{group.node.path}"' in task.findings[0].message
    later = FuotaTask(here, "Later", firmware_image=image, rf_region=RfRegion.EU868)
    later.add_multicast_group(group)
    assert errors(later) == ["group-region"]


@pytest.mark.parametrize(
    "make",
    [
        lambda here: by_arn(here, group_arn()),
        lambda here: by_arn(here, formatted(here)),
        lambda here: by_arn(here, group_arn(cdk.Aws.REGION, cdk.Aws.ACCOUNT_ID, cdk.Aws.PARTITION)),
        lambda here: by_arn(here, cdk.CfnParameter(here, "P").value_as_string),
        made_group,
        lambda here: made_group(cdk.NestedStack(here, "Nested")),
        lambda here: made_group(there(here)),
        lambda here: made_group(cdk.Stack(here.node.root, "Anywhere")),
        l1_group,
    ],
)
def test_a_group_that_may_be_here_is_taken(app, image, make):
    here = stack_in(app)
    assert errors(make_task(here, image, multicast_groups=[make(here)])) == []


def test_a_stack_without_an_environment_may_be_anywhere(app, stack, image):
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{OTHERS}:role/acme")
    group = by_arn(stack, group_arn("us-east-1", OTHERS))
    task = make_task(stack, image, multicast_groups=[group], firmware_update_role=role)
    assert errors(task) == []
    task.add_multicast_group(made_group(stack))
    assert errors(task) == []
    elsewhere = MulticastGroup.from_multicast_group_arn(stack, "Elsewhere", group_arn("eu-west-1", OTHERS) + "2")
    task.add_multicast_group(elsewhere)  # but not in two places
    assert errors(task) == ["group-region"]
    assert (
        '"Stack/Elsewhere" is in eu-west-1 and multicast group "Stack/ByArn" in us-east-1' in task.findings[0].message
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda here: iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{OTHERS}:role/acme"),
        lambda here: iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{OTHERS}:role/path/acme", mutable=False),
        lambda here: iam.Role.from_role_arn(here, "Role", f"arn:{cdk.Aws.PARTITION}:iam::{OTHERS}:role/acme"),
        lambda here: FirmwareUpdateRole(there(here, account=OTHERS), "Role", role_name="acme"),
        lambda here: iam.Role.from_role_name(there(here, account=OTHERS), "Role", "acme"),
    ],
)
def test_fails_when_the_role_is_of_another_account(app, image, make):
    here = stack_in(app)
    task = make_task(here, image, firmware_update_role=make(here))
    assert errors(task) == ["role-account"]
    with pytest.raises(RuntimeError, match="role-account: the firmware update role is of account 444455556666 and"):
        app.synth()


@pytest.mark.parametrize(
    "make",
    [
        lambda here: iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{OURS}:role/acme"),
        lambda here: iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{cdk.Aws.ACCOUNT_ID}:role/acme"),
        lambda here: iam.Role.from_role_arn(here, "Role", cdk.CfnParameter(here, "Arn").value_as_string),
        lambda here: iam.Role.from_role_name(here, "Role", "acme"),
        lambda here: iam.Role.from_lookup(here, "Role", role_name="acme"),
        lambda here: FirmwareUpdateRole(here, "Role"),
        lambda here: FirmwareUpdateRole(there(here, "us-east-1"), "Role", role_name="acme"),
    ],
)
def test_a_role_that_may_be_ours_is_taken(app, image, make):
    here = stack_in(app)
    assert errors(make_task(here, image, firmware_update_role=make(here))) == []


def test_fails_when_a_schedule_is_elsewhere_than_its_task(app):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    here = stack_in(app)
    arns = {
        "Region": "arn:aws:iotwireless:us-east-1:111122223333:FuotaTask/t",
        "Account": "arn:aws:iotwireless:eu-west-1:444455556666:FuotaTask/t",
        "Token": f"arn:{cdk.Aws.PARTITION}:iotwireless:us-east-1:{cdk.Aws.ACCOUNT_ID}:FuotaTask/t",
        "Here": "arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/t",
    }
    schedules = {
        name: FuotaTask.from_fuota_task_arn(here, name, arn).schedule_start(tomorrow) for name, arn in arns.items()
    }
    found = {name: [finding.rule for finding in schedule.findings] for name, schedule in schedules.items()}
    elsewhere = ["schedule-region"]
    assert found == {"Region": elsewhere, "Account": elsewhere, "Token": elsewhere, "Here": []}


def test_what_is_still_to_be_looked_up_does_not_end_the_app(app, image):
    """The CLI looks up what the first run misses and runs the app again: an error in that run would end it."""
    here = stack_in(app)
    name = ssm.StringParameter.value_from_lookup(here, "/fleet/task name")
    task = make_task(
        here,
        image,
        fuota_task_name=name,
        description=name,
        descriptor=name,
        wireless_devices=[name],
        firmware_update_role=iam.Role.from_lookup(here, "Role", role_name="acme"),
    )
    assert task.findings == ()
    app.synth()
    Annotations.from_stack(here).has_no_warning("*", Match.any_value())


def test_what_a_rollout_still_has_to_look_up_does_not_end_the_app(app, image):
    here = stack_in(app)
    name = ssm.StringParameter.value_from_lookup(here, "/" + "fleet/" * 20)
    rollout = FuotaRollout(
        here,
        "Rollout",
        firmware_image=FirmwareImage.from_asset(image.path, replaces=name),
        rf_region=RfRegion.of(name),
        dl_class=DlClass.CLASS_C,
        redundancy_percent=30,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(30),
        targets=RolloutTargets.devices(DeviceList.of(name.split(","))),
        waves=[RolloutWave.devices(100, name=name), RolloutWave.percent(100)],
        applied=Applied.version(name),
        maintenance_window=MaintenanceWindow.daily(start=name, duration=cdk.Duration.hours(24), time_zone=name),
        descriptor=Descriptor.of_version(name),
        device_stack=name,
    )
    assert [finding for finding in rollout.findings if finding.level == "error"] == []
    app.synth()


@pytest.mark.parametrize("make", [Applied.version, Descriptor.of_version, lambda ids: DeviceList.of([ids])])
def test_fails_for_what_only_the_deployment_will_know(make):
    with pytest.raises(FuotaValidationError, match="a value known only at deployment"):
        make(cdk.Fn.import_value("fleet"))


def test_a_region_still_to_be_looked_up_is_taken(app, image):
    here = stack_in(app)
    name = ssm.StringParameter.value_from_lookup(here, "/" + "fleet/" * 20)
    assert FuotaTask(here, "Task", firmware_image=image, rf_region=RfRegion.of(name)).findings == ()
