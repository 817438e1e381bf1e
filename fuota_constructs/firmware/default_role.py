"""The firmware update role of tasks that are given none: a `FirmwareUpdateRole`, without loading `aws_cdk.aws_iam`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.provider.permissions import SERVICE_PRINCIPAL
from fuota_constructs.template.service_role import service_role

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from constructs import Construct

TRUST_CONDITIONS = {"StringEqualsIfExists": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
DESCRIPTION = "Lets AWS IoT Wireless read firmware images for FUOTA tasks"


def make_default_role(scope: Construct) -> iam.Role:
    """Make what `FirmwareUpdateRole(...)` makes; a test holds them to be the same."""
    return service_role(
        scope,
        "FirmwareUpdateRole",
        SERVICE_PRINCIPAL,
        conditions=TRUST_CONDITIONS,
        description=DESCRIPTION,
        real="fuota_constructs.firmware.firmware_update_role.FirmwareUpdateRole",
    )
