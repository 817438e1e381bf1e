"""FuotaTask: what it writes into the template, what it takes and refuses."""

import base64
import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaTask,
    IFuotaTask,
    MulticastGroup,
    RfRegion,
)

TASK = "Custom::FuotaTask"


def group(stack, name="Group", region=RfRegion.EU868):
    return MulticastGroup(stack, name, rf_region=region, dl_class=DlClass.CLASS_C)


def test_every_parameter_reaches_the_template(stack, image, synth):
    FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.AS923_1,
        fuota_task_name="meters-1-1-0",
        description="Meters",
        redundancy_percent=30,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(7),
        descriptor=b"\x01\x02\x03\x04",
        multicast_groups=[group(stack, region=RfRegion.AS923_1)],
        allow_downgrade=True,
    )
    template = synth(stack)
    properties, [copy] = template.properties(TASK), template.all("Custom::FirmwareObject")
    assert {k: v for k, v in properties.items() if k not in {"ServiceToken", "FirmwareUpdateImage"}} == {
        "FirmwareFormat": "unknown",
        "FirmwareDigest": image.sha256,
        "AllowDowngrade": True,
        "ServiceTimeout": "330",
        "Name": "meters-1-1-0",
        "Description": "Meters",
        "LoRaWAN": {"RfRegion": "AS923-1"},
        "FirmwareObject": {"Ref": copy},
        "FirmwareUpdateRole": {"Fn::GetAtt": ["FuotaConstructsFirmwareUpdateRole529696CE", "Arn"]},
        "RedundancyPercent": 30,
        "FragmentSizeBytes": 48,
        "FragmentIntervalMS": 7000,
        "Descriptor": base64.b64encode(b"\x01\x02\x03\x04").decode(),
        "MulticastGroupIds": [{"Fn::GetAtt": ["GroupC77FDACD", "Id"]}],
    }
    name = image.key.removeprefix("firmware/")
    assert properties["FirmwareUpdateImage"]["Fn::Join"][1][-1] == f"/firmware/{name}"


def test_what_is_not_given_is_not_in_the_template(stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    assert set(synth(stack).properties(TASK)) == {
        "ServiceToken",
        "ServiceTimeout",
        "LoRaWAN",
        "FirmwareObject",
        "FirmwareUpdateImage",
        "FirmwareUpdateRole",
        "FirmwareFormat",
        "FirmwareDigest",
    }


def test_zero_is_given(stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, redundancy_percent=0)
    assert synth(stack).properties(TASK)["RedundancyPercent"] == 0


def test_primary_child_is_resource_and_default(stack, image):
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    assert [child.node.id for child in task.node.children] == ["Resource"]
    assert task.node.default_child is task.node.find_child("Resource")


@pytest.mark.parametrize("late", [False, True])
def test_removal_policy(stack, image, synth, late):
    policy = {} if late else {"removal_policy": cdk.RemovalPolicy.RETAIN}
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **policy)
    if late:
        task.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    body = synth(stack).only(TASK)
    assert body["DeletionPolicy"] == body["UpdateReplacePolicy"] == "Retain"


def test_without_removal_policy_the_task_is_deleted(stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    assert "DeletionPolicy" not in synth(stack).only(TASK)


def test_tags_of_the_app_reach_task_provider_bucket_role_and_group(app, stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[group(stack)])
    cdk.Tags.of(app).add("fleet", "meters")
    template = synth(stack)
    for kind in (
        TASK,
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::IoTWireless::MulticastGroup",
    ):
        assert template.properties(kind)["Tags"] == [{"Key": "fleet", "Value": "meters"}], kind
    assert all("Tags" in role["Properties"] for role in template.all("AWS::IAM::Role").values())


@pytest.mark.parametrize("nested", [False, True])
def test_tags_of_the_stack_reach_the_task(app, image, synth, nested):
    # CloudFormation gives them to its own resource types, but not to custom resources.
    stack = cdk.Stack(app, "Tagged", tags={"fleet": "street", "owner": "radio"})
    scope = cdk.NestedStack(stack, "Inner") if nested else stack
    task = FuotaTask(scope, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    cdk.Tags.of(task).add("owner", "lights")
    assert dict(task.cdk_tag_manager.tag_values()) == {"fleet": "street", "owner": "radio"}
    made = synth(scope).only(TASK)["Properties"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in made} == {"fleet": "street", "owner": "lights"}


def test_a_tag_of_the_stack_can_be_kept_from_a_task(app, image, synth):
    stack = cdk.Stack(app, "Tagged", tags={"fleet": "street"})
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    cdk.Tags.of(task).remove("fleet")
    assert "Tags" not in synth(stack).only(TASK)["Properties"]


def test_tags_of_one_task_stay_with_it(stack, image, synth):
    tagged, plain = (FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868) for name in "AB")
    cdk.Tags.of(tagged).add("fleet", "meters")
    template = synth(stack)
    with_tags = [name for name, body in template.all(TASK).items() if "Tags" in body["Properties"]]
    assert with_tags == [stack.resolve(tagged.fuota_task_id)["Ref"]]
    assert plain.findings == ()


def test_groups_and_devices_can_be_added_later_and_count_once(stack, image, synth):
    first, second = group(stack, "First"), group(stack, "Second")
    grouped = FuotaTask(stack, "Grouped", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[first])
    for added in (second, first, second):
        grouped.add_multicast_group(added)
    single = FuotaTask(stack, "Single", firmware_image=image, rf_region=RfRegion.EU868, wireless_devices=["a", "a"])
    for added in ("b", "a", "b"):
        single.add_wireless_device(added)
    template = synth(stack)
    by_id = template.all(TASK)
    ids = by_id[stack.resolve(grouped.fuota_task_id)["Ref"]]["Properties"]["MulticastGroupIds"]
    assert [i["Fn::GetAtt"][0][:5] for i in ids] == ["First", "Secon"]
    assert by_id[stack.resolve(single.fuota_task_id)["Ref"]]["Properties"]["WirelessDeviceIds"] == ["a", "b"]


def test_a_late_group_of_another_stack_becomes_an_import(app, stack, image, synth):
    groups = cdk.Stack(app, "Groups")
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    task.add_multicast_group(group(groups))
    [group_id] = synth(stack).properties(TASK)["MulticastGroupIds"]
    assert group_id["Fn::ImportValue"].startswith("Groups:")


def test_an_l1_group_and_an_imported_group_are_taken(stack, image, synth):
    l1 = iotwireless.CfnMulticastGroup(
        stack,
        "L1",
        lo_ra_wan=iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassB"),
    )
    imported = MulticastGroup.from_multicast_group_id(stack, "Imported", "0000-1111")
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[l1, imported])
    assert synth(stack).properties(TASK)["MulticastGroupIds"] == [{"Ref": "L1"}, "0000-1111"]


