"""Settings of buckets that are no `FirmwareBucket`, which has its own tests: lifecycle rules and encryption."""

from datetime import UTC, datetime

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import FirmwareBucket, FirmwareImage, FuotaTask, RfRegion

DAYS = cdk.Duration.days(30)
RULE = s3.CfnBucket.RuleProperty
IMAGE_BYTES = 8
UNKNOWN_SIZE = cdk.Token.as_number(cdk.Fn.import_value("size"))


def moved_to(storage_class: s3.StorageClass) -> s3.LifecycleRule:
    return s3.LifecycleRule(transitions=[s3.Transition(storage_class=storage_class, transition_after=DAYS)])


def bucket(**given):
    return lambda scope: s3.Bucket(scope, "Bucket", **given)


def l1(*rules):
    configuration = s3.CfnBucket.LifecycleConfigurationProperty(rules=list(rules))
    return lambda scope: s3.CfnBucket(scope, "Bucket", lifecycle_configuration=configuration)


def bucket_with(**rule):
    return bucket(lifecycle_rules=[s3.LifecycleRule(**rule)])


ARCHIVED = [s3.IntelligentTieringConfiguration(name="cold", archive_access_tier_time=cdk.Duration.days(90))]


def said(task: FuotaTask) -> list[str]:
    return [finding.message for finding in task.findings if finding.rule == "firmware-lifecycle"]


def task_on(stack, path, **given) -> FuotaTask:
    return FuotaTask(
        stack, "Task", **{"firmware_image": FirmwareImage.from_asset(path), "rf_region": RfRegion.EU868, **given}
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "fw.bin"
    path.write_bytes(b"f" * IMAGE_BYTES)
    return path


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (bucket(), None),
        (bucket_with(expiration=DAYS), "deletes images,"),
        (bucket_with(expiration_date=datetime(2027, 1, 1, tzinfo=UTC)), "deletes images,"),
        (bucket_with(expiration=DAYS, prefix="firm"), "deletes images,"),
        (bucket_with(expiration=DAYS, prefix="logs/"), None),
        (bucket_with(expiration=DAYS, enabled=False), None),
        (bucket_with(expiration=DAYS, tag_filters={"kind": "log"}), None),
        (bucket_with(expiration=DAYS, object_size_greater_than=IMAGE_BYTES), None),
        (bucket_with(expiration=DAYS, object_size_greater_than=IMAGE_BYTES - 1), "deletes images,"),
        (bucket_with(expiration=DAYS, object_size_less_than=IMAGE_BYTES), None),
        (bucket_with(noncurrent_version_expiration=DAYS), None),
        (bucket(lifecycle_rules=[moved_to(s3.StorageClass.DEEP_ARCHIVE)]), "moves images to DEEP_ARCHIVE,"),
        (bucket(lifecycle_rules=[moved_to(s3.StorageClass.INTELLIGENT_TIERING)]), None),
        (
            bucket(
                lifecycle_rules=[moved_to(s3.StorageClass.INTELLIGENT_TIERING)],
                intelligent_tiering_configurations=ARCHIVED,
            ),
            "moves images to INTELLIGENT_TIERING,",
        ),
        (l1(RULE(status="Enabled", expiration_in_days=1)), "deletes images,"),
        (l1(RULE(status="Enabled", expiration_in_days=1, object_size_greater_than=UNKNOWN_SIZE)), "deletes images,"),
        (l1(RULE(status="Enabled", expiration_in_days=1, prefix=cdk.Fn.import_value("prefix"))), None),
        (l1(RULE(status=cdk.Fn.import_value("status"), expiration_in_days=1)), "deletes images,"),
        (
            l1(
                RULE(
                    status="Enabled",
                    transition=s3.CfnBucket.TransitionProperty(storage_class="GLACIER", transition_in_days=1),
                )
            ),
            "moves images to GLACIER,",
        ),
        (l1(cdk.Token.as_any({"Fn::If": ["Short", {"Status": "Enabled"}, {"Ref": "AWS::NoValue"}]})), None),
        (lambda scope: s3.Bucket.from_bucket_name(scope, "Bucket", "acme-firmware"), None),
    ],
)
def test_what_the_rules_of_a_bucket_do_to_an_image(stack, path, make, expected):
    found = said(task_on(stack, path, firmware_bucket=make(stack)))
    assert len(found) == (1 if expected else 0)
    assert all(f"firmware bucket {expected}" in message for message in found)


