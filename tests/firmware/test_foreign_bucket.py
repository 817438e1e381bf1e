"""A firmware bucket, or its key, of another account: their policies are written where this app has them, else said."""

import json
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match
from cdk_nag import AwsSolutionsChecks

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaRollout,
    RfRegion,
    RolloutTargets,
)

from ..made_task import make_task

OURS, OTHERS = "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{OTHERS}:key/5c6e9d2c-3a41-4c6a-9d2e-1f0a6b7c8d9e"


@pytest.fixture
def here(app):
    return cdk.Stack(app, "Here", env=cdk.Environment(account=OURS, region="eu-west-1"))


@pytest.fixture
def there(app):
    return cdk.Stack(app, "There", env=cdk.Environment(account=OTHERS, region="eu-west-1"))


def foreign(task):
    return [finding.message for finding in task.findings if finding.rule == "image-account"]


def statements_of(template, kind, document="PolicyDocument"):
    [body] = [resource for resource in template["Resources"].values() if resource["Type"] == kind]
    return [each for each in body["Properties"][document]["Statement"] if "aws:PrincipalArn" in json.dumps(each)]


def summary(statements):
    """Actions and the end of the resource by the name of the role they are allowed to, all of our account."""
    found = {}
    for each in statements:
        assert each["Effect"] == "Allow"
        assert f":iam::{OURS}:root" in json.dumps(each["Principal"])
        role = str(flat(each["Condition"]["ArnEquals"]["aws:PrincipalArn"])).rpartition(":role/")[2]
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        found.setdefault(role, set()).update((action, flat(each["Resource"])) for action in actions)
    return found


def flat(value):
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(map(flat, value["Fn::Join"][1]))
    return value if isinstance(value, str) else f"<{'.'.join(next(iter(value.values())))}>"


def synthesised(app, *stacks):
    assembly = app.synth()
    return [json.loads(Path(assembly.directory, stack.template_file).read_text()) for stack in stacks]


def names_of_roles(template):
    roles = {name: body for name, body in template["Resources"].items() if body["Type"] == "AWS::IAM::Role"}
    return {
        next(key for key in ("ProviderRole", "FirmwareUpdateRole") if key in name): body["Properties"]["RoleName"]
        for name, body in roles.items()
    }


def test_the_policy_of_a_bucket_of_this_app_lets_the_roles_of_the_task_in(app, here, there, image):
    bucket = FirmwareBucket(there, "Bucket", bucket_name="acme-firmware")
    task = make_task(here, image, firmware_bucket=bucket)
    assert foreign(task) == []
    ours, theirs = synthesised(app, here, there)
    roles = names_of_roles(ours)  # they have names, so that the policy can name them before they are there
    arn = next(flat(each["Resource"]) for each in statements_of(theirs, "AWS::S3::BucketPolicy"))
    assert summary(statements_of(theirs, "AWS::S3::BucketPolicy")) == {
        roles["FirmwareUpdateRole"]: {
            ("s3:ListBucket", arn),
            ("s3:ListBucketVersions", arn),
            ("s3:GetObject", f"{arn}/firmware/*"),
        },
        roles["ProviderRole"]: {
            ("s3:GetEncryptionConfiguration", arn),
            ("s3:GetObject", f"{arn}/firmware/*"),
            ("s3:PutObject", f"{arn}/firmware/*"),
        },
    }


def test_a_bucket_without_any_policy_gets_one_before_the_task(app, here, there, image):
    bucket = s3.Bucket(there, "Bucket", bucket_name="acme-firmware")
    make_task(here, image, firmware_bucket=bucket)
    _, theirs = synthesised(app, here, there)
    assert len(statements_of(theirs, "AWS::S3::BucketPolicy")) >= 3
    assert there in here.dependencies


def test_the_policy_of_the_key_lets_them_in_too(app, here, there, image):
    bucket = FirmwareBucket(there, "Bucket", bucket_name="acme-firmware", encryption_key=kms.Key(there, "Key"))
    task = make_task(here, image, firmware_bucket=bucket)
    assert foreign(task) == []
    ours, theirs = synthesised(app, here, there)
    roles = names_of_roles(ours)
    assert summary(statements_of(theirs, "AWS::KMS::Key", "KeyPolicy")) == {
        roles["FirmwareUpdateRole"]: {("kms:Decrypt", "*")},
        roles["ProviderRole"]: {("kms:Decrypt", "*"), ("kms:GenerateDataKey", "*")},
    }
    # A key has no name that could be made up: the roles may use keys of that account, and the key decides.
    policies = [body for body in ours["Resources"].values() if body["Type"] == "AWS::IAM::Policy"]
    used = {
        flat(resource)
        for policy in policies
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:Decrypt" in each["Action"] and each.get("Sid") != "DecryptAssets"
        for resource in (each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]])
    }
    assert len(used) == 1
    assert next(iter(used)).endswith(f":kms:eu-west-1:{OTHERS}:key/*")


