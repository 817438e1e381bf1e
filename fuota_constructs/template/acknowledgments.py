"""Findings of policy checkers (cdk-nag) that this library answers itself, so that its users need not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

FIRMWARE_BUCKET = {
    "AwsSolutions-S1": "one AWS service reads the firmware that the bucket holds and broadcasts it to devices; whoever"
    " needs access logs gives server_access_logs_bucket",
}


def somebody_asks() -> bool:
    """Whether the app has loaded cdk-nag: then it is worth a synth's time to answer it."""
    return "cdk_nag" in sys.modules


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledge findings on a construct and what is below it: the id of each, and the reason."""
    cdk.Validations.of(construct).acknowledge(
        *(cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in reasons.items())
    )


def acknowledge_wildcards(policy: iam.Policy, resources: Mapping[str, list[str]], reasons: Mapping[str, str]) -> None:
    """Acknowledge the wildcards of a policy, by the Sid of their statements: its resources, and the reason for each.

    cdk-nag wants each wildcard acknowledged under the very text of its resource. Where another stack's bucket is in it,
    that text is settled only when the app is synthesised, so call this then.
    """
    wildcards = {
        f"AwsSolutions-IAM5[Resource::{resource}]": reasons[sid]
        for sid, its_resources in policy.stack.resolve(dict(resources)).items()
        for resource in map(_flat, its_resources)
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
