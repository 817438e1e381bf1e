"""The table of the versions that devices report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs

from fuota_constructs.template.acknowledgments import VERSIONS, AcknowledgedAtSynth
from fuota_constructs.template.grantees import expect_grantee
from fuota_constructs.template.on_demand_table import on_demand_table
from fuota_constructs.template.typed_resource import attribute

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

KEY = "WirelessDeviceId"


class DeviceVersions(constructs.Construct):
    """A DynamoDB table of the firmware version that each device reported last, for one rollout or many.

    Your own uplink pipeline writes it, an item a device: `WirelessDeviceId` (the key, a text), `Version` (a text), and
    `Time` (a number of milliseconds since the epoch, as `timestamp()` of an IoT rule gives it, or ISO 8601 text).
    On demand, encrypted with a key of DynamoDB's, with point-in-time recovery; kept when the stack is deleted.
    """

    def __init__(
        self,
        scope: constructs.Construct,
        id: str,
    ) -> None:
        """Make the table."""
        super().__init__(scope, id)
        recovery = {"pointInTimeRecoveryEnabled": True}
        self._table = on_demand_table(
            self, KEY, removal_policy=cdk.RemovalPolicy.RETAIN, pointInTimeRecoverySpecification=recovery
        )
        AcknowledgedAtSynth(self, VERSIONS)

    @property
    def table_name(self) -> str:
        """What an IoT rule or a function writes to."""
        return self._table.ref

    @property
    def table_arn(self) -> str:
        """The ARN of the table."""
        return attribute(self._table, "attrArn")

    def grant_report(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to write what devices report: `PutItem`, `UpdateItem` and `BatchWriteItem`.

        Raises `FuotaValidationError` (`grantee`) for what is none.
        """
        from aws_cdk import aws_iam as iam

        expect_grantee(grantee, self, such_as="a role, a function")
        actions = ["dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        return iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[self.table_arn])
