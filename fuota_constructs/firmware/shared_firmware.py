"""What all FUOTA tasks of one stack share: the provider, a default bucket, copies of images, access to them."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import aws_cdk as cdk
import constructs

from fuota_constructs.firmware.bucket_facts import BucketFacts, policy_of
from fuota_constructs.firmware.default_bucket import make_default_bucket
from fuota_constructs.firmware.default_role import make_default_role
from fuota_constructs.firmware.firmware_properties import properties_of_object
from fuota_constructs.firmware.foreign_bucket import Guest, let_in
from fuota_constructs.firmware.image_settings import IMAGES, ImageSettings
from fuota_constructs.firmware.role_access import RoleAccess, as_resource
from fuota_constructs.provider.fuota_provider import SERVICE_TIMEOUT_SECONDS, FuotaProvider
from fuota_constructs.synth_checks import SynthChecks, known_text, place_of_stack
from fuota_constructs.template.acknowledgments import (
    BUCKET,
    BUCKET_WITHOUT_KEY,
    PROVIDER,
    UNLOGGED_BUCKET,
    acknowledge,
    somebody_asks,
)
from fuota_constructs.template.dependencies import put_behind
from fuota_constructs.template.resource_tags import stack_tags
from fuota_constructs.template.service_role import CUSTOMIZED
from fuota_constructs.template.stable_ids import StableIds
from fuota_constructs.template.staged_asset import Named, stage_file
from fuota_constructs.template.typed_resource import attribute, bare_resource

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

    from fuota_constructs.firmware.firmware_image import AssetImage, BucketImage
    from fuota_constructs.synth_checks import Place

ID = "FuotaConstructs"

MOST_AT_ONCE = 2_000
"""Devices that may join groups at the same time: the service takes 10 requests a second of an account."""


_SHARED: weakref.WeakKeyDictionary[constructs.Construct, SharedFirmware] = weakref.WeakKeyDictionary()


class ReadableImage(NamedTuple):
    """An image where the service reads it, and what must be there before the task and stay until it is gone."""

    uri: str
    place: Place
    has_key: bool
    missing_access: str | None
    """What the account of a bucket or key elsewhere must add to its policies; None where this app writes them."""
    key_account: str | None
    copy: str | None
    """The URI that the copy answers with, where the copy waits for all else that is needed."""
    needed: list[constructs.IDependable]
    provider: FuotaProvider
    settings: ImageSettings
    """What the bucket does to it."""
    judged: bool
    """Whether the bucket itself says what its lifecycle rules do to it."""
    per_image: bool = False
    """Whether the role is given access to this image by a policy of its own."""

    def also_for(self, missing: str | None) -> ReadableImage:
        """The same, where the account of the bucket or key must add this, too."""
        return self._replace(missing_access=", and ".join(filter(None, (self.missing_access, missing))) or None)

    @property
    def properties(self) -> dict[str, object]:
        """What a task says of it: where it is, and the copy, which orders as `DependsOn` does and saves that call."""
        return {"FirmwareUpdateImage": self.uri, "FirmwareObject": self.copy}

    def outlive(self, task: cdk.CfnResource, *, has_properties: bool = False) -> None:
        """Let CloudFormation remove it only after the task, whose Delete runs with these permissions.

        `has_properties`: the task has `properties`, so it waits for the copy already, where there is one.
        """
        if has_properties and self.copy:
            return
        put_behind(task, self.needed)
        if not self.needed:
            self.provider.outlive(task)


class GroupMembers(Protocol):
    """What gives a multicast group its devices."""

    @property
    def resource(self) -> cdk.CfnResource:
        """The custom resource."""
        ...

    @property
    def size(self) -> int:
        """How many devices."""
        ...


class SharedFirmware(constructs.Construct):
    """The one place of a stack for what its FUOTA tasks have in common, made on first need under a fixed id."""

    def __init__(self, stack: cdk.Stack, *, customized: bool) -> None:
        """Use `SharedFirmware.of`; `customized`: others make the roles (`iam.Role.customize_roles`)."""
        super().__init__(stack, ID)
        self._stack, self._customized = stack, customized
        self._ids = StableIds(stack)
        self._bucket: s3.IBucket | None = None
        self._role: iam.IRole | None = None
        self._buckets: dict[s3.IBucket, BucketFacts] = {}
        self._accesses: dict[iam.IRole, RoleAccess] = {}
        self._readable: dict[tuple[object, ...], ReadableImage] = {}
        self._copies: dict[tuple[str, str], cdk.CfnResource] = {}
        self.groups: dict[str, GroupMembers] = {}
        """The groups that get devices here, by their ids."""
        self.place = place_of_stack(stack)
        """The AWS account and Region, each when it is known at synth."""
        self.stack_tags = stack_tags(stack)
        self.provider = FuotaProvider(self, "Provider", stack, customized=customized)
        self.checks = SynthChecks(self, before=self._settle)

    def _settle(self) -> None:
        self._take_turns()
        self.provider.settle()
        if somebody_asks():
            acknowledge(self, [*PROVIDER, *BUCKET, *BUCKET_WITHOUT_KEY, *UNLOGGED_BUCKET])
            for access in self._accesses.values():
                access.acknowledge_wildcards()

    def _take_turns(self) -> None:
        """Have groups that are too many devices for one deployment's quota of requests filled one after another."""
        groups = list(self.groups.values())
        if sum(group.size for group in groups) > MOST_AT_ONCE:
            for former, group in itertools.pairwise(groups):
                group.resource.add_resource_dependency(former.resource)

    @classmethod
    def of(cls, scope: constructs.Construct) -> SharedFirmware:
        """What the tasks of the scope's stack share; asking again for the same scope costs no round trip."""
        if scope not in _SHARED:
            stack = scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(scope)
            if stack not in _SHARED:  # the CDK answers with the same Python object every time
                _SHARED[stack] = cls(stack, customized=stack.node.try_get_context(CUSTOMIZED) is not None)
            _SHARED[scope] = _SHARED[stack]
        return _SHARED[scope]

    def bucket_of(self, given: s3.IBucket | None) -> s3.IBucket:
        """The firmware bucket of a task: the one it was given, else the one that tasks given none share."""
        if given is not None:
            return given
        if self._bucket is None:
            self._bucket, self._buckets[self._bucket] = make_default_bucket(self)
        return self._bucket

    def role_of(self, given: iam.IRole | None) -> iam.IRole:
        """The firmware update role of a task, likewise: one in a stack, so PassRole stays of fixed size."""
        if given is not None:
            return given
        if self._role is None:
            self._role = make_default_role(self)
            self._accesses[self._role] = self._new_access("Access", self._role, of_this_stack=not self._customized)
        return self._role

    def made(self, role: iam.IRole) -> bool:
        """Whether it is the role that tasks given none share."""
        return role is self._role

    def access_of(self, role: iam.IRole) -> RoleAccess:
        """What a role may read in this stack; from now on the provider may pass it."""
        if role not in self._accesses:
            # jsii may show one imported role as several Python objects; its place in the tree tells.
            name = f"Access{self._ids.of(role)}"
            same = next((access for access in self._accesses.values() if access.name == name), None)
            self._accesses[role] = same or self._new_access(name, role)
        return self._accesses[role]

    def _new_access(self, name: str, role: iam.IRole, *, of_this_stack: bool = False) -> RoleAccess:
        access = RoleAccess(self, name, role, of_this_stack=of_this_stack)
        self.provider.allow_pass_role(access.arn)
        return access

    def made_bucket(self, facts: BucketFacts) -> bool:
        """Whether it is the bucket that tasks given none share."""
        return self._bucket is not None and self._buckets[self._bucket] is facts

    def facts_of(self, bucket: s3.IBucket) -> BucketFacts:
        """What is known about a bucket, asked for once."""
        if bucket not in self._buckets:
            identity = self._ids.of(bucket)
            self._buckets[bucket] = BucketFacts.of(bucket, identity=identity, here=self.place)
        return self._buckets[bucket]

    def readable(
        self,
        image: AssetImage | BucketImage,
        bucket: s3.IBucket,
        role: iam.IRole,
        *,
        per_image: bool | None,
        asked_by: str,
    ) -> ReadableImage:
        """An image that a role may read; one from a local file is copied to the bucket at deployment.

        `per_image`: whether by a policy of its own; None for what the documentation says. The CDK CLI calls the file
        after the first task that asks for it, by its path below the stack.
        """
        if per_image is None:
            per_image = bucket is not self._bucket or role is not self._role
        # With a key that is a token, where the image lies is not known.
        per_image = per_image or not (known_text(image.key) or "").startswith(IMAGES)
        asked = (image, bucket, role, per_image)
        if asked not in self._readable:
            facts, access = self.facts_of(bucket), self.access_of(role)
            copied = hasattr(image, "sha256")
            objects = f"{IMAGES}*" if copied or not per_image else as_resource(image.key)
            missing = self.let_in(
                bucket,
                Guest.reader(access.arn, objects),
                *([Guest.copier(self.provider.role_arn, objects)] if copied else []),
            )
            # A bucket of another account that had no policy has one now.
            policy = policy_of(bucket) if facts.place.apart_from(self.place) else facts.policy
            needed: list[constructs.IDependable] = [policy] if policy else []
            # The provider's policy is there before, too: its function waits for it, and custom resources name that.
            # Assumed: CloudFormation keeps this order where the function between them does not change.
            if not per_image:  # before the copy: behind it the policy would be another one with every image
                needed = access.to_firmware(facts, behind=needed) or needed
            copy = None
            if copied:
                copy = put_behind(self._copy(cast("AssetImage", image), facts, asked_by), needed)
                needed = [copy]
            if per_image and (policies := access.to_image(facts, image.key)):
                # The last one waits for the others, so that each task waits for one only.
                needed, copy = [put_behind(policies[-1], [*needed, *policies[:-1]])], None
            self._readable[asked] = ReadableImage(
                uri=f"s3://{facts.name}/{image.key}",
                place=facts.place,
                has_key=facts.key_arn is not None,
                missing_access=missing,
                key_account=facts.key_account,
                copy=attribute(copy, "ref") if copy else None,
                needed=needed,
                provider=self.provider,
                settings=ImageSettings(bucket, image.key, image.size_bytes),
                # A FirmwareBucket judges its own rules about what is under `firmware/`.
                judged=hasattr(type(bucket), "findings") and (known_text(image.key) or "").startswith(IMAGES),
                per_image=per_image,
            )
        return self._readable[asked]

    def let_in(self, bucket: s3.IBucket, *guests: Guest) -> str | None:
        """Have the policies of a bucket or a key of another account let our roles in; with what they lack."""
        account, facts = self.place.account, self.facts_of(bucket)
        if not account or {facts.place.account, facts.key_account} <= {account, None}:
            return None
        own = facts.place.account in {account, None}
        return let_in(bucket, guests, account=account, to_key_only=own)

    def _copy(
        self,
        image: AssetImage,
        bucket: BucketFacts,
        asked_by: str,
    ) -> cdk.CfnResource:
        copied = (bucket.identity, image.key)
        if copied not in self._copies:
            self._copies[copied] = self._make_copy(image, bucket, asked_by)
        return self._copies[copied]

    def _make_copy(self, image: AssetImage, bucket: BucketFacts, asked_by: str) -> cdk.CfnResource:
        identity = bucket.image_identity(self, image.key)
        named = Named(self, f"Image{identity}", f"{asked_by}/Firmware")
        asset = stage_file(self._stack, image.path, named, sha256=image.sha256)
        self.provider.allow_copy(
            asset_bucket=asset.bucket_name,
            bucket_arn=bucket.arn,
            key_arn=bucket.key_arn,
            made_here=self.made_bucket(bucket),
        )
        return bare_resource(
            self,
            f"Firmware{identity}",
            "Custom::FirmwareObject",
            {
                "ServiceToken": self.provider.service_token,
                "ServiceTimeout": str(SERVICE_TIMEOUT_SECONDS),
                "SourceBucket": asset.bucket_name,
                "SourceKey": asset.object_key,
                "DestinationBucket": bucket.name,
                "DestinationKey": image.key,
                "Sha256": image.sha256,
                "SizeBytes": image.size_bytes,
                **properties_of_object(image),
            },
        )
