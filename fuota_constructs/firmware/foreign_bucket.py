"""A firmware bucket, or its key, of another account: their policies must let in roles of the task's account."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from fuota_constructs.template.tokens import known_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3

READ_BUCKET = ("s3:ListBucket", "s3:ListBucketVersions")
READ, COPY = ("s3:GetObject",), ("s3:GetObject", "s3:PutObject")
READ_KEY, COPY_KEY = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
EVIDENCE = "rollouts/*"


class Guest(NamedTuple):
    """A role of the task's account, or all of them, and what it does in the bucket."""

    role_arn: str | None
    """None for whom the account itself allows it."""
    on_bucket: Sequence[str]
    on_objects: Mapping[str, Sequence[str]]
    """By their keys."""
    on_key: Sequence[str]

    @classmethod
    def reader(cls, role_arn: str, objects: str) -> Guest:
        """The firmware update role."""
        return cls(role_arn, READ_BUCKET, {objects: READ}, READ_KEY)

    @classmethod
    def copier(cls, role_arn: str, objects: str) -> Guest:
        """The role of the provider, which copies images."""
        return cls(role_arn, ("s3:GetEncryptionConfiguration",), {objects: COPY}, COPY_KEY)

    @classmethod
    def of_rollout(cls, role_arn: str, objects: str) -> tuple[Guest, Guest]:
        """The role of a rollout's function, which looks at the image and keeps evidence; and who reads that."""
        on_bucket = ("s3:GetEncryptionConfiguration", "s3:ListBucket")
        function = cls(role_arn, on_bucket, {objects: READ, EVIDENCE: COPY}, COPY_KEY)
        return function, cls(None, ("s3:ListBucket",), {EVIDENCE: READ}, READ_KEY)


def let_in(bucket: s3.IBucket, guests: Sequence[Guest], *, account: str, to_key_only: bool = False) -> str | None:
    """Allow roles of an account what they do in the bucket, where this app has its policies.

    `to_key_only`: the bucket is of that account itself, and its key is not. Answers with what the other account must
    add by itself, None when there is nothing: nothing can be added to the policy of an imported bucket or key.
    """
    missing = []
    if not to_key_only:
        arn = bucket.bucket_arn
        wanted = [
            {arn: guest.on_bucket, **{f"{arn}/{key}": actions for key, actions in guest.on_objects.items()}}
            for guest in guests
        ]
        written = [
            bucket.add_to_resource_policy(statement).statement_added
            for guest, allowed in zip(guests, wanted, strict=True)
            for statement in _statements(allowed, account, guest.role_arn)
        ]
        if not all(written):
            missing.append(f"{_text(_merged(wanted), account, guests)} to the bucket policy")
    if key := bucket.encryption_key:
        on_key = [{"*": guest.on_key} for guest in guests]
        in_key = [
            key.add_to_resource_policy(statement, allow_no_op=True).statement_added
            for guest, allowed in zip(guests, on_key, strict=True)
            for statement in _statements(allowed, account, guest.role_arn)
        ]
        if not all(in_key):
            missing.append(f"{_text(_merged(on_key), account, guests)} to the policy of the KMS key")
    elif missing:
        actions = dict.fromkeys(action for guest in guests for action in guest.on_key)
        missing.append(f"{' and '.join(actions)} to the policy of the KMS key, if one encrypts the bucket")
    return ", and ".join(missing) or None


def _statements(allowed: Mapping[str, Sequence[str]], account: str, role_arn: str | None) -> list[iam.PolicyStatement]:
    from aws_cdk import aws_iam as iam

    # The account and a condition, not the role itself: S3 and KMS refuse a policy that names a role which is not there
    # yet, and the bucket's stack is deployed first; and they forget a role that is made anew.
    return [
        iam.PolicyStatement(
            actions=list(actions),
            resources=[resource],
            principals=[iam.AccountPrincipal(account)],
            conditions={"ArnEquals": {"aws:PrincipalArn": role_arn}} if role_arn else None,
        )
        for resource, actions in allowed.items()
        if actions
    ]


def _merged(wanted: Sequence[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for allowed in wanted:
        for resource, actions in allowed.items():
            merged[resource] = sorted({*merged.get(resource, ()), *actions})
    return merged


def _text(allowed: Mapping[str, Sequence[str]], account: str, guests: Sequence[Guest]) -> str:
    """The statements as JSON, for people: with the role where its ARN is known, else with the whole account."""
    arns = [guest.role_arn and known_text(guest.role_arn) for guest in guests]
    principals = [arn for arn in arns if arn] if all(arns) else [f"arn:aws:iam::{account}:root"]
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
            "Action": list(actions),
            "Resource": _readable(resource),
        }
        for resource, actions in allowed.items()
        if actions
    ]
    return ", ".join(json.dumps(statement) for statement in statements)


def _readable(arn: str) -> str:
    return re.sub(r"\$\{Token\[.*?\]\}", "<known at deployment>", re.sub(r"^arn:\$\{Token\[.*?\]\}", "arn:aws", arn))
