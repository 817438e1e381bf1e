"""FirmwareBucket: private, TLS only, versioned, kept."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import FirmwareBucket, FirmwareImage, FuotaTask, FuotaValidationError, RfRegion

KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}],
}


@pytest.mark.parametrize(
    "given",
    [{}, dict.fromkeys(("versioned", "enforce_ssl", "removal_policy", "auto_delete_objects"))],
    ids=["none", "None"],
)
def test_defaults(stack, synth, given):
    FirmwareBucket(stack, "Bucket", **given)
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


def test_what_a_bucket_can_have_is_passed_on(stack, synth):
    FirmwareBucket(
        stack,
        "Bucket",
        auto_delete_objects=True,
        removal_policy=cdk.RemovalPolicy.DESTROY,
        bucket_key_enabled=False,
        encryption_key=kms.CfnKey(stack, "Key", key_policy=KEY_POLICY),
        event_bridge_enabled=True,
        minimum_tls_version=1.2,
        object_lock_enabled=True,
        object_lock_default_retention=s3.ObjectLockRetention.compliance(cdk.Duration.days(1)),
        server_access_logs_bucket=s3.CfnBucket(stack, "Logs"),
        versioned=True,
    )
    template = synth(stack)
    bucket = template.all("AWS::S3::Bucket")["Bucket83908E77"]["Properties"]
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["LoggingConfiguration"] == {"DestinationBucketName": {"Ref": "Logs"}}
    [encryption] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["BucketKeyEnabled"] is False
    assert encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert template.all("Custom::S3AutoDeleteObjects")


@pytest.mark.parametrize("logs", ["acme-logs", "arn:aws:s3:::acme-logs", 7])
def test_fails_when_the_bucket_for_logs_is_none(stack, logs):
    """Left out without a word, there would be no logs."""
    with pytest.raises(FuotaValidationError, match=f"server_access_logs_bucket is {logs!r}; give a bucket") as raised:
        FirmwareBucket(stack, "Bucket", server_access_logs_bucket=logs)
    assert (raised.value.rule, raised.value.construct_path) == ("firmware-bucket", "Stack/Bucket")


@pytest.mark.parametrize("name", ["versioned", "enforce_ssl"])
def test_fails_when_it_would_not_be_what_it_promises(stack, name):
    with pytest.raises(FuotaValidationError, match=f"{name} is False; leave it out, or give an s3.Bucket") as raised:
        FirmwareBucket(stack, "Bucket", **{name: False})
    assert raised.value.construct_path == "Stack/Bucket"


@pytest.mark.parametrize("name", ["public_read_access", "website_index_document", "access_control", "cors"])
def test_fails_for_what_would_make_it_public(stack, name):
    with pytest.raises(TypeError, match=f"FirmwareBucket has no parameter '{name}'"):
        FirmwareBucket(stack, "Bucket", **{name: True})


DAYS = cdk.Duration.days(30)
TO_GLACIER = s3.Transition(storage_class=s3.StorageClass.GLACIER, transition_after=DAYS)
AT_ONCE = s3.Transition(storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=DAYS)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"expiration": DAYS}, ["deletes images"]),
        ({"expiration": DAYS, "prefix": "firmware/0a"}, ["deletes images"]),
        ({"transitions": [TO_GLACIER], "prefix": "firm"}, ["moves images to GLACIER"]),
        ({"transitions": [AT_ONCE]}, []),
        ({"expiration": DAYS, "prefix": "logs/"}, []),
        ({"expiration": DAYS, "enabled": False}, []),
        ({"noncurrent_version_expiration": DAYS}, []),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_rules_that_take_images_away_are_warned_of(stack, rule, said, later):
    if later:
        FirmwareBucket(stack, "Bucket").add_lifecycle_rule(**rule)
    else:
        FirmwareBucket(stack, "Bucket", lifecycle_rules=[s3.LifecycleRule(**rule)])
    warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("lifecycle rule"))
    assert len(warnings) == len(said)
    for text, warning in zip(said, warnings, strict=True):
        assert text in str(warning.entry.data)
