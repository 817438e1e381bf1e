"""Whether AWS IoT Wireless may assume a role that is made in this app."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from fuota_constructs.provider.permissions import SERVICE_PRINCIPAL
from fuota_constructs.template.role_trust import trusts

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


_TRUSTING: weakref.WeakSet[iam.IRole] = weakref.WeakSet()
"""Roles that were found to trust the service. Asking costs round trips, and statements are only ever added."""


def trusts_service(role: iam.IRole) -> bool | None:
    """Whether the trust policy of a role has a statement for the service; None for a role whose policy is not here.

    Conditions are not judged: what the service sends for them is not documented.
    """
    from fuota_constructs.firmware.firmware_update_role import FirmwareUpdateRole

    if isinstance(role, FirmwareUpdateRole) or role in _TRUSTING:
        return True
    trusting = trusts(role, SERVICE_PRINCIPAL)
    if trusting and getattr(role, "assume_role_policy", None):  # to one of an L1 another policy may be given
        _TRUSTING.add(role)
    return trusting
