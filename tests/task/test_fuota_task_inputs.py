"""FuotaTask: buckets, roles, groups and tasks of any construct, of others and imported, and what is none."""

from datetime import timedelta
from pathlib import Path

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3
from aws_cdk.interfaces.aws_iam import IRoleRef, RoleReference
from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef, MulticastGroupReference
from aws_cdk.interfaces.aws_s3 import BucketReference, IBucketRef

from fuota_constructs import (
    DeviceList,
    DlClass,
    FirmwareImage,
    FuotaTask,
    FuotaValidationError,
    IFuotaTask,
    MulticastGroup,
    RfRegion,
)

TASK = "Custom::FuotaTask"


def group(stack, name="Group", region=RfRegion.EU868):
    return MulticastGroup(stack, name, rf_region=region, dl_class=DlClass.CLASS_C)


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
        ({"firmware_image": "s3://b/fw.bin"}, "firmware-image", "from_bucket_name(self, 'Bucket', 'b'), 'fw.bin')"),
        (
            {"wireless_devices": DeviceList.of(["0b" * 4 + "-0000" * 3 + "-" + "0b" * 6])},
            "wireless-devices",
            "give its ids, wireless_devices=devices.ids,",
        ),
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


@jsii.implements(IMulticastGroupRef)
class TheirGroup(cdk.Resource):
    """A group of somebody else's construct."""

    def __init__(self, scope, group_id):
        super().__init__(scope, "Theirs")
        self._id = group_id

    @property
    def multicast_group_ref(self):
        arn = "arn:aws:iotwireless:eu-west-1:111122223333:MulticastGroup/g"
        return MulticastGroupReference(multicast_group_arn=arn, multicast_group_id=self._id)


def test_a_group_of_any_construct_is_taken_by_its_id(stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[TheirGroup(stack, "g")])
    assert synth(stack).properties(TASK)["MulticastGroupIds"] == ["g"]


@pytest.mark.parametrize(("group_id", "wrong"), [("arn:x", "is an ARN; give the id alone"), ("", "is no multicast")])
def test_fails_when_the_id_of_a_group_can_be_none(stack, image, group_id, wrong):
    with pytest.raises(FuotaValidationError, match=wrong):
        FuotaTask(
            stack,
            "Task",
            firmware_image=image,
            rf_region=RfRegion.EU868,
            multicast_groups=[TheirGroup(stack, group_id)],
        )


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


TASK_ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def test_a_task_to_adopt_reaches_the_template(stack, image, synth):
    parameter = cdk.CfnParameter(stack, "TaskId").value_as_string
    for name, task_id in (("Known", TASK_ID), ("Token", parameter)):
        FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868, adopt_fuota_task_id=task_id)
    tasks = synth(stack).all(TASK).values()
    assert [task["Properties"]["AdoptFuotaTaskId"] for task in tasks] == [TASK_ID, {"Ref": "TaskId"}]


def test_none_is_not_given(stack, image, synth):
    nothing = dict.fromkeys(("multicast_groups", "wireless_devices", "allow_downgrade", "removal_policy"))
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **nothing)
    assert "DeletionPolicy" not in synth(stack).only(TASK) or synth(stack).only(TASK)["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize(
    ("regions", "fails"),
    [(("eu-west-1", "eu-west-1"), True), (("eu-west-1", "us-east-1"), False), ((None, None), False)],
    ids=["one place", "two places", "unknown places"],
)
def test_fails_to_adopt_a_task_in_two_stacks_of_one_place(app, image, regions, fails):
    """What is not known at synth the provider finds out: the task says whose it is."""
    first, second = (
        cdk.Stack(app, f"Stack{number}", env=region and cdk.Environment(account="111122223333", region=region))
        for number, region in enumerate(regions)
    )
    given = {"firmware_image": image, "rf_region": RfRegion.EU868, "adopt_fuota_task_id": TASK_ID}
    FuotaTask(first, "Task", **given)
    if fails:
        with pytest.raises(FuotaValidationError, match="which Stack0/Task adopts already"):
            FuotaTask(second, "Task", **given)
    else:
        FuotaTask(second, "Task", **given)


def test_fails_to_adopt_a_task_twice(stack, image):
    given = {"firmware_image": image, "rf_region": RfRegion.EU868}
    FuotaTask(stack, "One", adopt_fuota_task_id=TASK_ID, **given)
    with pytest.raises(FuotaValidationError, match="which Stack/One adopts already"):
        FuotaTask(stack, "Two", adopt_fuota_task_id=TASK_ID.upper(), **given)


def test_fails_for_a_device_of_another_region(app, image):
    here, there = (
        cdk.Stack(app, name, env=cdk.Environment(account="111122223333", region=name), cross_region_references=True)
        for name in ("eu-west-1", "us-east-1")
    )
    device = iotwireless.CfnWirelessDevice(there, "Device", type="LoRaWAN", destination_name="d")
    with pytest.raises(FuotaValidationError, match=r"CfnWirelessDevice \(us-east-1/Device\) is in us-east-1 and this"):
        FuotaTask(here, "Task", firmware_image=image, rf_region=RfRegion.EU868, wireless_devices=[device])


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
    second = FuotaTask(stack, "B", firmware_image=in_bucket, wireless_devices=[TASK_ID, device], **inputs)
    assert [*first.findings, *second.findings] == []
    template = synth(stack)
    a, b = (task["Properties"] for task in template.all(TASK).values())
    assert (a["WirelessDeviceIds"], b["WirelessDeviceIds"]) == ([{"Ref": "Device"}], [TASK_ID, {"Ref": "Device"}])
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
