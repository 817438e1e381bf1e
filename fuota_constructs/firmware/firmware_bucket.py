"""The bucket firmware images are sent from."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from fuota_constructs.firmware.encryption_key import key_of
from fuota_constructs.template.acknowledgments import BUCKET, BUCKET_WITHOUT_KEY, UNLOGGED_BUCKET, AcknowledgedAtSynth
from fuota_constructs.template.keyword_names import naming_keywords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms
    from constructs import Construct


class FirmwareBucket(s3.Bucket):
    """An S3 bucket set up for firmware images: private, TLS only, versioned, kept when the stack goes.

    It is a plain `s3.Bucket` with these defaults, so everything CDK can do with a bucket works, and wherever this
    library takes a firmware bucket it takes any `s3.IBucket`: `FirmwareBucket.from_bucket_name`, `.from_bucket_arn`
    and `.from_bucket_attributes` import an existing one. The bucket must be in the Region of the tasks. Source: AWS
    IoT Wireless Developer Guide, upload the firmware to an S3 bucket.
    """

    @naming_keywords
    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        bucket_name: str | None = None,
        encryption_key: kms.IKey | kms.Key | kms.Alias | None = None,  # pyright: the CDK's Key is no IKey
        lifecycle_rules: Sequence[s3.LifecycleRule] | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
        server_access_logs_bucket: s3.IBucket | None = None,
        server_access_logs_prefix: str | None = None,
    ) -> None:
        """Make the bucket.

        `bucket_name`: 3 to 63 characters, unique in AWS; by default CloudFormation makes one up.
        `encryption_key`: a KMS key, or an alias whose key this app knows; roles that this library gives access may then
        use the key. By default S3's own keys encrypt the
        images (SSE-S3). AWS documents FUOTA only for unencrypted or SSE-S3 buckets: with a key, try an update first.
        `lifecycle_rules`: none by default. Do not expire objects under `firmware/` that a task still refers to.
        `removal_policy`: by default the bucket and its images stay when the stack is deleted, because a rollback or a
        task of another stack may still need them.
        `server_access_logs_bucket`, `server_access_logs_prefix`: where S3 logs accesses; by default it does not.

        Raises `FuotaValidationError` for an `encryption_key` that is no key, or an alias of an unknown one.
        """
        key = None if encryption_key is None else key_of(cast("kms.IKey", encryption_key), scope)
        super().__init__(
            scope,
            id,
            bucket_name=bucket_name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=True if key else None,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            enforce_ssl=True,
            lifecycle_rules=lifecycle_rules,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=removal_policy,
            server_access_logs_bucket=server_access_logs_bucket,
            server_access_logs_prefix=server_access_logs_prefix,
            versioned=True,
        )
        unlogged = server_access_logs_bucket is None and server_access_logs_prefix is None
        without = [*(UNLOGGED_BUCKET if unlogged else ()), *(() if key else BUCKET_WITHOUT_KEY)]
        AcknowledgedAtSynth(self, [*BUCKET, *without])
