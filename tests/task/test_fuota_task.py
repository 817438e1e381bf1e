"""FuotaTask: what it writes into the template, what it takes and refuses."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3
from aws_cdk.interfaces.aws_iam import IRoleRef, RoleReference
from aws_cdk.interfaces.aws_s3 import BucketReference, IBucketRef

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaTask,
    FuotaValidationError,
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
    properties = synth(stack).properties(TASK)
    assert {k: v for k, v in properties.items() if k not in {"ServiceToken", "FirmwareUpdateImage"}} == {
        "FirmwareFormat": "unknown",
        "FirmwareDigest": image.sha256,
        "AllowDowngrade": True,
        "ServiceTimeout": "330",
        "Name": "meters-1-1-0",
        "Description": "Meters",
        "LoRaWAN": {"RfRegion": "AS923-1"},
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


def test_imports_by_id_arn_and_attributes(stack):
    by_id = FuotaTask.from_fuota_task_id(stack, "Id", "abc")
    by_attributes = FuotaTask.from_fuota_task_attributes(stack, "Attributes", fuota_task_id="abc")
    arn = "arn:aws:iotwireless:eu-west-1:123456789012:FuotaTask/abc"
    by_arn = FuotaTask.from_fuota_task_arn(stack, "Arn", arn)
    for task in (by_id, by_attributes, by_arn):
        assert isinstance(task, IFuotaTask)
        assert task.fuota_task_id == "abc"
        assert task.fuota_task_ref.fuota_task_id == "abc"
    assert by_arn.fuota_task_arn == arn
    assert stack.resolve(by_id.fuota_task_arn)["Fn::Join"][1][-1] == ":FuotaTask/abc"
    parameter = cdk.CfnParameter(stack, "Parameter")
    token = FuotaTask.from_fuota_task_arn(stack, "Token", parameter.value_as_string)
    assert "Fn::Select" in stack.resolve(token.fuota_task_id)


@pytest.mark.parametrize(
    ("given", "rule", "hint"),
    [
        ({"rf_region": "EU868"}, "rf-region", "write RfRegion.EU868"),
        ({"rf_region": "AS923-1"}, "rf-region", "write RfRegion.AS923_1"),
        ({"rf_region": "EU"}, "rf-region", "RfRegion"),
        ({"rf_region": None}, "rf-region", "RfRegion"),
        ({"firmware_image": "fw.bin"}, "firmware-image", "FirmwareImage.from_asset('fw.bin')"),
        ({"firmware_image": Path("fw.bin")}, "firmware-image", "FirmwareImage.from_asset('fw.bin')"),
        ({"firmware_image": b"firmware"}, "firmware-image", "FirmwareImage.from_asset(path)"),
        ({"fragment_interval": timedelta(seconds=3)}, "fragment-interval", "Duration.seconds(3)"),
        ({"removal_policy": "retain"}, "removal-policy", "cdk.RemovalPolicy.RETAIN"),
        ({"multicast_groups": ["arn:aws:iotwireless:r:1:MulticastGroup/g"]}, "multicast-groups", "_group_arn(self"),
        ({"multicast_groups": [None]}, "multicast-groups", "from_multicast_group_id(self, 'Group', id)"),
        ({"wireless_devices": ["arn:aws:iotwireless:r:1:WirelessDevice/d"]}, "wireless-devices", "give the id alone"),
        ({"firmware_bucket": "arn:aws:s3:::acme"}, "firmware-bucket", "from_bucket_arn(self, 'Bucket', 'arn:aws:"),
        ({"firmware_update_role": iam.AccountRootPrincipal()}, "firmware-update-role", "an AccountRootPrincipal; give"),
        ({"fragment_interval": 3000}, "fragment-interval", "Duration.seconds(3)"),
        ({"multicast_groups": ["id"]}, "multicast-groups", "from_multicast_group_id"),
        ({"multicast_groups": "id"}, "multicast-groups", "give a list"),
        ({"wireless_devices": "id"}, "wireless-devices", "give a list"),
        ({"wireless_devices": None}, "wireless-devices", "give a list"),
        ({"wireless_devices": [""]}, "wireless-devices", "1 to 256"),
        ({"wireless_devices": ["d" * 257]}, "wireless-devices", "1 to 256"),
        ({"wireless_devices": [7]}, "wireless-devices", "1 to 256"),
        ({"firmware_bucket": "acme"}, "firmware-bucket", "from_bucket_name"),
        ({"firmware_update_role": "arn:aws:iam::1:role/r"}, "firmware-update-role", "from_role_arn"),
    ],
)
def test_fails_when_a_value_is_of_a_wrong_kind(stack, image, given, rule, hint):
    with pytest.raises(FuotaValidationError) as raised:
        FuotaTask(stack, "Task", **{"firmware_image": image, "rf_region": RfRegion.EU868, **given})
    assert raised.value.rule == rule
    assert raised.value.construct_path == "Stack/Task"
    assert hint in str(raised.value)


@pytest.mark.parametrize(
    ("make", "rule", "hint"),
    [
        (lambda at: {"firmware_bucket": iam.User(at, "It")}, "firmware-bucket", "a User (Stack/It); give a bucket"),
        (lambda at: {"firmware_update_role": iam.User(at, "It")}, "firmware-update-role", "a User (Stack/It);"),
        (lambda at: {"firmware_update_role": iam.Group(at, "It")}, "firmware-update-role", "a Group (Stack/It);"),
        (lambda at: {"multicast_groups": l1_group(at)}, "multicast-groups", "a CfnMulticastGroup (Stack/It); give a"),
        (lambda at: {"multicast_groups": [task_by_id(at)]}, "multicast-groups", "has an ImportedFuotaTask (Stack/It),"),
        (lambda at: {"fragment_interval": number(at)}, "fragment-interval", "is a value known only at deployment;"),
        (lambda at: {"wireless_devices": [number(at)]}, "wireless-devices", "a value known only at deployment is no"),
        (
            lambda at: {"wireless_devices": [*list_of(at), "more"]},
            "wireless-devices",
            "a list known only at deployment",
        ),
    ],
)
def test_fails_when_a_construct_is_of_a_wrong_kind(stack, image, make, rule, hint):
    with pytest.raises(FuotaValidationError) as raised:
        FuotaTask(stack, "Task", **{"firmware_image": image, "rf_region": RfRegion.EU868, **make(stack)})
    assert (raised.value.rule, raised.value.construct_path) == (rule, "Stack/Task")
    assert hint in str(raised.value)
    assert "e+289" not in str(raised.value)
    assert " at 0x" not in str(raised.value)


def l1_group(stack):
    radio = iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassC")
    return iotwireless.CfnMulticastGroup(stack, "It", lo_ra_wan=radio)


def task_by_id(stack):
    return FuotaTask.from_fuota_task_id(stack, "It", "t")


def number(stack):
    return cdk.CfnParameter(stack, "Number", type="Number").value_as_number


def list_of(stack):
    return cdk.CfnParameter(stack, "List", type="CommaDelimitedList").value_as_list


@pytest.mark.parametrize("make", [lambda _: "g", lambda _: None, lambda at: [l1_group(at)], task_by_id])
def test_fails_when_what_is_added_later_is_no_group(stack, image, make):
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    with pytest.raises(FuotaValidationError, match="which is no multicast group; import one with") as raised:
        task.add_multicast_group(make(stack))
    assert (raised.value.rule, raised.value.construct_path) == ("multicast-groups", "Stack/Task")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:user/acme",
        "arn:aws:sts::111122223333:assumed-role/acme/session",
        "arn:aws:iam::111122223333:instance-profile/acme",
        f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:user/acme",
    ],
)
def test_fails_when_a_role_is_imported_by_the_arn_of_something_else(stack, image, arn):
    role = iam.Role.from_role_arn(stack, "Role", arn, mutable=False)
    with pytest.raises(FuotaValidationError, match="which is no role's; give arn:aws:iam::<account>:role/<name>"):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=role)


def test_fails_when_a_device_is_added_to_a_list_known_only_at_deployment(stack, image):
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, wireless_devices=list_of(stack))
    with pytest.raises(FuotaValidationError, match="CloudFormation can add nothing"):
        task.add_wireless_device("one more")
    assert task.findings == ()


def test_fails_when_an_image_in_a_bucket_is_given_another_bucket(stack):
    image = FirmwareImage.from_bucket(s3.Bucket(stack, "Bucket"), "key")
    with pytest.raises(FuotaValidationError, match="leave firmware_bucket out"):
        FuotaTask(
            stack,
            "Task",
            firmware_image=image,
            rf_region=RfRegion.EU868,
            firmware_bucket=s3.Bucket(stack, "Other"),
        )


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


TASK_ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def test_a_task_to_adopt_reaches_the_template(stack, image, synth):
    parameter = cdk.CfnParameter(stack, "TaskId").value_as_string
    for name, task_id in (("Known", TASK_ID), ("Token", parameter)):
        FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868, adopt_fuota_task_id=task_id)
    tasks = synth(stack).all(TASK).values()
    assert [task["Properties"]["AdoptFuotaTaskId"] for task in tasks] == [TASK_ID, {"Ref": "TaskId"}]


@pytest.mark.parametrize("wrong", ["", "my-task", f"{TASK_ID}0", f"arn:aws:iotwireless:a:1:FuotaTask/{TASK_ID}", 7])
def test_fails_to_adopt_what_is_no_id(stack, image, wrong):
    with pytest.raises(FuotaValidationError, match=r"FUOTA task|ARN"):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, adopt_fuota_task_id=wrong)


@pytest.mark.parametrize("own", [True, False])
def test_fails_to_adopt_a_task_that_the_app_makes(stack, image, own):
    if own:
        made = FuotaTask(stack, "Own", firmware_image=image, rf_region=RfRegion.EU868).fuota_task_id
    else:
        lorawan = iotwireless.CfnFuotaTask.LoRaWANProperty(rf_region="EU868")
        made = iotwireless.CfnFuotaTask(
            stack, "Old", firmware_update_image="s3://b/k", firmware_update_role="r", lo_ra_wan=lorawan
        ).ref
    with pytest.raises(FuotaValidationError, match="have it retain the task"):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, adopt_fuota_task_id=made)


TRUST = {"Statement": {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:*"}}


@jsii.implements(IBucketRef)
class BucketOfSomebody(cdk.Resource):
    @property
    def bucket_ref(self):
        return BucketReference(bucket_arn="arn:aws:s3:::theirs", bucket_name="theirs")


@jsii.implements(IRoleRef)
class RoleOfSomebody(cdk.Resource):
    @property
    def role_ref(self):
        return RoleReference(role_arn="arn:aws:iam::111122223333:role/x/theirs", role_name="theirs")


def test_l1_inputs_are_taken(stack, image, synth):
    bucket = s3.CfnBucket(stack, "Bucket")
    role = iam.CfnRole(stack, "Role", assume_role_policy_document=TRUST, path="/fleet/meters/")
    device = iotwireless.CfnWirelessDevice(stack, "Device", destination_name="d", type="LoRaWAN")
    inputs = {"rf_region": RfRegion.EU868, "firmware_update_role": role}
    first = FuotaTask(stack, "A", firmware_image=image, firmware_bucket=bucket, wireless_devices=[device], **inputs)
    first.add_wireless_device(device)
    in_bucket = FirmwareImage.from_bucket(bucket, "k", size_bytes=9)
    second = FuotaTask(stack, "B", firmware_image=in_bucket, wireless_devices=["one", device], **inputs)
    assert [*first.findings, *second.findings] == []
    template = synth(stack)
    a, b = (task["Properties"] for task in template.all(TASK).values())
    assert (a["WirelessDeviceIds"], b["WirelessDeviceIds"]) == ([{"Ref": "Device"}], ["one", {"Ref": "Device"}])
    arn = a["FirmwareUpdateRole"]["Fn::Join"][1]
    assert arn[-2:] == [":role/fleet/meters/", {"Ref": "Role"}]
    assert b["FirmwareUpdateImage"] == {"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}, "/k"]]}
    policies = [policy["Properties"] for policy in template.all("AWS::IAM::Policy").values()]
    assert [policy["Roles"] for policy in policies].count([{"Ref": "Role"}]) == 3  # the bucket, and two images
    assert len(template.all("AWS::S3::Bucket")) == 1


def test_references_of_any_construct_are_taken(stack, image, synth):
    bucket, role = BucketOfSomebody(stack, "Bucket"), RoleOfSomebody(stack, "Role")
    given = {"rf_region": RfRegion.EU868, "firmware_bucket": bucket, "firmware_update_role": role}
    for name in ("A", "B"):
        FuotaTask(stack, name, firmware_image=image, **given)
    task, _ = synth(stack).all(TASK).values()
    assert task["Properties"]["FirmwareUpdateImage"] == f"s3://theirs/{image.key}"
    assert task["Properties"]["FirmwareUpdateRole"] == "arn:aws:iam::111122223333:role/x/theirs"


def test_an_l1_role_that_the_service_cannot_assume_is_found(stack, image):
    role = iam.CfnRole(stack, "Role", assume_role_policy_document={})
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=role)
    assert [finding.rule for finding in task.findings if finding.level == "error"] == ["role-trust"]


@pytest.mark.parametrize(
    ("scope", "id", "wrong"), [(None, "Task", "scope"), ("stack", "Task", "scope"), (..., 7, "id")]
)
def test_fails_for_a_scope_or_an_id_of_another_kind_as_the_cdk_does(stack, image, scope, id, wrong):
    with pytest.raises(TypeError, match=f"type of argument {wrong} must be"):
        FuotaTask(stack if scope is ... else scope, id, firmware_image=image, rf_region=RfRegion.EU868)