def test_attributes_are_ref_and_get_att(stack, image):
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    logical_id = stack.resolve(task.fuota_task_id)["Ref"]
    assert stack.resolve(task.fuota_task_arn) == {"Fn::GetAtt": [logical_id, "Arn"]}
    assert stack.resolve(task.fuota_task_ref.fuota_task_id) == {"Ref": logical_id}
    assert stack.resolve(iotwireless.CfnFuotaTask.arn_for_fuota_task(task)) == {"Fn::GetAtt": [logical_id, "Arn"]}
    assert isinstance(task, IFuotaTask)


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"redundancy_percent": 50, "fragment_size_bytes": 10}, 15),
        ({"redundancy_percent": 0, "fragment_size_bytes": 10}, 10),
        ({"redundancy_percent": 50}, None),
        ({"fragment_size_bytes": 10}, None),
        ({"redundancy_percent": 101, "fragment_size_bytes": 10}, None),
        ({"redundancy_percent": 50, "fragment_size_bytes": 0}, None),
    ],
)
def test_encoded_fragments(stack, given, count):
    image = FirmwareImage.from_bucket(s3.Bucket(stack, "Bucket"), "key", size_bytes=100)
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **given)
    assert task.encoded_fragments == count


def test_encoded_fragments_of_an_image_of_unknown_size(stack):
    image = FirmwareImage.from_bucket(s3.Bucket(stack, "Bucket"), "key")
    task = FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        redundancy_percent=50,
        fragment_size_bytes=10,
    )
    assert task.encoded_fragments is None


def test_image_in_a_bucket_is_not_copied(stack, synth):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    task = FuotaTask(
        stack, "Task", firmware_image=FirmwareImage.from_bucket(bucket, "a/b.bin"), rf_region=RfRegion.EU868
    )
    template = synth(stack)
    assert template.properties(TASK)["FirmwareUpdateImage"] == "s3://acme/a/b.bin"
    assert not template.all("Custom::FirmwareObject")
    assert not template.all("AWS::S3::Bucket")
    assert task.firmware_bucket is bucket


def test_own_bucket_and_role_are_used(stack, image, synth):
    bucket = FirmwareBucket(stack, "Bucket")
    role = FirmwareUpdateRole(stack, "Role")
    task = FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        firmware_bucket=bucket,
        firmware_update_role=role,
    )
    template = synth(stack)
    assert len(template.all("AWS::S3::Bucket")) == 1
    assert len(template.all("AWS::IAM::Role")) == 2
    assert task.firmware_bucket is bucket
    assert task.firmware_update_role is role


def test_cfn_fuota_task_still_lacks_what_we_are_for():
    """The day this fails, CloudFormation can do it itself: deprecate this construct."""
    properties = iotwireless.CfnFuotaTaskProps.__init__.__annotations__
    assert not {"redundancy_percent", "fragment_size_bytes", "fragment_interval_ms", "descriptor"} & set(properties)


def test_any_role_is_taken(stack, image, synth):
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("iotwireless.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::x/y"]))
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=role)
    template = synth(stack)
    default_policy = next(name for name in template.all("AWS::IAM::Policy") if name.startswith("RoleDefaultPolicy"))
    assert default_policy in template.only(TASK)["DependsOn"]


def test_the_size_of_an_image_in_a_bucket_is_noted_beside_the_template(app, stack):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    for name, size in (("Known", 180_224), ("Open", None), ("Later", cdk.Token.as_number({"Ref": "Size"}))):
        image = FirmwareImage.from_bucket(bucket, "a.bin", size_bytes=size)
        FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868)
    [metadata] = Path(app.synth().directory).glob("*.metadata.json")
    noted = {
        path: entry["data"]
        for path, entries in json.loads(metadata.read_text()).items()
        for entry in entries
        if entry["type"] == "fuota-constructs:image-bytes"
    }
    assert noted == {f"/{stack.node.path}/Known": 180_224}
