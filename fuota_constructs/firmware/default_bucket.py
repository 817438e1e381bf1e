"""The firmware bucket of tasks that are given none: what `FirmwareBucket(...)` makes, without loading `aws_cdk.aws_s3`.

Loading it would cost a synth more CPU than all the rest of this library, so that happens only where somebody does
something with the bucket. Tests hold the two buckets to be the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import jsii

from fuota_constructs.firmware.bucket_facts import BucketFacts
from fuota_constructs.synth_checks import Place
from fuota_constructs.template.typed_resource import attribute, typed_choice, typed_construct, typed_object, typed_part

if TYPE_CHECKING:
    import constructs
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3

_BLOCKED = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def make_default_bucket(scope: constructs.Construct) -> tuple[s3.IBucket, BucketFacts]:
    """Make a private, TLS only, versioned bucket that is kept when the stack goes."""
    bucket = typed_construct(
        scope,
        "FirmwareBucket",
        "aws_s3.Bucket",
        {
            "blockPublicAccess": typed_object("aws_s3.BlockPublicAccess", dict.fromkeys(_BLOCKED, True)),
            "encryption": typed_choice("aws_s3.BucketEncryption", "S3_MANAGED"),
            "enforceSSL": True,
            "objectOwnership": typed_choice("aws_s3.ObjectOwnership", "BUCKET_OWNER_ENFORCED"),
            "removalPolicy": cdk.RemovalPolicy.RETAIN,
            "versioned": True,
        },
        base=cdk.Resource,
    )
    key: kms.IKey | None = jsii.get(bucket, "encryptionKey")  # none, unless a property injector gives it one
    facts = BucketFacts(
        name=attribute(bucket, "bucketName"),
        arn=attribute(bucket, "bucketArn"),
        key_arn=key.key_arn if key else None,
        place=Place(),
        identity="Default",
        policy=_policy_of(bucket),
    )
    return cast("s3.IBucket", bucket), facts


def _policy_of(bucket: constructs.Construct) -> constructs.IDependable | None:
    """The L1 of its bucket policy: to wait for that costs less than to wait for a construct around it."""
    policy = typed_part(bucket, "policy", "aws_s3.BucketPolicy", base=cdk.Resource)
    return policy and typed_part(policy.node, "defaultChild", "aws_s3.CfnBucketPolicy", base=cdk.CfnResource)
