"""What a firmware update role may read: one small policy for each bucket and one for each image."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs.synth_checks import known_text

if TYPE_CHECKING:
    import constructs
    from aws_cdk import aws_s3 as s3

_LONGEST_BUCKET_NAME = "b" * 63
_LONGEST_PARTITION = "aws-us-gov"


class BucketFacts(NamedTuple):
    """A bucket's name, ARN, KMS key, Region and policy, and an identity that is the same in every synth.

    They are asked for once, and the Region only where it matters: every question is a round trip to the CDK.
    """

    name: str
    arn: str
    key_arn: str | None
    region: str | None
    identity: str
    policy: s3.BucketPolicy | None

    @classmethod
    def of(cls, bucket: s3.IBucket, *, with_region: bool) -> BucketFacts:
        """Ask a bucket."""
        key = bucket.encryption_key
        return cls(
            name=bucket.bucket_name,
            arn=bucket.bucket_arn,
            key_arn=key.key_arn if key else None,
            region=known_text(bucket.env.region) if with_region else None,
            identity=bucket.node.addr[2:10],
            policy=bucket.policy,
        )

    def image_identity(self, scope: constructs.Construct, key: str) -> str:
        """What tells an image in this bucket from every other, for construct ids.

        A token's text is numbered afresh in every synth, so a key with a token counts as what it resolves to.
        """
        if known_text(key) is None:
            key = json.dumps(cdk.Stack.of(scope).resolve(key), sort_keys=True)
        return hashlib.sha256(f"{self.identity}/{key}".encode()).hexdigest()[:16]


class RoleAccess:
    """What one role may read, as far as this library granted it.

    Every image has a policy of its own, with the image's identity in the logical id: when a task gets another image,
    CloudFormation adds the new policy before it updates the task and removes the old one only in its cleanup phase,
    so a task that is waiting or in session never loses access to the image it transmits.
    """

    def __init__(self, scope: constructs.Construct, id: str, role: iam.IRole) -> None:  # noqa: A002
        """Begin with no access. The policies go to the stack of the tasks; the role may live elsewhere."""
        self._scope, self.id, self._role = scope, id, role
        self._policies: dict[str, iam.Policy] = {}
        self.arn: str = role.role_arn
        self.characters = 0
        """About how long the inline policies are that were added to the role; IAM allows 10,240 characters in all."""

    def to_image(self, bucket: BucketFacts, key: str) -> list[iam.Policy]:
        """Let the role read an image. Answers with the policies that say so, for the task to depend on."""
        wanted = {f"Bucket{bucket.identity}": (["s3:ListBucket", "s3:ListBucketVersions"], bucket.arn)}
        if bucket.key_arn:
            wanted[f"Key{bucket.identity}"] = (["kms:Decrypt"], bucket.key_arn)
        wanted[f"Image{bucket.image_identity(self._scope, key)}"] = (
            ["s3:GetObject"],
            f"{bucket.arn}/{_as_resource(key)}",
        )
        return [self._policies.get(id) or self._allow(id, *allowed) for id, allowed in wanted.items()]  # noqa: A001

    def _allow(self, id: str, actions: list[str], resource: str) -> iam.Policy:  # noqa: A002
        made_here = isinstance(self._role, iam.Role)
        policy = self._policies[id] = iam.Policy(
            self._scope,
            f"{self.id}{id}",
            roles=[self._role] if made_here else [],
            statements=[iam.PolicyStatement(actions=actions, resources=[resource])],
        )
        if made_here or self._attach_to_import(policy):
            self.characters += _length(actions, resource)
        return policy

    def _attach_to_import(self, policy: iam.Policy) -> bool:
        # To a role imported as immutable CDK attaches nothing: such a policy is not rendered, and has no length.
        self._role.attach_inline_policy(policy)
        attached = cast("iam.CfnPolicy", policy.node.default_child).roles
        return bool(cdk.Stack.of(self._scope).resolve(attached))


def _length(actions: list[str], resource: str) -> int:
    named = re.sub(r"\$\{Token\[[^\]]*\]\}", _LONGEST_BUCKET_NAME, resource)
    statement = {"Action": actions, "Effect": "Allow", "Resource": f"arn:{_LONGEST_PARTITION}:s3:::{named}"}
    return len(json.dumps({"Statement": [statement], "Version": "2012-10-17"}, separators=(",", ":")))


def _as_resource(key: str) -> str:
    # In the resource of a policy these characters are wildcards and variables; IAM spells the plain ones like this.
    return key if known_text(key) is None else re.sub(r"[$*?]", lambda found: f"${{{found[0]}}}", key)
