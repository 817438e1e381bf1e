"""What a firmware update role may read, and in which policies it is written."""

import json
import re

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareBucket, FirmwareImage, FirmwareUpdateRole, FuotaValidationError

from ..made_task import COPY, TASK, make_task


def read_permissions(template):
    """What firmware update roles may do, by resource."""
    return {
        json.dumps(resource): statement["Action"]
        for name, body in template.all("AWS::IAM::Policy").items()
        if name.startswith("FuotaConstructsAccess")
        for statement in template.statements(body["Properties"])
        for resource in statement["Resource"]
    }


@pytest.mark.parametrize(
    ("per_image", "objects"), [(None, None), (True, None), (False, "firmware/*")], ids=["default", "each", "all"]
)
def test_role_gets_the_documented_permissions_for_its_bucket_and_image_only(stack, image, synth, per_image, objects):
    bucket = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
    make_task(stack, image, firmware_bucket=bucket, access_per_image=per_image)
    arn = stack.resolve(bucket.bucket_arn)
    assert read_permissions(synth(stack)) == {
        json.dumps(arn): ["s3:ListBucket", "s3:ListBucketVersions"],
        json.dumps({"Fn::Join": ["", [arn, f"/{objects or image.key}"]]}): ["s3:GetObject"],
        json.dumps(stack.resolve(bucket.encryption_key.key_arn)): ["kms:Decrypt"],
    }


def permissions_of_a_release(folder, content, make):
    """All that is about permissions in the template of an app with this firmware."""
    (folder / "fw.bin").write_bytes(content)
    app = cdk.App(outdir=str(folder / content.decode()))
    stack = cdk.Stack(app, "Stack")
    make(stack, FirmwareImage.from_asset(folder / "fw.bin"))
    resources = app.synth().get_stack_by_name("Stack").template["Resources"]
    kinds = ("AWS::IAM::", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::Lambda::Permission")
    return {name: body for name, body in resources.items() if body["Type"].startswith(kinds)}


OWN = {
    "bucket": lambda stack: {"firmware_bucket": FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))},
    "role": lambda stack: {"firmware_update_role": FirmwareUpdateRole(stack, "Role")},
    "nothing": lambda _: {},
}


@pytest.mark.parametrize(
    ("own", "per_image"), [("nothing", None), ("nothing", False), ("bucket", False), ("role", False)]
)
def test_a_release_of_firmware_changes_no_permission(tmp_path, own, per_image):
    """Else `cdk diff --security-only --fail` and pipelines with an approval of such changes would stop each release."""

    def make(stack, image):
        make_task(stack, image, access_per_image=per_image, **OWN[own](stack))

    assert permissions_of_a_release(tmp_path, b"one", make) == permissions_of_a_release(tmp_path, b"two", make)


@pytest.mark.parametrize(("own", "per_image"), [("bucket", None), ("role", None), ("nothing", True)])
def test_another_image_is_another_policy_so_the_old_one_goes_last(tmp_path, own, per_image):
    def make(stack, image):
        make_task(stack, image, access_per_image=per_image, **OWN[own](stack))

    old, new = (set(permissions_of_a_release(tmp_path, content, make)) for content in (b"one", b"two"))
    assert len(old - new) == len(new - old) == 1  # the image's


@pytest.mark.parametrize(("key", "alone"), [("firmware/special.bin", False), ("special.bin", True)])
def test_only_what_is_under_firmware_needs_no_policy_of_its_own(stack, image, synth, key, alone):
    task = make_task(stack, image)
    make_task(stack, FirmwareImage.from_bucket(task.firmware_bucket, key), "Special")
    permissions = read_permissions(synth(stack))
    assert len([resource for resource in permissions if "special.bin" in resource]) == alone


def test_an_image_whose_key_is_a_token_has_a_policy_of_its_own(stack, image, synth):
    task = make_task(stack, image)
    key = cdk.CfnParameter(stack, "Key").value_as_string
    make_task(stack, FirmwareImage.from_bucket(task.firmware_bucket, key), "Special", access_per_image=False)
    assert any('{"Ref": "Key"}' in resource for resource in read_permissions(synth(stack)))


