"""Reads the image of a FUOTA session out of MiniStack as the FirmwareUpdateRole may: the service's own part of the run.

Permissions are asked for whether or not MiniStack enforces them on requests (`AUTH`), because a role that cannot read
its image is what a rehearsal is there to find. Belongs to `ministack_host`, which checks the seams below.
"""

import importlib
import re
from collections.abc import Collection, Mapping
from typing import Any

from fuota_constructs.local import ministack_encryption as encryption
from fuota_constructs.local.errors import LocalCloudError

PRINCIPAL = "iotwireless.amazonaws.com"

SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.core.responses", "request_scope", ("account_id", "region")),
    ("ministack.core.iam_evaluator", "EvalContext", None),
    ("ministack.core.iam_evaluator", "evaluate", None),
    (
        "ministack.core.iam_evaluator",
        "evaluate_resource_policy",
        ("doc", "ctx", "service", "named_only", "direct_only"),
    ),
    (
        "ministack.core.iam_evaluator",
        "combine_resource_policy",
        ("identity", "ctx", "policy", "owner_account", "required", "limits"),
    ),
    ("ministack.core.iam_evaluator", "_gather_role_policies", ("role_name", "account_id")),
    ("ministack.core.iam_evaluator", "_permissions_boundary", ("store", "name", "account_id")),
    ("ministack.services.iam", "_roles", None),
    ("ministack.services.s3", "_bucket_owner_account", ("name",)),
    ("ministack.services.s3", "_bucket_policies", None),
    ("ministack.services.s3", "_buckets", None),
    ("ministack.services.s3", "bucket_region", ("name",)),
    ("ministack.services.s3", "_get_object_data", ("bucket_name", "key", "version_id")),
)

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_URI = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)


def install() -> None:
    """Let IAM find the policies of a role with a path when it simulates them: MiniStack takes the path for its name."""
    evaluator = _module("ministack.core.iam_evaluator")
    gather = evaluator._gather_role_policies
    evaluator._gather_role_policies = lambda role_name, account_id: gather(role_name.rpartition("/")[2], account_id)


def read_image(uri: str, role_arn: str, account: str, region: str) -> bytes:
    """Assume the role as AWS IoT Wireless and read the object.

    Raises LocalCloudError where the role does not exist, does not trust the service or may not read, and where there
    is no such object in a bucket of the region. Assumed: the service sends no condition keys of its own along
    (aws:SourceAccount, aws:SourceArn), since AWS documents none; a trust policy that insists on one fails here.
    """
    location = _URI.fullmatch(uri)
    if location is None:
        raise LocalCloudError(f"FirmwareUpdateImage is {uri!r}; it must be s3://bucket/key")
    bucket, key = location.groups()
    session = _AssumedRole(role_arn, account, region)
    s3 = _module("ministack.services.s3")
    owner = s3._bucket_owner_account(bucket)
    if owner is None:
        raise LocalCloudError(f"bucket {bucket} of {uri} does not exist")
    policy = s3._bucket_policies.get_scoped(owner, None, bucket)
    session.check("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", policy, owner)
    with _module("ministack.core.responses").request_scope(owner, region):
        if (home := s3.bucket_region(bucket)) != region:
            raise LocalCloudError(
                f"bucket {bucket} is in {home}, the task in {region}; both must be in the same region"
            )
        stored = s3._buckets[bucket]["objects"].get(key)
        if stored is None:
            raise LocalCloudError(f"there is no object {uri}")
        _check_encryption(session, bucket, key, stored.get("preserved_headers", {}), owner=owner, region=region)
        image: bytes = s3._get_object_data(bucket, key)
    return image


def _check_encryption(
    session: "_AssumedRole", bucket: str, key: str, headers: dict[str, str], *, owner: str, region: str
) -> None:
    if headers.get(encryption.CUSTOMER_ALGORITHM):
        raise LocalCloudError(
            f"s3://{bucket}/{key} is encrypted with a key of its owner (SSE-C), which nobody else has"
        )
    reference = headers.get(encryption.KEY)
    if not reference:  # S3's own key, or the key aws/s3 of the account, whose policy lets S3 use it for everybody there
        return
    context = {
        "kms:viaservice": f"s3.{region}.amazonaws.com",
        "kms:encryptioncontext:aws:s3:arn": encryption.encryption_context(bucket, key),
        "kms:encryptioncontextkeys": ["aws:s3:arn"],
    }
    found = encryption.key_of(reference, account=owner, region=region)
    if found is None:  # a key of another cloud: that its policy leaves it to IAM is assumed
        session.check("kms:Decrypt", reference, None, None, context=context)
        return
    session.check(
        *("kms:Decrypt", found.arn, found.policy, found.account),
        required=True,
        grantees=found.grantees,
        context=context,
    )


class _AssumedRole:
    """The role in the hands of AWS IoT Wireless."""

    def __init__(self, role_arn: str, account: str, region: str) -> None:
        match = _ROLE.fullmatch(role_arn)
        if match is None:
            raise LocalCloudError(f"FirmwareUpdateRole is {role_arn!r}; it must be the ARN of an IAM role")
        self._account, self._name = match.groups()
        if self._account != account:  # a role cannot be passed to a service of another account (IAM User Guide)
            raise LocalCloudError(f"role {role_arn} is in another account than the task, {account}")
        self._arn, self._region = role_arn, region
        self._evaluator = _module("ministack.core.iam_evaluator")
        roles = _module("ministack.services.iam")._roles
        role = roles.get_scoped(self._account, None, self._name)
        if role is None or role.get("Arn") != role_arn:
            raise LocalCloudError(f"role {role_arn} does not exist")
        trust = self._evaluator.evaluate_resource_policy(
            role.get("AssumeRolePolicyDocument"), self._context("sts:AssumeRole", role_arn, PRINCIPAL), PRINCIPAL
        )
        if trust.decision != "Allow":
            raise LocalCloudError(f"the trust policy of role {role_arn} does not let {PRINCIPAL} assume it")
        self._policies = self._evaluator._gather_role_policies(self._name, self._account)
        self._limits = self._evaluator._permissions_boundary(roles, self._name, self._account)

    def check(
        self,
        action: str,
        resource: str,
        resource_policy: Any,
        owner: str | None,
        *,
        required: bool = False,
        grantees: Collection[str] = (),
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise LocalCloudError unless the role may do this.

        With `required`, the policy of the resource must allow it even in the role's own account (that of a KMS key);
        `grantees` have it granted, which a Deny still overrules.
        """
        principal = f"arn:aws:sts::{self._account}:assumed-role/{self._name}/iotwireless"
        asked = self._context(action, resource, principal, context)
        decision = self._evaluator.evaluate(asked, self._policies, *self._limits)
        if owner is not None:
            decision = self._evaluator.combine_resource_policy(
                decision, asked, resource_policy, owner, required=required, limits=tuple(self._limits)
            )
        granted = decision.decision != "Deny" and not {self._arn, principal}.isdisjoint(grantees)
        if decision.decision != "Allow" and not granted:
            raise LocalCloudError(f"role {self._arn} is not authorized to perform {action} on {resource}")

    def _context(self, action: str, resource: str, principal: str, context: Mapping[str, Any] | None = None) -> Any:
        return self._evaluator.EvalContext(
            principal_arn=principal,
            principal_type="AssumedRole",
            principal_account=self._account,
            action=action,
            resource_arn=resource,
            region=self._region,
            secure_transport=True,  # services of AWS speak TLS with each other
            service_context={"aws:tagkeys": None, "kms:calleraccount": self._account, **(context or {})},
        )


def _module(name: str) -> Any:
    return importlib.import_module(name)
