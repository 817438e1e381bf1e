"""Findings of policy checkers (cdk-nag) that this library answers itself, so that its users need not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import constructs
import jsii

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk import aws_iam as iam


def acknowledge(construct: constructs.IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on a construct and what is below it: the id of each, and the reason."""
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items())
    )


@jsii.implements(constructs.IValidation)
class WildcardAcknowledgment:
    """Acknowledges the wildcards of a policy, statement by statement, at synth.

    cdk-nag wants each wildcard acknowledged under the very text of its resource, and where another stack's bucket is
    in it, that text is settled only when the app is synthesised. It is no check: nothing is ever wrong.
    """

    def __init__(self, policy: iam.Policy, reasons: Mapping[str, str]) -> None:
        """The policy, and why each of its statements, by Sid, cannot do without a wildcard."""
        self._policy = policy
        self._reasons = reasons

    def validate(self) -> list[str]:
        """Called by the CDK after all references between stacks are settled."""
        document = cdk.Stack.of(self._policy).resolve(self._policy.document)
        wildcards = {
            f"AwsSolutions-IAM5[Resource::{resource}]": self._reasons[statement["Sid"]]
            for statement in document["Statement"]
            for resource in _resources(statement)
            if "*" in resource
        }
        acknowledge(self._policy, wildcards)
        return []


def _resources(statement: Mapping[str, Any]) -> Iterator[str]:
    resources = statement["Resource"]
    return map(_flat, resources if isinstance(resources, list) else [resources])


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
