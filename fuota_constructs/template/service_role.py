"""Roles that services of AWS assume, as `iam.Role`, made without loading `aws_cdk.aws_iam`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

from fuota_constructs.template.typed_resource import typed_construct, typed_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_iam as iam
    from constructs import Construct

CUSTOMIZED = "@aws-cdk/iam:customizeRoles"
"""The context that `iam.Role.customize_roles` sets: others make the roles, and the CDK writes a report of them."""


def service_role(
    scope: Construct,
    id: str,
    service: str,
    *,
    conditions: Mapping[str, object] | None = None,
    description: str | None = None,
    real: str = "",
) -> iam.Role:
    """A role of which a bucket of another account may know the name before it is there.

    `real` is the class it is in Python, with its module, when that is one of ours.
    """
    principal = typed_object("aws_iam.ServicePrincipal", service, *([{"conditions": conditions}] if conditions else []))
    props = {"assumedBy": principal, "description": description, "roleName": generated_if_needed()}
    return cast("iam.Role", typed_construct(scope, id, "aws_iam.Role", props, base=cdk.Resource, real=real))


@functools.cache  # a constant that costs a round trip to the CDK
def generated_if_needed() -> str:
    """The name of what the CDK names where another account or Region has to know it, and else CloudFormation."""
    return cdk.PhysicalName.GENERATE_IF_NEEDED