@pytest.mark.parametrize("kind", [s3.Bucket, FirmwareBucket])
def test_an_image_in_a_bucket_is_known_by_its_key(stack, path, kind):
    given = kind(stack, "Bucket", lifecycle_rules=[s3.LifecycleRule(expiration=DAYS, prefix="releases/")])
    for key, warnings in (("releases/1.bin", 1), ("other/1.bin", 0), (f"{cdk.Fn.import_value('key')}.bin", 0)):
        task = task_on(
            cdk.Stack(stack.node.root, f"With{warnings}{len(key)}"), path, firmware_image=given_at(given, key)
        )
        assert len(said(task)) == warnings, key


def given_at(bucket, key):
    return FirmwareImage.from_bucket(bucket, key)


@jsii.implements(cdk.IAspect)
class ShortLife:
    """What the platform team of a company puts on every bucket."""

    def visit(self, node):
        if isinstance(node, s3.CfnBucket):
            node.lifecycle_configuration = s3.CfnBucket.LifecycleConfigurationProperty(
                rules=[RULE(status="Enabled", expiration_in_days=30)]
            )


def test_rules_that_come_later_are_seen(stack, path):
    """Also those of the default bucket."""
    given = s3.Bucket(stack, "Bucket")
    task_on(stack, path, firmware_bucket=given)
    given.add_lifecycle_rule(expiration=DAYS)
    other = cdk.Stack(stack.node.root, "Other")
    task_on(other, path)
    cdk.Aspects.of(other).add(ShortLife())
    for each in (stack, other):
        assert Annotations.from_stack(each).find_warning(
            f"/{each.node.path}/Task", Match.string_like_regexp("deletes images")
        )


def encrypted_by(algorithm: str) -> s3.CfnBucket.BucketEncryptionProperty:
    default = s3.CfnBucket.ServerSideEncryptionByDefaultProperty(sse_algorithm=algorithm)
    rule = s3.CfnBucket.ServerSideEncryptionRuleProperty(server_side_encryption_by_default=default)
    return s3.CfnBucket.BucketEncryptionProperty(server_side_encryption_configuration=[rule])


@pytest.mark.parametrize(
    ("make", "warned"),
    [
        (bucket(), False),
        (bucket(encryption=s3.BucketEncryption.S3_MANAGED), False),
        (bucket(encryption=s3.BucketEncryption.KMS_MANAGED), True),
        (bucket(encryption=s3.BucketEncryption.DSSE_MANAGED), True),
        (lambda scope: s3.CfnBucket(scope, "Bucket", bucket_encryption=encrypted_by("AES256")), False),
        (lambda scope: s3.CfnBucket(scope, "Bucket", bucket_encryption=encrypted_by("aws:kms")), True),
    ],
)
def test_a_bucket_that_encrypts_with_a_key_it_does_not_name(stack, path, make, warned):
    task = task_on(stack, path, firmware_bucket=make(stack))
    assert ("image-encryption" in {finding.rule for finding in task.findings}) is warned


def test_encryption_that_comes_later_is_seen(stack, path):
    given = s3.CfnBucket(stack, "Bucket")
    task = task_on(stack, path, firmware_bucket=given)
    assert "image-encryption" not in {finding.rule for finding in task.findings}
    given.bucket_encryption = encrypted_by("aws:kms:dsse")
    assert "image-encryption" in {finding.rule for finding in task.findings}


@pytest.mark.parametrize("ids", [["Default"], ["Resource"], ["Default", "Resource"]])
def test_what_others_put_below_an_imported_bucket_is_not_asked(stack, path, ids):
    imported = s3.Bucket.from_bucket_name(stack, "Imported", "firmware")
    for id_ in ids:
        cdk.CfnResource(imported, id_, type="Custom::Other")
    assert said(task_on(stack, path, firmware_bucket=imported)) == []