def test_tasks_of_one_role_may_be_given_access_in_both_ways(stack, image, synth):
    """The copy of the image waits for one policy, and the other one for the copy: there is no circle."""
    for name, per_image in (("A", True), ("B", False), ("C", True)):
        make_task(stack, image, name, access_per_image=per_image)
    template = synth(stack)
    for task in template.all(TASK):
        assert template.all(COPY).keys() <= template.needed_by(task)
    assert len([resource for resource in read_permissions(template) if "firmware/" in resource]) == 2


@pytest.mark.parametrize("wrong", ["yes", 1, "firmware/*"])
def test_fails_for_an_access_that_is_no_yes_or_no(stack, image, wrong):
    with pytest.raises(FuotaValidationError, match=rf"access-per-image: .* is {re.escape(repr(wrong))}; give True or"):
        make_task(stack, image, access_per_image=wrong)


def test_wildcards_in_a_key_are_not_wildcards_in_the_policy(stack, synth):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    make_task(stack, FirmwareImage.from_bucket(bucket, "a*b?c$d"))
    policies = json.dumps(synth(stack).all("AWS::IAM::Policy"))
    assert "acme/a${*}b${?}c${$}d" in policies


def test_a_role_imported_as_immutable_gets_nothing(stack, image, synth):
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/reader", mutable=False)
    task = make_task(stack, image, firmware_update_role=role)
    template = synth(stack)
    assert len(template.all("AWS::IAM::Policy")) == 1
    assert template.properties(TASK)["FirmwareUpdateRole"] == "arn:aws:iam::123456789012:role/reader"
    assert task.findings == ()


def names_of_access_policies(template):
    policies = template.all("AWS::IAM::Policy").items()
    return [body["Properties"]["PolicyName"] for name, body in policies if name.startswith("FuotaConstructsAccess")]


def test_one_role_imported_twice_is_two_roles(stack, image, synth):
    """Their policies have different names: the end of one takes none from the other."""
    for name in "AB":
        role = iam.Role.from_role_arn(stack, f"Role{name}", "arn:aws:iam::123456789012:role/reader")
        make_task(stack, image, f"Task{name}", firmware_update_role=role)
    names = names_of_access_policies(synth(stack))
    assert len({json.dumps(name) for name in names}) == len(names) == 4


def test_policies_of_two_stacks_on_one_role_have_different_names(app, stack, image, synth):
    """The same name would be one policy, and the end of either stack would take it from both."""
    bucket = FirmwareBucket(stack, "Bucket")
    imported = iam.Role.from_role_arn(stack, "Imported", "arn:aws:iam::123456789012:role/reader")
    for number, role in enumerate((FirmwareUpdateRole(stack, "Role"), imported)):
        other = cdk.Stack(app, f"Other{number}")
        make_task(other, image, firmware_bucket=bucket, firmware_update_role=role)
    for number in range(2):
        names = names_of_access_policies(synth(app.node.find_child(f"Other{number}")))
        assert len(names) == 2
        assert all("AWS::StackId" in json.dumps(name) for name in names)


def test_roles_the_cdk_must_not_make_get_no_policies(app, image):
    """As with `iam.Role.customize_roles`, where somebody else makes the roles."""
    stack = cdk.Stack(app, "Customized")
    iam.Role.customize_roles(stack, use_precreated_roles={"Customized/Role": "reader"})
    make_task(stack, image, firmware_update_role=FirmwareUpdateRole(stack, "Role"))
    template = app.synth().get_stack_by_name("Customized").template["Resources"]
    assert not [name for name in template if name.startswith("FuotaConstructsAccess")]


def test_many_images_on_one_role_are_reported(stack, tmp_path):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    tasks = [make_task(stack, FirmwareImage.from_bucket(bucket, f"{n:0>60}"), f"Task{n}") for n in range(60)]
    assert [f.rule for f in tasks[0].findings] == ["role-policy-size"]
    assert tasks[-1].findings[0].level == "error"
