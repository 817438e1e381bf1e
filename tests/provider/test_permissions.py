"""What the provider of a stack may do, whatever the number of its tasks."""

import re

import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareBucket, FirmwareImage, FirmwareUpdateRole
from fuota_constructs.provider.fuota_provider import RUNTIME_DIRECTORY

from ..made_task import TASK, make_task

CHANGING = {f"iotwireless:{name}" for name in ("UpdateFuotaTask", "DeleteFuotaTask", "TagResource", "UntagResource")}


def provider_policy(template):
    [body] = [b for n, b in template.all("AWS::IAM::Policy").items() if n.startswith("FuotaConstructsProviderPolicy")]
    return template.statements(body["Properties"])


@pytest.mark.parametrize("count", [1, 50])
def test_r31_one_provider_and_a_policy_of_fixed_size(stack, image, synth, count):
    for number in range(count):
        make_task(stack, image, f"Task{number}")
    template = synth(stack)
    assert len(template.all(TASK)) == count
    assert len(template.all("AWS::Lambda::Function")) == 1
    statements = provider_policy(template)
    assert [statement["Sid"] for statement in statements] == [
        "CreateAndListTasks",
        "ReadTasks",
        "ManageTasks",
        "AttachTargets",
        "ReadOwnStack",
        "WriteLogs",
        "PassFirmwareUpdateRole",
        "ReadAssets",
        "DecryptAssets",
        "WriteFirmware",
    ]
    assert sum(len(statement["Resource"]) for statement in statements) == 11
    assert len(template["Resources"]) == 9 + count


def test_provider_may_decrypt_assets_and_nothing_else(stack, image, synth):
    """Bootstrapped with a key of one's own, or staged by AppStagingSynthesizer, they are encrypted with that key."""
    make_task(stack, image)
    [statement] = [s for s in provider_policy(synth(stack)) if s["Sid"] == "DecryptAssets"]
    assert statement["Action"] == ["kms:Decrypt"]
    like = statement["Condition"]["StringLike"]
    assert like["kms:ViaService"] == "s3.*"
    bucket = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", bucket]
    assert like["kms:EncryptionContext:aws:s3:arn"] == [{"Fn::Join": ["", arn]}, {"Fn::Join": ["", [*arn, "/*"]]}]


def test_provider_may_pass_exactly_the_roles_of_the_tasks_to_iot_wireless_only(stack, image, synth):
    roles = [FirmwareUpdateRole(stack, f"Role{n}") for n in range(2)]
    for n in range(4):
        make_task(stack, image, f"Task{n}", firmware_update_role=roles[n % 2])
    [statement] = [s for s in provider_policy(synth(stack)) if "iam:PassRole" in s["Action"]]
    assert statement["Resource"] == [stack.resolve(role.role_arn) for role in roles]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "iotwireless.amazonaws.com"}}


def test_provider_may_change_no_task_of_another_stack(stack, image, synth):
    make_task(stack, image)
    changing = [s for s in provider_policy(synth(stack)) if set(s["Action"]) & CHANGING and "FuotaTask/" in str(s)]
    [tag] = re.findall('^STACK_ID = PREFIX \\+ "(.+)"$', (RUNTIME_DIRECTORY / "task_tags.py").read_text(), re.MULTILINE)
    condition = {"StringEqualsIfExists": {f"aws:ResourceTag/fuota-constructs:{tag}": {"Ref": "AWS::StackId"}}}
    assert [statement["Condition"] for statement in changing] == [condition]


def test_provider_may_read_its_own_stack_only(stack, image, synth):
    make_task(stack, image)
    [statement] = [s for s in provider_policy(synth(stack)) if "cloudformation:DescribeStacks" in s["Action"]]
    assert statement["Action"] == ["cloudformation:DescribeStackResource", "cloudformation:DescribeStacks"]
    assert statement["Resource"] == [{"Ref": "AWS::StackId"}]


def test_provider_reads_no_assets_where_nothing_is_copied(stack, synth):
    image = FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), "key")
    make_task(stack, image)
    sids = {statement["Sid"] for statement in provider_policy(synth(stack))}
    assert not {"ReadAssets", "WriteFirmware", "UseFirmwareKey"} & sids


def test_provider_may_use_the_key_of_the_bucket(stack, image, synth):
    bucket = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
    make_task(stack, image, firmware_bucket=bucket)
    [statement] = [s for s in provider_policy(synth(stack)) if s["Sid"] == "UseFirmwareKey"]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Resource"] == [stack.resolve(bucket.encryption_key.key_arn)]
