"""Whole templates, one for each scenario, and the ids and types that must not change."""

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.matchers import path_value

from fuota_constructs import (
    DeviceList,
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaMonitor,
    FuotaRollout,
    FuotaTask,
    MulticastGroup,
    RfRegion,
    RolloutTargets,
)


def minimal(stack, image):
    """The least there is."""
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)


def everything(stack, image):
    """Every parameter, own bucket with a key, own role, a tag."""
    task = FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.US915,
        fuota_task_name="meters-1-1-0",
        description="Meters 1.1.0",
        redundancy_percent=30,
        fragment_size_bytes=120,
        fragment_interval=cdk.Duration.seconds(2),
        descriptor=b"\x01\x02\x03\x04",
        multicast_groups=[MulticastGroup(stack, "Group", rf_region=RfRegion.US915, dl_class=DlClass.CLASS_B)],
        firmware_bucket=FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key")),
        firmware_update_role=FirmwareUpdateRole(stack, "Role"),
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    cdk.Tags.of(task).add("fleet", "meters")


def image_in_a_bucket(stack, image):
    """An imported bucket, an imported role, single devices."""
    bucket = FirmwareBucket.from_bucket_name(stack, "Bucket", "acme-firmware")
    role = FirmwareUpdateRole.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/reader", mutable=False)
    FuotaTask(
        stack,
        "Task",
        firmware_image=FirmwareImage.from_bucket(bucket, "sensor/1.1.0.bin", size_bytes=20_000),
        rf_region=RfRegion.EU868,
        redundancy_percent=0,
        wireless_devices=["11111111-2222-3333-4444-555555555555"],
        firmware_update_role=role,
    )


def filled(stack, image):
    """A group with a list of devices, and all that its sessions are sent by; an imported one with a device."""
    group = MulticastGroup(
        stack,
        "Group",
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        wireless_devices=DeviceList.of(["11111111-2222-4333-8444-555555555555"]),
        participating_gateways=["66666666-7777-4888-8999-000000000000"],
        transmission_interval=cdk.Duration.millis(500),
        downlink_data_rate=3,
        downlink_frequency_hz=869_525_000,
    )
    group.add_wireless_device("11111111-2222-4333-8444-666666666666")
    imported = MulticastGroup.from_multicast_group_id(stack, "Imported", "22222222-3333-4444-8555-666666666666")
    imported.add_wireless_device("11111111-2222-4333-8444-777777777777")


def watched(stack, image):
    """A monitor of an imported task, and its dashboard."""
    task = FuotaTask.from_fuota_task_id(stack, "Task", "11111111-2222-3333-4444-555555555555")
    FuotaMonitor(stack, "Monitor", task=task).dashboard()


def rolled_out(stack, image):
    """A rollout to the devices of a profile, with alarms, a rule for approvals, and its dashboard."""
    rollout = FuotaRollout(
        stack,
        "Rollout",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        redundancy_percent=30,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(30),
        targets=RolloutTargets.device_profile("11111111-2222-4333-8444-555555555555"),
    )
    rollout.alarm_on_held(after=cdk.Duration.hours(8))
    rollout.alarm_on_aborted()
    rollout.alarm_on_failed()
    rollout.on_status_change("Held", statuses=["HELD"])
    rollout.on_wave_status_change("Waves")
    rollout.dashboard()


SCENARIOS = [minimal, everything, image_in_a_bucket, filled, watched, rolled_out]


def template(stack, image, scenario, app):
    scenario(stack, image)
    loaded = json.loads(Path(app.synth().directory, stack.template_file).read_text())
    return {key: value for key, value in loaded.items() if key not in {"Parameters", "Rules"}}


@pytest.fixture
def json_snapshot(snapshot):
    # The provider's code has a hash of its own, tested elsewhere; here it would change with every line of it. Machines
    # are tested to be as their files say.
    matcher = path_value(
        mapping={r".*Function.*\.S3Key$": r"^[0-9a-f]{64}\.zip$", r".*\.DefinitionString$": r"^\{"},
        regex=True,
        types=(str,),
        replacer=lambda text, _: "<a machine>" if text.startswith("{") else "<hash of the provider's code>.zip",
    )
    return snapshot.use_extension(JSONSnapshotExtension)(matcher=matcher)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_template(app, stack, image, scenario, json_snapshot):
    assert template(stack, image, scenario, app) == json_snapshot


def test_r28_logical_ids_and_types(app, stack, image, json_snapshot):
    """Another logical id replaces a resource in everybody's stack: change none of these without a major release."""
    resources = template(stack, image, minimal, app)["Resources"]
    assert {name: body["Type"] for name, body in sorted(resources.items())} == json_snapshot
