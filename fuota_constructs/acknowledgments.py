"""Findings of policy checkers (cdk-nag) that this library answers itself, so that its users need not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on a construct and what is below it: the id of each, and the reason."""
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items())
    )


def acknowledge_wildcards(
    stack: cdk.Stack, policy: iam.CfnPolicy, document: Mapping[str, Any], reasons: Mapping[str, str]
) -> None:
    """Acknowledge the wildcards of a policy, with the reason of each statement by its Sid.

    cdk-nag wants each wildcard acknowledged under the very text of its resource. Where another stack's bucket is in it,
    that text is settled only when the app is synthesised, so call this then.
    """
    wildcards = {
        f"AwsSolutions-IAM5[Resource::{resource}]": reasons[statement["Sid"]]
        for statement in stack.resolve(document)["Statement"]
        for resource in map(_flat, statement["Resource"])
        if "*" in resource
    }
    acknowledge(policy, wildcards)


def _flat(value: Any) -> str:
    """A resource as cdk-nag writes it: references in angle brackets, joins joined."""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [str(delimiter), [*items]]}:
            return delimiter.join(map(_flat, items))
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{_flat(resource)}.{_flat(attribute)}>"
        case {"Fn::Sub": inner} | {"Fn::ImportValue": inner}:
            return _flat(inner)
        case {"Ref": name}:
            return f"<{_flat(name)}>"
        case _:
            return json.dumps(value, separators=(",", ":"))
