"""What all FUOTA tasks of one stack share: the provider, a default bucket, copies of images, access to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import constructs

from fuota_constructs.firmware_bucket import FirmwareBucket
from fuota_constructs.firmware_update_role import FirmwareUpdateRole
from fuota_constructs.provider.fuota_provider import SERVICE_TIMEOUT_SECONDS, FuotaProvider
from fuota_constructs.role_access import BucketFacts, RoleAccess

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

    from fuota_constructs.firmware_image import AssetImage, BucketImage

ID = "FuotaConstructs"


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image where the service reads it: its URI, what it is called, and the resources that put it there."""

    uri: str
    bucket: BucketFacts
    key: str
    resources: tuple[cdk.CfnResource, ...]


class SharedFirmware(constructs.Construct):
    """The one place of a stack for what its FUOTA tasks have in common, made on first need under a fixed id."""

    def __init__(self, scope: constructs.Construct, id: str) -> None:  # noqa: A002
        """Use `SharedFirmware.of`."""
        super().__init__(scope, id)
        self._stack = cdk.Stack.of(self)
        self._bucket: FirmwareBucket | None = None
        self._role: FirmwareUpdateRole | None = None
        self._buckets: dict[s3.IBucket, BucketFacts] = {}
        self._accesses: dict[iam.IRole, RoleAccess] = {}
        self._copies: dict[tuple[str, str], cdk.CfnResource] = {}
        self.region: str = self._stack.region
        self.provider = FuotaProvider(self, "Provider")

    @classmethod
    def of(cls, scope: constructs.Construct) -> SharedFirmware:
        """What the tasks of the scope's stack share. Construct lookup gives the same Python object every time."""
        stack = cdk.Stack.of(scope)
        found = stack.node.try_find_child(ID)
        return found if isinstance(found, cls) else cls(stack, ID)

    def default_bucket(self) -> FirmwareBucket:
        """The firmware bucket of tasks that were given none."""
        self._bucket = self._bucket or FirmwareBucket(self, "FirmwareBucket")
        return self._bucket

    def default_role(self) -> FirmwareUpdateRole:
        """The firmware update role of tasks that were given none: one in a stack, so PassRole stays of fixed size."""
        self._role = self._role or FirmwareUpdateRole(self, "FirmwareUpdateRole")
        return self._role

    def access_of(self, role: iam.IRole) -> RoleAccess:
        """What a role may read in this stack; from now on the provider may pass it."""
        if role not in self._accesses:
            self._accesses[role] = self._access_below(f"Access{role.node.addr[2:10]}", role)
        return self._accesses[role]

    def _access_below(self, id: str, role: iam.IRole) -> RoleAccess:  # noqa: A002
        # jsii may show one imported role as several Python objects; its construct address tells.
        found = self.node.try_find_child(id)
        if isinstance(found, RoleAccess):
            return found
        access = RoleAccess(self, id, role)
        self.provider.allow_pass_role(access.arn)
        return access

    def facts_of(self, bucket: s3.IBucket) -> BucketFacts:
        """What tasks need to know of a bucket, asked for once: every question is a round trip to the CDK."""
        if bucket not in self._buckets:
            self._buckets[bucket] = BucketFacts.of(bucket)
        return self._buckets[bucket]

    def stored(self, image: AssetImage | BucketImage, bucket: s3.IBucket) -> StoredImage:
        """An image as the service finds it in its bucket; one from a local file is copied there at deployment."""
        facts = self.facts_of(bucket)
        resources = [facts.policy] if facts.policy else []
        if hasattr(image, "sha256"):
            resources.append(self._copy(cast("AssetImage", image), facts))
        return StoredImage(f"s3://{facts.name}/{image.key}", facts, image.key, tuple(resources))

    def _copy(self, image: AssetImage, bucket: BucketFacts) -> cdk.CfnResource:
        copied = (bucket.identity, image.key)
        if copied not in self._copies:
            self._copies[copied] = self._make_copy(image, bucket)
        return self._copies[copied]

    def _make_copy(self, image: AssetImage, bucket: BucketFacts) -> cdk.CfnResource:
        name = f"Firmware{bucket.image_identity(self, image.key)}"
        file = cdk.AssetStaging(self, f"{name}Asset", source_path=str(image.path))
        asset = self._stack.synthesizer.add_file_asset(
            display_name=f"firmware image {image.path.name}",
            file_name=file.relative_staged_path(self._stack),
            packaging=cdk.FileAssetPackaging.FILE,
            source_hash=file.asset_hash,
        )
        self.provider.allow_copy(asset_bucket=asset.bucket_name, bucket_arn=bucket.arn, key_arn=bucket.key_arn)
        copy = cdk.CfnResource(
            self,
            name,
            type="Custom::FirmwareObject",
            properties={
                "ServiceToken": self.provider.service_token,
                "ServiceTimeout": str(SERVICE_TIMEOUT_SECONDS),
                "SourceBucket": asset.bucket_name,
                "SourceKey": asset.object_key,
                "DestinationBucket": bucket.name,
                "DestinationKey": image.key,
                "Sha256": image.sha256,
                "SizeBytes": image.size_bytes,
            },
        )
        for needed in (self.provider.policy, bucket.policy):
            if needed is not None:
                copy.add_resource_dependency(needed)
        return copy