def test_cdk_nag_finds_nothing(app, here, there, image):
    key = kms.Key(there, "Key", enable_key_rotation=True)
    bucket = FirmwareBucket(there, "Bucket", bucket_name="acme-firmware", encryption_key=key)
    make_task(here, image, firmware_bucket=bucket)
    make_task(here, FirmwareImage.from_bucket(bucket, "meters/2.bin"), "InBucket")
    make_rollout(here, image, firmware_bucket=bucket)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    for template in synthesised(app, here, there):
        assert [str(match) for match in cfnlint.api.lint(json.dumps(template))] == []


def test_an_image_in_a_bucket_is_read_and_not_copied(app, here, there):
    bucket = s3.Bucket(there, "Bucket", bucket_name="acme-firmware", enforce_ssl=True)
    role = FirmwareUpdateRole(here, "Role")
    task = make_task(here, FirmwareImage.from_bucket(bucket, "meters/2.bin"), firmware_update_role=role)
    assert foreign(task) == []
    ours, theirs = synthesised(app, here, there)
    [allowed] = summary(statements_of(theirs, "AWS::S3::BucketPolicy")).values()
    assert {action for action, _ in allowed} == {"s3:GetObject", "s3:ListBucket", "s3:ListBucketVersions"}
    assert next(resource for action, resource in allowed if action == "s3:GetObject").endswith("/meters/2.bin")
    assert len(ours["Resources"]) > 1


def test_two_tasks_with_one_bucket_say_it_once(app, here, there, image):
    bucket = FirmwareBucket(there, "Bucket", bucket_name="acme-firmware")
    make_task(here, image, firmware_bucket=bucket)
    make_task(here, image, "Other", firmware_bucket=bucket)
    _, theirs = synthesised(app, here, there)
    statements = [json.dumps(each) for each in statements_of(theirs, "AWS::S3::BucketPolicy")]
    assert len(statements) == len(set(statements))


def test_an_imported_bucket_of_another_account_is_a_warning_with_the_statement(app, here, image):
    bucket = s3.Bucket.from_bucket_attributes(here, "Bucket", bucket_name="acme", account=OTHERS)
    role = iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{OURS}:role/acme-fuota")
    [message] = foreign(make_task(here, FirmwareImage.from_bucket(bucket, "meters/2.bin"), firmware_update_role=role))
    assert message.startswith(f"the firmware bucket is of account {OTHERS} and the task of {OURS}")
    assert (
        '{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/acme-fuota"}, "Action":'
        ' ["s3:GetObject"], "Resource": "arn:aws:s3:::acme/meters/2.bin"} to the bucket policy'
    ) in message
    assert "kms:Decrypt to the policy of the KMS key, if one encrypts the bucket" in message
    [copied] = foreign(make_task(here, image, "Copied", firmware_bucket=bucket))
    assert (
        '"Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": ["s3:GetObject", "s3:PutObject"],'
        ' "Resource": "arn:aws:s3:::acme/firmware/*"'
    ) in copied


def test_the_warning_can_be_acknowledged(app, here, image):
    bucket = s3.Bucket.from_bucket_attributes(here, "Bucket", bucket_name="acme", account=OTHERS)
    task = make_task(here, image, firmware_bucket=bucket)
    cdk.Annotations.of(task).acknowledge_warning("image-account", "they have added it")
    app.synth()
    Annotations.from_stack(here).has_no_warning("*", Match.string_like_regexp("image-account"))


def test_a_key_that_was_imported_is_said(here, there, image):
    key = kms.Key.from_key_arn(there, "Key", KEY)
    bucket = FirmwareBucket(there, "Bucket", bucket_name="acme-firmware", encryption_key=key)
    [message] = foreign(make_task(here, image, firmware_bucket=bucket))
    assert "to the policy of the KMS key" in message
    assert "to the bucket policy" not in message


def test_the_policy_of_a_key_elsewhere_lets_them_in_to_a_bucket_of_ours(app, here, there, image):
    bucket = FirmwareBucket(here, "Bucket", encryption_key=kms.Key(there, "Key"))
    task = make_task(here, image, firmware_bucket=bucket)
    assert foreign(task) == []
    ours, theirs = synthesised(app, here, there)
    roles = names_of_roles(ours)
    assert summary(statements_of(theirs, "AWS::KMS::Key", "KeyPolicy")) == {
        roles["FirmwareUpdateRole"]: {("kms:Decrypt", "*")},
        roles["ProviderRole"]: {("kms:Decrypt", "*"), ("kms:GenerateDataKey", "*")},
    }
    assert "aws:PrincipalArn" not in json.dumps(ours)


