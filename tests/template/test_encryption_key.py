"""KMS keys and their aliases: what policies name is the key, never an alias."""

import json

import aws_cdk as cdk
import constructs
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm

from fuota_constructs import FirmwareBucket, FirmwareImage, FuotaTask, FuotaValidationError, RfRegion

ARN = "arn:aws:kms:eu-west-1:111122223333:key/5c6e9d2c-3a41-4c6a-9d2e-1f0a6b7c8d9e"


KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}],
}


def alias_of(stack, key):
    return kms.Alias(stack, "Alias", alias_name="alias/firmware", target_key=key)


KEYS = {
    "key": lambda stack: kms.Key(stack, "Key"),
    "added alias": lambda stack: kms.Key(stack, "Key").add_alias("alias/firmware"),
    "alias": lambda stack: alias_of(stack, kms.Key(stack, "Key")),
    "alias of an alias": lambda stack: alias_of(stack, kms.Key(stack, "Key").add_alias("alias/first")),
    "imported alias with its key": lambda stack: kms.Alias.from_alias_attributes(
        stack, "Alias", alias_name="alias/firmware", alias_target_key=kms.Key(stack, "Key")
    ),
    "imported key": lambda stack: kms.Key.from_key_arn(stack, "Key", ARN),
    "alias of an imported key": lambda stack: alias_of(stack, kms.Key.from_key_arn(stack, "Key", ARN)),
    "view of an L1 key": lambda stack: kms.Key.from_cfn_key(kms.CfnKey(stack, "Key", key_policy=KEY_POLICY)),
}
BUCKETS = {
    "FirmwareBucket": lambda stack, key: FirmwareBucket(stack, "Bucket", encryption_key=key),
    "s3.Bucket": lambda stack, key: s3.Bucket(
        stack, "Bucket", encryption=s3.BucketEncryption.KMS, encryption_key=key, enforce_ssl=True
    ),
    "imported": lambda stack, key: s3.Bucket.from_bucket_attributes(
        stack, "Bucket", bucket_name="acme", encryption_key=key
    ),
}


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("key", KEYS)
def test_policies_name_the_key(stack, image, synth, key, bucket):
    given = KEYS[key](stack)
    FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        firmware_bucket=BUCKETS[bucket](stack, given),
    )
    template = synth(stack)
    used = [
        json.dumps(resource)
        for policy in template.all("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:Decrypt" in statement["Action"] and statement.get("Sid") != "DecryptAssets"
        for resource in (
            [statement["Resource"]] if not isinstance(statement["Resource"], list) else statement["Resource"]
        )
    ]
    assert len(used) == 2  # the service's role decrypts, the provider encrypts
    keys = template.all("AWS::KMS::Key")
    expected = {"Fn::GetAtt": [*keys, "Arn"]} if keys else ARN
    assert used == [json.dumps(expected)] * 2


@pytest.mark.parametrize(
    "make",
    [
        lambda stack: kms.Alias.from_alias_name(stack, "Alias", "alias/fw"),
        lambda stack: kms.Key.from_key_arn(stack, "Alias", "arn:aws:kms:eu-west-1:111122223333:alias/fw"),
        lambda stack: alias_of(stack, kms.Alias.from_alias_name(stack, "Imported", "alias/fw")),
    ],
)
@pytest.mark.parametrize("bucket", BUCKETS)
def test_fails_for_an_alias_of_an_unknown_key(stack, image, bucket, make):
    key = make(stack)

    def use():
        given = BUCKETS[bucket](stack, key)
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket=given)

    words = r"the alias 'alias/fw', of which .* give kms.Key.from_lookup\(self, 'Key', alias_name='alias/fw'\)"
    with pytest.raises(FuotaValidationError, match=words) as raised:
        use()
    assert raised.value.rule == "encryption-key"


def test_fails_for_an_image_in_a_bucket_with_an_alias_of_an_unknown_key(stack):
    alias = kms.Alias.from_alias_name(stack, "Alias", "alias/fw")
    image = FirmwareImage.from_bucket(BUCKETS["imported"](stack, alias), "key")
    with pytest.raises(FuotaValidationError, match="the alias 'alias/fw', of which"):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_fails_for_a_key_of_another_region_than_its_bucket(app, image, bucket):
    """S3 makes the bucket all the same, and refuses what is put into it."""
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    there = cdk.Stack(app, "There", env=cdk.Environment(account="111122223333", region="us-east-1"))
    given = {"Imported": kms.Key.from_key_arn(stack, "Key", ARN.replace("eu-west-1", "us-east-1"))}
    if bucket == "imported":
        given["Made"] = kms.Key(there, "Key")
    for name, key in given.items():
        scope = constructs.Construct(stack, name)
        with pytest.raises(FuotaValidationError, match="the KMS key is in us-east-1 and the bucket in eu-west-1; S3"):
            FuotaTask(
                scope,
                "Task",
                firmware_image=image,
                rf_region=RfRegion.EU868,
                firmware_bucket=BUCKETS[bucket](scope, key),
            )


def test_a_key_that_is_looked_up_is_taken(app, image):
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    key = kms.Key.from_lookup(stack, "Key", alias_name="alias/fw")
    arn = ssm.StringParameter.from_string_parameter_name(stack, "Arn", "/fleet/key").string_value
    for number, given in enumerate((key, kms.Key.from_key_arn(stack, "ByArn", arn))):
        bucket = FirmwareBucket(stack, f"Bucket{number}", encryption_key=given)
        task = FuotaTask(stack, f"Task{number}", firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket=bucket)
        assert [finding.rule for finding in task.findings] == ["image-encryption"]
    app.synth()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda stack: kms.CfnKey(stack, "L1", key_policy={}),
            r"a CfnKey \(Stack/L1\); its policy does not let IAM policies decide; give kms.Key.from_key_arn",
        ),
        (
            lambda stack: kms.CfnAlias(stack, "L1", alias_name="alias/fw", target_key_id="key"),
            r"a CfnAlias \(Stack/L1\); give a key",
        ),
        (lambda _: "alias/fw", r"'alias/fw'; give kms.Key.from_lookup\(self, 'Key', alias_name='alias/fw'\)"),
        (lambda _: ARN, r"give a key, such as .* kms.Key.from_key_arn\(self, 'Key', 'arn:aws:kms:"),
        (lambda stack: stack, r"a Stack \(Stack\); give a key"),
        (lambda _: True, "True; give a key"),
    ],
)
def test_fails_for_what_is_no_key(stack, make, words):
    with pytest.raises(FuotaValidationError, match=words) as raised:
        FirmwareBucket(stack, "Bucket", encryption_key=make(stack))
    assert raised.value.construct_path == "Stack"
