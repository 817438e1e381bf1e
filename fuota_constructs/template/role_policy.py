"""The policy of a role that this library makes for itself; it grows while the app is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import constructs
import jsii
from aws_cdk import aws_iam as iam

from fuota_constructs.template.acknowledgments import acknowledge_wildcards, somebody_asks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Statement = dict[str, Any]
"""A statement as IAM writes it, with a Sid and a list of resources."""

_CUSTOMIZED = "@aws-cdk/iam:customizeRoles"
"""The context that `iam.Role.customize_roles` sets."""


@jsii.implements(constructs.IValidation)
class RolePolicy:
    """One policy, with one statement for each Sid whatever it comes to allow.

    As a validation of a construct it settles itself: the CDK validates when references between stacks are settled.
    """

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        role: iam.Role,
        policy_name: str,
        statements: Iterable[Statement],
        wildcards: Mapping[str, str],
    ) -> None:
        """Attach the policy to the role; `wildcards` says why, by Sid, a statement cannot do without one.

        `statements` are complete; what grows is allowed later.
        """
        self._role, self._wildcards = role, wildcards
        complete = list(statements)
        self._resources: dict[str, list[str]] = {each["Sid"]: each["Resource"] for each in complete}
        self._growing: dict[str, iam.PolicyStatement] = {}
        document = iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": complete})
        self.policy = iam.Policy(scope, "Policy", document=document, policy_name=policy_name)
        """Custom resources depend on it: their Delete still needs these permissions."""
        self.is_elsewhere = role.node.try_get_context(_CUSTOMIZED) is not None
        """Whether others make the roles: then the template has no policy, but the CDK writes a report of it."""
        if not self.is_elsewhere:
            role.attach_inline_policy(self.policy)

    def allow(self, statements: Iterable[Statement]) -> None:
        """Allow more: statements of a new Sid, or more resources for one there is."""
        added = []
        for statement in statements:
            sid = statement["Sid"]
            present = self._resources.setdefault(sid, [])
            new = [resource for resource in statement["Resource"] if resource not in present]
            present += new
            if new and sid in self._growing:
                self._growing[sid].add_resources(*new)
            elif new:
                self._growing[sid] = iam.PolicyStatement.from_json({**statement, "Resource": new})
                added.append(self._growing[sid])
        if added:
            self.policy.add_statements(*added)

    def settle(self) -> None:
        """Answer cdk-nag's findings about wildcards, and report what others must grant."""
        if somebody_asks():
            acknowledge_wildcards(self.policy, self._resources, self._wildcards)
        if self.is_elsewhere:  # not before: the report takes what is in the policy at that moment
            self._role.attach_inline_policy(self.policy)

    def validate(self) -> list[str]:
        """Called by the CDK."""
        self.settle()
        return []
