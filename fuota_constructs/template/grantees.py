"""Whom something is granted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.references import refers
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from constructs import Node


def expect_grantee(grantee: object, at: Node, *, such_as: str = "a role, a user") -> None:
    """Refuse what nothing can be granted to.

    Raises `FuotaValidationError` (`grantee`).
    """
    if not refers(grantee, "grant_principal"):
        raise FuotaValidationError(
            "grantee",
            f"grantee is {shown(grantee)}; give {such_as} or another iam.IGrantable",
            construct_path=at.path,
        )
