"""The bucket and role of tasks that are given none: what a user would make, and usable like it."""

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from fuota_constructs import FirmwareBucket, FirmwareImage, FirmwareUpdateRole, FuotaTask, RfRegion

BUCKET, BUCKET_POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"


@pytest.fixture
def task(stack, image):
    return FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)


def firmware_role(template):
    """The one role that IoT Wireless assumes: its logical id and body."""
    [role] = [
        (name, body)
        for name, body in template.all("AWS::IAM::Role").items()
        if "iotwireless.amazonaws.com" in json.dumps(body)
    ]
    return role


def test_they_are_what_firmware_bucket_and_firmware_update_role_make(app, stack, task, synth):
    other = cdk.Stack(app, "Other")
    FirmwareBucket(other, "Bucket")
    FirmwareUpdateRole(other, "Role")
    default, own = synth(stack), synth(other)
    assert default.only(BUCKET) == own.only(BUCKET)
    [name], [own_name] = default.all(BUCKET), own.all(BUCKET)
    renamed = json.loads(json.dumps(own.only(BUCKET_POLICY)).replace(own_name, name))
    assert default.only(BUCKET_POLICY) == renamed
    assert firmware_role(default)[1] == firmware_role(own)[1]


def test_tags_reach_them(stack, task, synth):
    cdk.Tags.of(stack).add("fleet", "meters")
    template = synth(stack)
    for properties in (template.properties(BUCKET), firmware_role(template)[1]["Properties"]):
        assert properties["Tags"] == [{"Key": "fleet", "Value": "meters"}]


def test_the_bucket_can_be_read_and_granted(stack, image, task, synth):
    again = FuotaTask(stack, "Again", firmware_image=image, rf_region=RfRegion.EU868)
    assert again.firmware_bucket is task.firmware_bucket
    uploader = iam.User(stack, "Uploader")
    task.firmware_bucket.grant_put(uploader, "firmware/*")
    cdk.CfnOutput(stack, "Name", value=task.firmware_bucket.bucket_name)
    cdk.CfnOutput(stack, "Arn", value=task.firmware_bucket.bucket_arn)
    template = synth(stack)
    [bucket] = template.all(BUCKET)
    assert template["Outputs"]["Name"]["Value"] == {"Ref": bucket}
    assert template["Outputs"]["Arn"]["Value"] == {"Fn::GetAtt": [bucket, "Arn"]}
    [granted] = [body for name, body in template.all("AWS::IAM::Policy").items() if name.startswith("Uploader")]
    [statement] = granted["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/firmware/*"]]}


def test_the_bucket_can_hold_the_image_of_another_task(stack, task, synth):
    image = FirmwareImage.from_bucket(task.firmware_bucket, "firmware/special.bin")
    FuotaTask(stack, "Special", firmware_image=image, rf_region=RfRegion.EU868)
    template = synth(stack)
    [bucket] = template.all(BUCKET)
    uris = [body["Properties"]["FirmwareUpdateImage"] for body in template.all("Custom::FuotaTask").values()]
    assert {"Fn::Join": ["", ["s3://", {"Ref": bucket}, "/firmware/special.bin"]]} in uris


def test_given_to_another_task_they_are_the_same(stack, image, task, synth):
    FuotaTask(
        stack,
        "Again",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        firmware_bucket=task.firmware_bucket,
        firmware_update_role=task.firmware_update_role,
    )
    template = synth(stack)
    first, second = template.all("Custom::FuotaTask").values()
    assert first["Properties"] == second["Properties"]
    assert len(template.all("Custom::FirmwareObject")) == 1
    assert len(template.all("AWS::IAM::Policy")) == 2


def test_given_to_a_task_of_another_stack_they_cross_over(app, stack, image, task, synth):
    other = cdk.Stack(app, "Other")
    FuotaTask(
        other,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        firmware_bucket=task.firmware_bucket,
        firmware_update_role=task.firmware_update_role,
    )
    template = synth(other)
    assert "Fn::ImportValue" in json.dumps(template.properties("Custom::FuotaTask"))
    assert not template.all(BUCKET)
    assert len(template.all("AWS::IAM::Role")) == 1
    assert len(template.all("AWS::IAM::Policy")) == 3


def test_fails_with_what_is_missing_where_the_role_of_a_stack_without_a_place_crosses_over(app, task):
    """Without the name that is generated where needed, the CDK would ask for one that nobody can give."""
    elsewhere = cdk.Stack(app, "Elsewhere", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    cdk.CfnOutput(elsewhere, "Role", value=task.firmware_update_role.role_arn)
    with pytest.raises(RuntimeError, match="FirmwareUpdateRole, because the region is un-resolved or missing"):
        app.synth()


@pytest.mark.parametrize("env", [None, cdk.Environment(account="123456789012", region="eu-west-1")])
def test_the_role_can_be_given_more(app, image, env, synth):
    stack = cdk.Stack(app, "Pinned", env=env)
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    again = FuotaTask(stack, "Again", firmware_image=image, rf_region=RfRegion.EU868)
    assert again.firmware_update_role is task.firmware_update_role
    task.firmware_update_role.add_to_principal_policy(
        iam.PolicyStatement(actions=["kms:Decrypt"], resources=["arn:aws:kms:eu-west-1:123456789012:key/k"])
    )
    cdk.CfnOutput(stack, "Arn", value=task.firmware_update_role.role_arn)
    template = synth(stack)
    role, _ = firmware_role(template)
    assert template["Outputs"]["Arn"]["Value"] == {"Fn::GetAtt": [role, "Arn"]}
    [added] = [body for body in template.all("AWS::IAM::Policy").values() if "key/k" in json.dumps(body)]
    assert added["Properties"]["Roles"] == [{"Ref": role}]


def test_the_role_is_a_firmware_update_role(task):
    assert isinstance(task.firmware_update_role, FirmwareUpdateRole)


def test_the_policy_of_the_bucket_can_be_added_to(stack, image, task, synth):
    """There is one policy: S3 has room for one, and a second one would replace it."""
    partner = iam.AccountPrincipal("111122223333")
    task.firmware_bucket.grant_read(partner)
    arn = task.firmware_bucket.bucket_arn
    audit = iam.PolicyStatement(sid="Audit", actions=["s3:GetBucketPolicy"], resources=[arn], principals=[partner])
    assert task.firmware_bucket.add_to_resource_policy(audit).statement_added
    template = synth(stack)
    [bucket] = template.all(BUCKET)
    policy = template.properties(BUCKET_POLICY)
    assert policy["Bucket"] == {"Ref": bucket}
    tls, *granted = template.statements(policy)
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {"s3:GetObject*", "s3:GetBucketPolicy"} <= {action for each in granted for action in each["Action"]}
    assert any(statement.get("Sid") == "Audit" for statement in granted)


def test_the_bucket_is_a_whole_bucket(stack, task, synth):
    from aws_cdk import aws_s3 as s3

    bucket = task.firmware_bucket
    assert isinstance(bucket, s3.Bucket)
    assert isinstance(bucket.policy, s3.BucketPolicy)
    bucket.add_lifecycle_rule(noncurrent_version_expiration=cdk.Duration.days(30))
    bucket.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
    made = synth(stack).only(BUCKET)
    [rule] = made["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert made["DeletionPolicy"] == "Delete"
