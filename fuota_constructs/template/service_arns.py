"""ARNs and ids of FUOTA tasks and multicast groups, as users give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import constructs

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

_PARTS = 6
"""`arn`, partition, service, Region, account, resource."""

MOST_CHARACTERS = 256
"""Source: AWS IoT Wireless API, FuotaTaskId, MulticastGroupId and WirelessDeviceId."""

_NOUNS = {
    "FuotaTask": "FUOTA task",
    "MulticastGroup": "multicast group",
    "WirelessDevice": "wireless device",
    "WirelessGateway": "wireless gateway",
}


def parts_of(arn: str) -> list[str | None]:
    """The six parts of an ARN, None for each that is not known now; of an ARN that is all token nothing is known."""
    parts = arn.split(":", _PARTS - 1)
    if parts[0] != "arn" or len(parts) != _PARTS:
        return [None] * _PARTS
    return [part if part and is_known(part) else None for part in parts]


def expect_arn(value: object, kind: str, at: IConstruct) -> str:
    """The value, if it is or may become the ARN of a resource of this kind of AWS IoT Wireless."""
    if isinstance(value, str) and _may_be_arn_of(kind, value):
        return value
    noun = _NOUNS[kind]
    raise FuotaValidationError(
        _rule_of(kind),
        f"{shown(value)} is no ARN of a {noun}; give arn:aws:iotwireless:<region>:<account>:{kind}/<id>, or import the"
        f" {noun} by its id",
        construct_path=at.node.path,
    )


def arn_of_own(scope: Construct, kind: str, id_: str) -> str:
    """The ARN that a resource of the account and Region of this stack has, by its id.

    Raises what `expect_id` raises, and `TypeError`, as the constructs of the CDK do, for a scope that is none.
    """
    if not isinstance(scope, constructs.Construct):
        raise TypeError(f"type of argument scope must be constructs.Construct; got {shown(scope)} instead")
    expect_id(id_, kind, scope)
    return cdk.Stack.of(scope).format_arn(service="iotwireless", resource=kind, resource_name=id_)


def expect_id(value: object, kind: str, at: IConstruct) -> str:
    """The value, if it is or may become the id of a resource of this kind, which has 1 to 256 characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= MOST_CHARACTERS:
        noun = _NOUNS[kind]
        wrong = f"{shown(value)} is no {noun} id; give the id of a {noun}, 1 to {MOST_CHARACTERS} characters"
    elif value.startswith("arn:"):
        wrong = f"{shown(value)} is an ARN; give the id alone, what the ARN has behind its last slash"
    else:
        return value
    raise FuotaValidationError(_rule_of(kind), wrong, construct_path=at.node.path)


def environment_of(arn: str) -> str | None:
    """The ARN, if the CDK can read account and Region in it: not what stands in for one not looked up yet."""
    return arn if arn.startswith("arn:") or cdk.Token.is_unresolved(arn) else None


def id_in(arn: str, scope: Construct) -> str:
    """The id at the end of an ARN, which may be a token."""
    if environment_of(arn) is None:
        return arn
    return cast("str", cdk.Stack.of(scope).split_arn(arn, cdk.ArnFormat.SLASH_RESOURCE_NAME).resource_name)


def _may_be_arn_of(kind: str, arn: str) -> bool:
    if not arn.startswith("arn:"):
        # CloudFormation resolves a dynamic reference after its functions ran: no id could be split off.
        return not is_known(arn) and "{{resolve:" not in arn
    parts = arn.split(":", _PARTS - 1)
    if len(parts) != _PARTS or (is_known(parts[2]) and parts[2] != "iotwireless"):
        return False
    resource, slash, name = parts[5].partition("/")
    return not is_known(resource) or (resource == kind and bool(slash and name))


def _rule_of(kind: str) -> str:
    return {
        "FuotaTask": "fuota-task",
        "MulticastGroup": "multicast-groups",
        "WirelessDevice": "wireless-devices",
        "WirelessGateway": "participating-gateways",
    }[kind]
