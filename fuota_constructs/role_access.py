"""What a firmware update role may read: one small policy for each bucket and one for each image."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs.default_firmware import DefaultRole
from fuota_constructs.synth_checks import known_text

if TYPE_CHECKING:
    import constructs

    from fuota_constructs.bucket_facts import BucketFacts

_LONGEST_BUCKET_NAME = "b" * 63
_LONGEST_PARTITION = "aws-us-gov"


class RoleAccess:
    """What one role may read, as far as this library granted it.

    Every image has a policy of its own, with the image's identity in the logical id: when a task gets another image,
    CloudFormation adds the new policy before it updates the task and removes the old one only in its cleanup phase,
    so a task that is waiting or in session never loses access to the image it transmits.
    """

    def __init__(self, scope: constructs.Construct, name: str, role: iam.IRole | DefaultRole) -> None:
        """Begin with no access. The policies go to the stack of the tasks; the role may live elsewhere."""
        self._scope, self.name, self._role = scope, name, role
        self._policies: dict[str, cdk.CfnResource | None] = {}
        self.arn: str = role.role_arn
        self.characters = 0
        """About how long the inline policies are that were added to the role; IAM allows 10,240 characters in all."""

    def to_image(self, bucket: BucketFacts, key: str) -> list[cdk.CfnResource]:
        """Let the role read an image. Answers with the policies that say so, that of the image last.

        There are none for a role imported as immutable, to which nothing can be added.
        """
        wanted = {f"Bucket{bucket.identity}": (["s3:ListBucket", "s3:ListBucketVersions"], bucket.arn)}
        if bucket.key_arn:
            wanted[f"Key{bucket.identity}"] = (["kms:Decrypt"], bucket.key_arn)
        wanted[f"Image{bucket.image_identity(self._scope, key)}"] = (
            ["s3:GetObject"],
            f"{bucket.arn}/{_as_resource(key)}",
        )
        for what, (actions, resource) in wanted.items():
            if what not in self._policies:
                self._policies[what] = self._allow(f"{self.name}{what}", actions, resource)
        return [policy for what in wanted if (policy := self._policies[what])]

    def _allow(self, name: str, actions: list[str], resource: str) -> cdk.CfnResource | None:
        if isinstance(self._role, DefaultRole):
            policy: iam.CfnPolicy | None = iam.CfnPolicy(
                self._scope,
                name,
                policy_name=name,
                policy_document=_document(actions, resource),
                roles=[self._role.role_name],
            )
        else:
            policy = self._attach(self._role, name, iam.PolicyStatement(actions=actions, resources=[resource]))
        if policy:
            self.characters += _length(actions, resource)
        return policy

    @functools.cached_property
    def _end_of_stack_id(self) -> str:
        # The UUID in arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>. Each stack has a token of its own:
        # the CDK, too, wants the names on one role to differ.
        return cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))

    def _attach(self, role: iam.IRole, name: str, statement: iam.PolicyStatement) -> iam.CfnPolicy | None:
        # A role may serve tasks of several stacks, even in several Regions: there a second policy of the same name
        # would overwrite the first one, and the end of either stack would take it from both.
        policy = iam.Policy(self._scope, name, policy_name=f"{name}-{self._end_of_stack_id}", statements=[statement])
        role.attach_inline_policy(policy)
        rendered = cast("iam.CfnPolicy", policy.node.default_child)
        # To a role imported as immutable CDK attaches nothing: such a policy is not rendered, and has no length.
        return rendered if cdk.Stack.of(self._scope).resolve(rendered.roles) else None


def _document(actions: list[str], resource: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}],
    }


def _length(actions: list[str], resource: str) -> int:
    named = re.sub(r"\$\{Token\[[^\]]*\]\}", _LONGEST_BUCKET_NAME, resource)
    document = _document(actions, f"arn:{_LONGEST_PARTITION}:s3:::{named}")
    return len(json.dumps(document, separators=(",", ":")))


def _as_resource(key: str) -> str:
    # In the resource of a policy these characters are wildcards and variables; IAM spells the plain ones like this.
    return key if known_text(key) is None else re.sub(r"[$*?]", lambda found: f"${{{found[0]}}}", key)
