"""Whom something is granted to."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.late_warnings import warn
from fuota_constructs.template.references import refers
from fuota_constructs.template.tokens import known_text, shown

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

RULE = "grantee"


def expect_grantee(grantee: object, at: IConstruct, *, such_as: str = "a role, a user") -> None:
    """Refuse what nothing can be granted to, and warn of what is known to be of another account.

    Raises `FuotaValidationError` (`grantee`).
    """
    if not refers(grantee, "grant_principal"):
        raise FuotaValidationError(
            RULE,
            f"grantee is {shown(grantee)}; give {such_as} or another iam.IGrantable",
            construct_path=at.node.path,
        )
    theirs = known_text(getattr(cast("iam.IGrantable", grantee).grant_principal, "principal_account", None))
    ours = _account_of(at) if theirs else None
    if ours and theirs != ours:
        # Across accounts the policy of the resource must allow it, too (IAM User Guide, policy evaluation logic).
        warn(
            at,
            RULE,
            f"grantee is {shown(grantee)} of account {theirs}, and what it is granted is in account {ours}, where a"
            f" policy of the grantee alone allows nothing; grant it to a role of account {ours} that the other account"
            " may assume",
        )


def _account_of(at: IConstruct) -> str | None:
    environment = getattr(at, "env", None)
    return known_text(environment.account if environment else cdk.Stack.of(at).account)