def test_a_key_elsewhere_of_a_bucket_of_ours_is_said_where_it_was_imported(here, image):
    bucket = FirmwareBucket(here, "Bucket", encryption_key=kms.Key.from_key_arn(here, "Key", KEY))
    [message] = foreign(make_task(here, image, firmware_bucket=bucket))
    assert message.startswith(f"the KMS key of the firmware bucket is of account {OTHERS} and the task of {OURS}")
    assert '"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"} to the policy of the KMS key' in message
    assert "bucket policy" not in message
    read = FirmwareImage.from_bucket(bucket, "meters/2.bin")
    assert '"Action": ["kms:Decrypt"], "Resource": "*"}' in foreign(make_task(here, read, "Read"))[0]


def make_rollout(here, image, **given):
    return FuotaRollout(
        here,
        "Rollout",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        redundancy_percent=30,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(30),
        targets=RolloutTargets.device_profile("profile"),
        **given,
    )


def test_a_rollout_keeps_its_evidence_there_and_who_may_reads_it(app, here, there, image):
    key = kms.Key(there, "Key")
    bucket = FirmwareBucket(there, "Bucket", bucket_name="acme-firmware", encryption_key=key)
    assert foreign(make_rollout(here, image, firmware_bucket=bucket)) == []
    ours, theirs = synthesised(app, here, there)
    [name] = [
        body["Properties"]["RoleName"]
        for role, body in ours["Resources"].items()
        if body["Type"] == "AWS::IAM::Role" and "RolloutFunctionRole" in role
    ]
    allowed = summary(statements_of(theirs, "AWS::S3::BucketPolicy"))[name]
    assert {(action, resource.partition(">")[2]) for action, resource in allowed} == {
        ("s3:GetEncryptionConfiguration", ""),
        ("s3:ListBucket", ""),
        ("s3:GetObject", f"/{image.key}"),
        ("s3:GetObject", "/rollouts/*"),
        ("s3:PutObject", "/rollouts/*"),
    }
    in_key = summary(statements_of(theirs, "AWS::KMS::Key", "KeyPolicy"))[name]
    assert in_key == {("kms:Decrypt", "*"), ("kms:GenerateDataKey", "*")}
    [policy] = [body for body in theirs["Resources"].values() if body["Type"] == "AWS::S3::BucketPolicy"]
    to_account = [
        (each["Action"], flat(each["Resource"]).partition(">")[2])
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
        if "Condition" not in each
    ]
    assert to_account == [("s3:ListBucket", ""), ("s3:GetObject", "/rollouts/*")]


def test_what_a_rollout_needs_of_an_imported_bucket_is_said(here, image):
    bucket = s3.Bucket.from_bucket_attributes(here, "Bucket", bucket_name="acme", account=OTHERS)
    [message] = foreign(make_rollout(here, image, firmware_bucket=bucket))
    assert f"and the rollout of {OURS}, and this app cannot let its roles in: account {OTHERS} must add" in message
    assert '"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::acme/firmware/*"' in message
    assert '"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::acme/rollouts/*"' in message


@pytest.mark.parametrize(
    "make",
    [
        lambda here: s3.Bucket.from_bucket_name(here, "Bucket", "acme"),
        lambda here: s3.Bucket.from_bucket_attributes(here, "Bucket", bucket_name="acme", account=OURS),
        lambda here: s3.Bucket.from_bucket_attributes(here, "Bucket", bucket_name="acme", account=cdk.Aws.ACCOUNT_ID),
        lambda here: FirmwareBucket(here, "Bucket"),
        lambda _: None,
    ],
)
def test_a_bucket_that_may_be_ours_is_left_as_it_is(app, here, image, make):
    task = make_task(here, image, firmware_bucket=make(here))
    assert foreign(task) == []
    [ours] = synthesised(app, here)
    assert "aws:PrincipalArn" not in json.dumps(ours)
    assert "RoleName" not in json.dumps(ours)


def test_a_stack_without_an_environment_may_be_anywhere(app, stack, image):
    bucket = s3.Bucket.from_bucket_attributes(stack, "Bucket", bucket_name="acme", account=OTHERS)
    assert foreign(make_task(stack, image, firmware_bucket=bucket)) == []


def test_cdk_nag_is_answered_for_an_image_with_an_asterisk_in_its_key(app, here):
    bucket = s3.Bucket(here, "Bucket")
    image = FirmwareImage.from_bucket(bucket, "meters/*.bin", size_bytes=10_000)
    make_rollout(here, image)
    [ours] = synthesised(app, here)
    assert "/meters/${*}.bin" in json.dumps(ours)
