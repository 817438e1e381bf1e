"""What the tasks of a stack share, across stacks too: one copy an image, and all of it outlives the tasks."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareBucket, FirmwareImage, FirmwareUpdateRole

from ..made_task import COPY, TASK, make_task


@pytest.mark.parametrize("own", [False, True])
def test_r30_policies_role_and_bucket_outlive_the_custom_resources(stack, image, synth, own):
    given = {}
    if own:
        given["firmware_bucket"] = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
        given["firmware_update_role"] = FirmwareUpdateRole(stack, "Role")
    make_task(stack, image, **given)
    template = synth(stack)
    [task], [copy] = template.all(TASK), template.all(COPY)
    body = template["Resources"][task]
    named = {body["Properties"]["FirmwareObject"]["Ref"]} if "FirmwareObject" in body["Properties"] else set()
    direct = {*body.get("DependsOn", []), *named} - set(template.all("AWS::IAM::Role"))
    policies = set(template.all("AWS::IAM::Policy"))
    assert len(policies) == (4 if own else 2)
    assert len(direct) == 1  # the policy of the image, or where there is none the copy: each waits for the rest
    assert direct <= (policies if own else {copy})
    everything = template.needed_by(task)
    assert policies | {copy} <= everything
    assert set(template.all("AWS::S3::BucketPolicy")) <= everything
    assert set(template.all("AWS::IAM::Role")) | set(template.all("AWS::S3::Bucket")) <= everything
    assert set(template.all("AWS::Logs::LogGroup")) <= everything
    assert len(template["Resources"][copy]["DependsOn"]) == 1  # two would have to be sorted, which costs a synth 5 ms
    assert set(template.all("AWS::S3::BucketPolicy")) <= template.needed_by(copy)
    function = template.only("AWS::Lambda::Function")
    assert any(name.startswith("FuotaConstructsProviderPolicy") for name in function["DependsOn"])


def test_r30_a_task_that_waits_for_nothing_else_waits_for_the_policy_of_the_provider(stack, synth):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/reader", mutable=False)
    make_task(stack, FirmwareImage.from_bucket(bucket, "sensor.bin"), firmware_update_role=role)
    [waited_for] = synth(stack).only(TASK)["DependsOn"]
    assert waited_for.startswith("FuotaConstructsProviderPolicy")


def test_one_copy_for_each_image_and_bucket(stack, image, firmware, tmp_path, synth):
    other = tmp_path / "other.bin"
    other.write_bytes(b"other")
    bucket = FirmwareBucket(stack, "Bucket")
    make_task(stack, image, "A")
    make_task(stack, image, "B")
    make_task(stack, FirmwareImage.from_asset(firmware), "C")
    make_task(stack, image, "D", firmware_bucket=bucket)
    make_task(stack, FirmwareImage.from_asset(other), "E")
    assert len(synth(stack).all(COPY)) == 3


def test_copy_has_size_and_hash(stack, image, synth):
    make_task(stack, image)
    copy = synth(stack).properties(COPY)
    assert copy["Sha256"] == image.sha256
    assert copy["SizeBytes"] == 1000
    assert copy["SourceKey"] == f"{image.sha256}.bin"
    assert copy["DestinationKey"] == f"firmware/{image.sha256[:16]}/sensor-1.1.0.bin"


def test_id_of_a_task_crosses_stacks(app, stack, image, synth):
    task = make_task(stack, image)
    other = cdk.Stack(app, "Other")
    cdk.CfnOutput(other, "TaskId", value=task.fuota_task_id)
    assert "Fn::ImportValue" in synth(other)["Outputs"]["TaskId"]["Value"]
