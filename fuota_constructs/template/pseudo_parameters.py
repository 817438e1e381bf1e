"""Pseudo parameters of CloudFormation as a template has them, and texts with them in.

`cdk.Aws` has them as tokens: each costs a round trip to the CDK, and more when a policy full of them is rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from fuota_constructs.template.tokens import is_known

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT: dict[str, object] = {"Ref": "AWS::AccountId"}
PARTITION: dict[str, object] = {"Ref": "AWS::Partition"}
REGION: dict[str, object] = {"Ref": "AWS::Region"}
STACK_ID: dict[str, object] = {"Ref": "AWS::StackId"}


def joined(*parts: str | Mapping[str, object]) -> dict[str, object]:
    """One text of several, of which some are pseudo parameters or tokens; as the CDK would write it."""
    items: list[str | Mapping[str, object]] = []
    for part in parts:
        if not part:
            continue
        if items and isinstance(part, str) and isinstance(items[-1], str) and is_known(part) and is_known(items[-1]):
            items[-1] += part
        else:
            items.append(part)
    return {"Fn::Join": ["", items]}


def as_text(value: object) -> str:
    """The same as a text with tokens of the CDK in it, by which the CDK knows what it is about, as in its reports."""
    match value:
        case {"Fn::Join": ["", [*parts]]}:
            return "".join(map(as_text, parts))
        case {"Ref": "AWS::AccountId"}:
            return cdk.Aws.ACCOUNT_ID
        case {"Ref": "AWS::Partition"}:
            return cdk.Aws.PARTITION
        case {"Ref": "AWS::Region"}:
            return cdk.Aws.REGION
        case {"Ref": "AWS::StackId"}:
            return cdk.Aws.STACK_ID
        case _:
            return value if isinstance(value, str) else cdk.Token.as_string(value)
