"""Whether a service of AWS may assume a role that is made in this app."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


def trusts(role: iam.IRole, service: str) -> bool | None:
    """Whether the trust policy of a role has a statement for the service; None for a role whose policy is not here.

    Conditions are not judged.
    """
    # What stands for an L1 role is below it.
    policy = getattr(role, "assume_role_policy", None) or getattr(role.node.scope, "assume_role_policy_document", None)
    if policy is None:
        return None
    statements = cdk.Stack.of(role).resolve(policy).get("Statement", [])
    return any(_is_for(service, each) for each in (statements if isinstance(statements, list) else [statements]))


def _may_assume(actions: object) -> bool:
    named = actions if isinstance(actions, list) else [actions]
    # What is no text is an intrinsic of CloudFormation, and may be the action.
    return any(not isinstance(name, str) or fnmatch.fnmatch("sts:assumerole", name.lower()) for name in named)


def _is_for(service: str, statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    if statement.get("Effect") != "Allow" or principal is None or not _may_assume(statement.get("Action")):
        return False
    if principal == "*" or principal.get("AWS") == "*":
        return True
    services = principal.get("Service", [])
    named = services if isinstance(services, list) else [services]
    # What is no text is an intrinsic of CloudFormation, and may be the service.
    return any(not isinstance(name, str) or name == service for name in named)
