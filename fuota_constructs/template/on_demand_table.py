"""DynamoDB tables of items that are found by one text: on demand, so that they cost nothing while nothing happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from fuota_constructs.template.typed_resource import typed_resource

if TYPE_CHECKING:
    import constructs


def on_demand_table(
    scope: constructs.Construct, key: str, *, removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.DESTROY, **more: Any
) -> cdk.CfnResource:
    """The table of a construct, its child `Table`; it goes with the stack by default."""
    table = typed_resource(
        scope,
        "Table",
        "aws_dynamodb.CfnTable",
        {
            "attributeDefinitions": [{"attributeName": key, "attributeType": "S"}],
            "billingMode": "PAY_PER_REQUEST",
            "keySchema": [{"attributeName": key, "keyType": "HASH"}],
            **more,
        },
    )
    table.apply_removal_policy(removal_policy)
    return table
