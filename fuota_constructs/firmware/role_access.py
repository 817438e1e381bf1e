"""What a firmware update role may read: one policy for all images of a bucket, or one for each."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

from fuota_constructs.synth_checks import known_text, place_of
from fuota_constructs.template.acknowledgments import acknowledge_wildcards
from fuota_constructs.template.dependencies import put_behind
from fuota_constructs.template.typed_resource import attribute, typed_resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    import constructs
    from aws_cdk import aws_iam as iam

    from fuota_constructs.firmware.bucket_facts import BucketFacts

    Allowed = dict[str, list[str]]  # actions by resource

_LONGEST_BUCKET_NAME = "b" * 63
_LONGEST_PARTITION = "aws-us-gov"
_WILDCARDS = {
    "/firmware/*": "firmware/ has images only, and a permission for each would change with every release of firmware",
    ":key/*": "a key of another account cannot be named here; its own policy says who may use it",
}
"""Why a resource that ends like this cannot do without a wildcard."""


class RoleAccess:
    """What one role may read, as far as this library granted it.

    The logical id of a policy tells what it is about. When a task gets another image that has a policy of its own,
    CloudFormation adds the new policy before it updates the task and removes the old one only in its cleanup phase, so
    a task that is waiting or in session never loses access to the image it transmits. A policy for all images of a
    bucket stays as it is.
    """

    def __init__(self, scope: constructs.Construct, name: str, role: iam.IRole, *, of_this_stack: bool = False) -> None:
        """Begin with no access. The policies go to the stack of the tasks; the role may live elsewhere.

        `of_this_stack`: of a role that is made here it is known that it takes policies, and that names tell them apart.
        """
        self._scope, self.name, self._role, self._of_this_stack = scope, name, role, of_this_stack
        self._policies: dict[str, cdk.CfnResource | None] = {}
        self._wildcards: dict[cdk.CfnResource, dict[str, list[str]]] = {}
        self.arn = attribute(role, "roleArn") if of_this_stack else role.role_arn
        self.characters = 0
        """About how long the inline policies are that were added to the role; IAM allows 10,240 characters in all."""

    @functools.cached_property
    def account(self) -> str | None:
        """The account of the role, when it is known at synth."""
        return place_of(self._role, self.arn).account

    def to_firmware(
        self, bucket: BucketFacts, *, behind: Iterable[constructs.IDependable] = ()
    ) -> list[constructs.IDependable]:
        """Let the role read everything under `firmware/`. Answers with the policy that says so, made after the others.

        There is none for a role imported as immutable, to which nothing can be added.
        """
        name = f"Firmware{bucket.identity}"
        if name not in self._policies:
            allowed = {**_to_bucket(bucket), **_to_key(bucket), f"{bucket.arn}/firmware/*": ["s3:GetObject"]}
            for policy in self._attached({name: allowed}):
                put_behind(policy, behind)
        made = self._policies[name]
        return [made] if made else []

    def to_image(self, bucket: BucketFacts, key: str) -> list[cdk.CfnResource]:
        """Let the role read one image. Answers with the policies that say so, that of the image last."""
        wanted = {
            f"Bucket{bucket.identity}": _to_bucket(bucket),
            f"Key{bucket.identity}": _to_key(bucket),
            f"Image{bucket.image_identity(self._scope, key)}": {f"{bucket.arn}/{as_resource(key)}": ["s3:GetObject"]},
        }
        return self._attached({what: allowed for what, allowed in wanted.items() if allowed})

    def acknowledge_wildcards(self) -> None:
        """Answer cdk-nag's findings about them; call this when the app is synthesised."""
        for policy, resources in self._wildcards.items():
            acknowledge_wildcards(policy, resources, _WILDCARDS)

    def _attached(self, wanted: dict[str, Allowed]) -> list[cdk.CfnResource]:
        for what, allowed in wanted.items():
            if what not in self._policies:
                self._policies[what] = self._attach(f"{self.name}{what}", allowed)
        return [policy for what in wanted if (policy := self._policies[what])]

    def _attach(self, name: str, allowed: Allowed) -> cdk.CfnResource | None:
        statements = [{"Effect": "Allow", "Action": what, "Resource": of} for of, what in allowed.items()]
        document: dict[str, object] = {"Version": "2012-10-17", "Statement": statements}
        policy = self._policy_here(name, document) if self._of_this_stack else self._policy_elsewhere(name, document)
        if policy:
            self._wildcards[policy] = {end: [of for of in allowed if of.endswith(end)] for end in _WILDCARDS}
            self.characters += _length(allowed)
        return policy

    def _policy_here(self, name: str, document: dict[str, object]) -> cdk.CfnResource:
        props = {"policyDocument": document, "policyName": name, "roles": [attribute(self._role, "roleName")]}
        return typed_resource(self._scope, name, "aws_iam.CfnPolicy", props)

    def _policy_elsewhere(self, name: str, document: dict[str, object]) -> cdk.CfnResource | None:
        from aws_cdk import aws_iam as iam

        # A role may serve tasks of several stacks, even in several Regions: there a second policy of the same name
        # would overwrite the first one, and the end of either stack would take it from both.
        policy = iam.Policy(
            self._scope,
            name,
            policy_name=f"{name}-{self._end_of_stack_id}",
            document=iam.PolicyDocument.from_json(document),
        )
        self._role.attach_inline_policy(policy)
        rendered = cast("iam.CfnPolicy", policy.node.default_child)
        # To a role imported as immutable CDK attaches nothing: such a policy is not rendered, and has no length.
        return rendered if policy.stack.resolve(rendered.roles) else None

    @functools.cached_property
    def _end_of_stack_id(self) -> str:
        # The UUID in arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>. Each stack has a token of its own:
        # the CDK, too, wants the names on one role to differ.
        return cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))


def _to_bucket(bucket: BucketFacts) -> Allowed:
    return {bucket.arn: ["s3:ListBucket", "s3:ListBucketVersions"]}


def _to_key(bucket: BucketFacts) -> Allowed:
    return {bucket.key_arn: ["kms:Decrypt"]} if bucket.key_arn else {}


def _length(allowed: Allowed) -> int:
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": f"arn:{_LONGEST_PARTITION}:s3:::{_longest(resource)}"}
        for resource, actions in allowed.items()
    ]
    return len(json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")))


def _longest(resource: str) -> str:
    return re.sub(r"\$\{Token\[[^\]]*\]\}", _LONGEST_BUCKET_NAME, resource)


def as_resource(key: str) -> str:
    """An object key as the resource of a policy says it."""
    # In the resource of a policy these characters are wildcards and variables; IAM spells the plain ones like this.
    return key if known_text(key) is None else re.sub(r"[$*?]", lambda found: f"${{{found[0]}}}", key)
