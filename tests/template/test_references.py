"""A class given instead of what is made of it, which has all its properties and methods."""

from types import SimpleNamespace

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FuotaMonitor,
    FuotaProvider,
    FuotaTask,
    FuotaTaskGrants,
    FuotaValidationError,
    MulticastGroup,
    MulticastGroupGrants,
    RfRegion,
    RolloutTargets,
)

from ..made_task import make_task


def group(stack: cdk.Stack, **given: object) -> MulticastGroup:
    return MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, **given)


def imported(stack: cdk.Stack) -> FuotaTask:
    return FuotaTask.from_fuota_task_id(stack, "Known", "a1b2c3d4-5678-90ab-cdef-111122223333")


@pytest.mark.parametrize(
    ("give", "rule"),
    [
        (lambda at: make_task(at.stack, at.image, multicast_groups=[MulticastGroup]), "multicast-groups"),
        (
            lambda at: make_task(at.stack, at.image, wireless_devices=[iotwireless.CfnWirelessDevice]),
            "wireless-devices",
        ),
        (lambda at: make_task(at.stack, at.image, firmware_bucket=s3.CfnBucket), "firmware-bucket"),
        (lambda at: make_task(at.stack, at.image, firmware_update_role=iam.CfnRole), "firmware-update-role"),
        (lambda _: FirmwareImage.from_bucket(FirmwareBucket, "key"), "image-bucket"),
        (lambda at: FirmwareBucket(at.stack, "Bucket", encryption_key=kms.Key), "encryption-key"),
        (
            lambda at: group(at.stack, participating_gateways=[iotwireless.CfnWirelessGateway]),
            "participating-gateways",
        ),
        (lambda at: FuotaMonitor(at.stack, "Monitor", task=FuotaTask), "monitor-task"),
        (
            lambda at: FuotaMonitor(at.stack, "Monitor", task=imported(at.stack), event_bus=events.EventBus),
            "monitor-event-bus",
        ),
        (lambda _: FuotaTaskGrants.from_fuota_task(FuotaTask), "fuota-task"),
        (lambda _: MulticastGroupGrants.from_multicast_group(MulticastGroup), "multicast-group"),
        (lambda at: imported(at.stack).grants.read(iam.User), "grantee"),
        (lambda _: RolloutTargets.multicast_groups([MulticastGroup]), "rollout-targets"),
        (lambda _: RolloutTargets.device_profile(iotwireless.CfnDeviceProfile), "rollout-targets"),
        (lambda _: FuotaProvider.configure(cdk.Stack), "provider-scope"),
        (lambda at: FuotaProvider.configure(at.stack, vpc=ec2.Vpc), "provider-vpc"),
        (lambda at: FuotaProvider.configure(at.stack, role=iam.Role), "provider-role"),
    ],
)
def test_fails_for_a_class_instead_of_a_construct(stack, image, give, rule):
    with pytest.raises(FuotaValidationError) as refused:
        give(SimpleNamespace(stack=stack, image=image))
    assert refused.value.rule == rule
