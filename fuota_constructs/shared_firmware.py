"""What all FUOTA tasks of one stack share: the provider, a default bucket, copies of images, access to them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, NamedTuple, cast

import aws_cdk as cdk
import constructs

from fuota_constructs.bucket_facts import BucketFacts
from fuota_constructs.default_firmware import DefaultBucket, DefaultRole
from fuota_constructs.provider.fuota_provider import SERVICE_TIMEOUT_SECONDS, FuotaProvider
from fuota_constructs.role_access import RoleAccess
from fuota_constructs.synth_checks import SynthChecks, place_of_stack
from fuota_constructs.template.staged_asset import stage_file

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

    from fuota_constructs.firmware_image import AssetImage, BucketImage

    _Bucket = s3.IBucket | DefaultBucket
    _Role = iam.IRole | DefaultRole

ID = "FuotaConstructs"


_SHARED: weakref.WeakKeyDictionary[constructs.Construct, SharedFirmware] = weakref.WeakKeyDictionary()


class ReadableImage(NamedTuple):
    """An image where the service reads it, and what must be there before the task and stay until it is gone."""

    uri: str
    bucket_region: str | None
    needed: list[cdk.CfnResource]


class SharedFirmware(constructs.Construct):
    """The one place of a stack for what its FUOTA tasks have in common, made on first need under a fixed id."""

    def __init__(self, stack: cdk.Stack) -> None:
        """Use `SharedFirmware.of`."""
        super().__init__(stack, ID)
        self._stack = stack
        self._bucket: DefaultBucket | None = None
        self._role: DefaultRole | None = None
        self._buckets: dict[s3.IBucket, BucketFacts] = {}
        self._accesses: dict[_Role, RoleAccess] = {}
        self._readable: dict[tuple[AssetImage | BucketImage, _Bucket, _Role], ReadableImage] = {}
        self._copies: dict[tuple[str, str], cdk.CfnResource] = {}
        self.place = place_of_stack(stack)
        """The AWS account and Region, each when it is known at synth."""
        self.provider = FuotaProvider(self, "Provider", stack)
        self.checks = SynthChecks(self, before=self.provider.acknowledge_wildcards)

    @classmethod
    def of(cls, scope: constructs.Construct) -> SharedFirmware:
        """What the tasks of the scope's stack share; asking again for the same scope costs no round trip."""
        if scope not in _SHARED:
            stack = cdk.Stack.of(scope)
            # Construct lookup answers with the same Python object every time.
            found = stack.node.try_find_child(ID)
            _SHARED[scope] = found if isinstance(found, cls) else cls(stack)
        return _SHARED[scope]

    def bucket_of(self, given: s3.IBucket | None) -> _Bucket:
        """The firmware bucket of a task: the one it was given, else the one that tasks given none share."""
        if given is not None and not (self._bucket and self._bucket.is_shown_as(given)):
            return given
        self._bucket = self._bucket or DefaultBucket(self, "FirmwareBucket")
        return self._bucket

    def role_of(self, given: iam.IRole | None) -> _Role:
        """The firmware update role of a task, likewise: one in a stack, so PassRole stays of fixed size."""
        if given is not None and not (self._role and self._role.is_shown_as(given)):
            return given
        if self._role is None:
            self._role = DefaultRole(self, "FirmwareUpdateRole")
            self._accesses[self._role] = self._new_access("Access", self._role)
        return self._role

    def access_of(self, role: _Role) -> RoleAccess:
        """What a role may read in this stack; from now on the provider may pass it."""
        if role not in self._accesses:
            # jsii may show one imported role as several Python objects; its construct address tells.
            name = f"Access{role.node.addr[2:10]}"
            same = next((access for access in self._accesses.values() if access.name == name), None)
            self._accesses[role] = same or self._new_access(name, role)
        return self._accesses[role]

    def _new_access(self, name: str, role: _Role) -> RoleAccess:
        access = RoleAccess(self, name, role)
        self.provider.allow_pass_role(access.arn)
        return access

    def _facts_of(self, bucket: _Bucket) -> BucketFacts:
        if isinstance(bucket, DefaultBucket):
            return bucket.facts
        if bucket not in self._buckets:
            self._buckets[bucket] = BucketFacts.of(bucket, with_region=self.place.region is not None)
        return self._buckets[bucket]

    def readable(self, image: AssetImage | BucketImage, bucket: _Bucket, role: _Role) -> ReadableImage:
        """An image that a role may read; one from a local file is copied to the bucket at deployment."""
        known = (image, bucket, role)
        if known not in self._readable:
            facts, access = self._facts_of(bucket), self.access_of(role)
            copy = self._copy(cast("AssetImage", image), facts) if hasattr(image, "sha256") else None
            policies = access.to_image(facts, image.key)
            needed = [each for each in (self.provider.policy, facts.policy, copy, *policies[:-1]) if each]
            if policies:  # the last one waits for the others, so that each task waits for one only
                policies[-1].node.add_dependency(*needed)
                needed = policies[-1:]
            self._readable[known] = ReadableImage(f"s3://{facts.name}/{image.key}", facts.region, needed)
        return self._readable[known]

    def _copy(self, image: AssetImage, bucket: BucketFacts) -> cdk.CfnResource:
        copied = (bucket.identity, image.key)
        if copied not in self._copies:
            self._copies[copied] = self._make_copy(image, bucket)
        return self._copies[copied]

    def _make_copy(self, image: AssetImage, bucket: BucketFacts) -> cdk.CfnResource:
        identity = bucket.image_identity(self, image.key)
        asset = stage_file(self, f"Image{identity}", image.path, sha256=image.sha256, display_name=image.path.name)
        self.provider.allow_copy(asset_bucket=asset.bucket_name, bucket_arn=bucket.arn, key_arn=bucket.key_arn)
        copy = cdk.CfnResource(
            self,
            f"Firmware{identity}",
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
        copy.node.add_dependency(*filter(None, (self.provider.policy, bucket.policy)))
        return copy
