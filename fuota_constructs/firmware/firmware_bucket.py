"""The bucket firmware images are sent from."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.image_settings import IMAGES, ImageSettings
from fuota_constructs.synth_checks import SynthChecks, TaskPlan, findings_in
from fuota_constructs.template.acknowledgments import BUCKET, BUCKET_WITHOUT_KEY, UNLOGGED_BUCKET, AcknowledgedAtSynth
from fuota_constructs.template.encryption_key import key_of
from fuota_constructs.template.keyword_names import naming_keywords
from fuota_constructs.template.references import bucket_of
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from aws_cdk.interfaces.aws_s3 import IBucketRef
    from constructs import Construct

    from fuota_constructs.rules import Finding


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
        id: str,
        *,
        abac_status: bool | None = None,
        auto_delete_objects: bool | None = None,
        blocked_encryption_types: Sequence[s3.BlockedEncryptionType] | None = None,
        bucket_key_enabled: bool | None = None,
        bucket_name: str | None = None,
        encryption_key: kms.IKey | kms.Key | kms.Alias | IKeyRef | None = None,  # pyright: the CDK's Key is no IKey
        enforce_ssl: bool | None = None,
        event_bridge_enabled: bool | None = None,
        intelligent_tiering_configurations: Sequence[s3.IntelligentTieringConfiguration] | None = None,
        inventories: Sequence[s3.Inventory] | None = None,
        lifecycle_rules: Sequence[s3.LifecycleRule] | None = None,
        metrics: Sequence[s3.BucketMetrics] | None = None,
        minimum_tls_version: float | None = None,
        notifications_handler_role: iam.IRole | None = None,
        notifications_skip_destination_validation: bool | None = None,
        object_lock_default_retention: s3.ObjectLockRetention | None = None,
        object_lock_enabled: bool | None = None,
        removal_policy: cdk.RemovalPolicy | None = None,
        replication_role: iam.IRole | None = None,
        replication_rules: Sequence[s3.ReplicationRule] | None = None,
        server_access_logs_bucket: s3.IBucket | IBucketRef | None = None,
        server_access_logs_prefix: str | None = None,
        target_object_key_format: s3.TargetObjectKeyFormat | None = None,
        transition_default_minimum_object_size: s3.TransitionDefaultMinimumObjectSize | None = None,
        versioned: bool | None = None,
    ) -> None:
        """Make the bucket.

        `auto_delete_objects`: whether the images go when the bucket does, which needs `removal_policy=DESTROY`: for
        environments that come and go, such as those of pull requests. They stay by default.
        `bucket_name`: 3 to 63 characters, unique in AWS; by default CloudFormation makes one up. One that is given is
        taken after a first deployment that failed, until the bucket which that has left is deleted.
        `encryption_key`: a KMS key, an L1 of one, or an alias whose key this app knows; roles that this library gives
        access may then use the key. By default S3's own keys encrypt the images (SSE-S3). AWS documents FUOTA only for
        unencrypted or SSE-S3 buckets: with a key, try an update first.
        `bucket_key_enabled`: whether S3 asks KMS once for many objects; with a key it does by default.
        `lifecycle_rules`: none by default. A rule that expires or archives images under `firmware/` is a warning: a
        task that still refers to one cannot be sent, and a rollback does not find it.
        `removal_policy`: by default the bucket and its images stay when the stack is deleted, because a rollback or a
        task of another stack may still need them; also when the first deployment of the stack fails.
        `server_access_logs_bucket`, `server_access_logs_prefix`, `target_object_key_format`: where S3 logs accesses; by
        default it does not.
        `versioned`, `enforce_ssl`: True, which is what this bucket is for; with False take an `s3.Bucket`.
        `abac_status`, `blocked_encryption_types`, `event_bridge_enabled`, `intelligent_tiering_configurations`,
        `inventories`, `metrics`, `minimum_tls_version`, `notifications_handler_role`,
        `notifications_skip_destination_validation`, `object_lock_default_retention`, `object_lock_enabled`,
        `replication_role`, `replication_rules`, `transition_default_minimum_object_size`: as `s3.Bucket` has them,
        and what it does by default. What would make the bucket public there is not here: it stays private.

        Raises `FuotaValidationError` for an `encryption_key` that is no key, or an alias of an unknown one, for a
        `server_access_logs_bucket` that is no bucket, and for `versioned` or `enforce_ssl` that are not True.
        """
        for name, value in (("versioned", versioned), ("enforce_ssl", enforce_ssl)):
            if value is not None and value is not True:
                raise FuotaValidationError(
                    "firmware-bucket",
                    f"{name} is {shown(value)}; leave it out, or give an s3.Bucket of your own, which tasks take, too",
                    construct_path=f"{scope.node.path}/{id}",
                )
        logs = bucket_of(server_access_logs_bucket)
        if server_access_logs_bucket is not None and logs is None:
            raise FuotaValidationError(
                "firmware-bucket",
                f"server_access_logs_bucket is {shown(server_access_logs_bucket)}; give a bucket, such as"
                " s3.Bucket.from_bucket_name(self, 'Logs', 'name')",
                construct_path=f"{scope.node.path}/{id}",
            )
        key = None if encryption_key is None else key_of(encryption_key, scope)
        super().__init__(
            scope,
            id,
            abac_status=abac_status,
            auto_delete_objects=auto_delete_objects or None,
            blocked_encryption_types=blocked_encryption_types,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=True if key and bucket_key_enabled is None else bucket_key_enabled,
            bucket_name=bucket_name,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            enforce_ssl=True,
            event_bridge_enabled=event_bridge_enabled,
            intelligent_tiering_configurations=intelligent_tiering_configurations,
            inventories=inventories,
            lifecycle_rules=lifecycle_rules,
            metrics=metrics,
            minimum_tls_version=minimum_tls_version,
            notifications_handler_role=notifications_handler_role,
            notifications_skip_destination_validation=notifications_skip_destination_validation,
            object_lock_default_retention=object_lock_default_retention,
            object_lock_enabled=object_lock_enabled,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=cdk.RemovalPolicy.RETAIN if removal_policy is None else removal_policy,
            replication_role=replication_role,
            replication_rules=replication_rules,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=server_access_logs_prefix,
            target_object_key_format=target_object_key_format,
            transition_default_minimum_object_size=transition_default_minimum_object_size,
            versioned=True,
        )
        unlogged = server_access_logs_bucket is None and server_access_logs_prefix is None
        without = [*(UNLOGGED_BUCKET if unlogged else ()), *(() if key else BUCKET_WITHOUT_KEY)]
        AcknowledgedAtSynth(self, [*BUCKET, *without])
        SynthChecks(self).tasks[self] = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in it as it is now; synth reports it."""
        return findings_in(TaskPlan(image_lifecycle=ImageSettings(cast("s3.IBucket", self), IMAGES).end))
