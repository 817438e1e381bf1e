"""Whether AWS IoT Wireless may assume a role that is made in this app."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from fuota_constructs.provider.permissions import SERVICE_PRINCIPAL

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


_TRUSTING: weakref.WeakSet[iam.IRole] = weakref.WeakSet()
"""Roles that were found to trust the service: statements are only ever added, and asking costs round trips."""


def trusts_service(role: iam.IRole) -> bool | None:
    """Whether the trust policy of a role has a statement for the service; None for a role whose policy is not here.

    Conditions are not judged: what the service sends for them is not documented.
    """
    from fuota_constructs.firmware.firmware_update_role import FirmwareUpdateRole

    if isinstance(role, FirmwareUpdateRole) or role in _TRUSTING:
        return True
    # What stands for an L1 role is below it.
    policy = getattr(role, "assume_role_policy", None) or getattr(role.node.scope, "assume_role_policy_document", None)
    if policy is None:
        return None
    document = cdk.Stack.of(role).resolve(policy)
    statements = document.get("Statement", [])
    if not any(map(_is_for_the_service, statements if isinstance(statements, list) else [statements])):
        return False
    _TRUSTING.add(role)
    return True


def _is_for_the_service(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    if statement.get("Effect") != "Allow" or principal is None:
        return False
    if principal == "*" or principal.get("AWS") == "*":
        return True
    services = principal.get("Service", [])
    named = services if isinstance(services, list) else [services]
    # What is no text is an intrinsic of CloudFormation, and may be the service.
    return any(not isinstance(name, str) or name == SERVICE_PRINCIPAL for name in named)
