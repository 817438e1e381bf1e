"""FirmwareBucket: private, TLS only, versioned, kept."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareBucket, FirmwareImage, FuotaTask, RfRegion


def test_defaults(stack, synth):
    FirmwareBucket(stack, "Bucket")
    template = synth(stack)
    bucket = template.only("AWS::S3::Bucket")
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    properties = bucket["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [statement] = template.properties("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_own_key_name_logs_and_removal(stack, synth):
    logs = s3.Bucket(stack, "Logs")
    FirmwareBucket(
        stack,
        "Bucket",
        bucket_name="acme-firmware",
        encryption_key=kms.Key(stack, "Key"),
        lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=cdk.Duration.days(30))],
        removal_policy=cdk.RemovalPolicy.DESTROY,
        server_access_logs_bucket=logs,
        server_access_logs_prefix="firmware/",
    )
    [bucket] = [
        body
        for body in synth(stack).all("AWS::S3::Bucket").values()
        if body["Properties"].get("BucketName") == "acme-firmware"
    ]
    assert bucket["DeletionPolicy"] == "Delete"
    properties = bucket["Properties"]
    [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["BucketKeyEnabled"] is True
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert properties["LoggingConfiguration"]["LogFilePrefix"] == "firmware/"
    assert properties["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


@pytest.mark.parametrize(
    "bucket",
    [
        lambda stack: FirmwareBucket.from_bucket_name(stack, "Bucket", "acme"),
        lambda stack: FirmwareBucket.from_bucket_arn(stack, "Bucket", "arn:aws:s3:::acme"),
        lambda stack: FirmwareBucket.from_bucket_attributes(
            stack, "Bucket", bucket_name="acme", encryption_key=kms.Key(stack, "Key")
        ),
    ],
)
def test_imported_buckets_are_taken(stack, image: FirmwareImage, synth, bucket):
    imported = bucket(stack)
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket=imported)
    template = synth(stack)
    assert template.properties("Custom::FirmwareObject")["DestinationBucket"] == "acme"
    assert not template.all("AWS::S3::Bucket")
    policies = str(template.all("AWS::IAM::Policy"))
    assert ("kms:GenerateDataKey" in policies) == (imported.encryption_key is not None)
