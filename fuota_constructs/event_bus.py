"""The event bus that events of this library go to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.synth_checks import Place, place_of, place_of_stack
from fuota_constructs.template.late_warnings import warn
from fuota_constructs.template.references import refers
from fuota_constructs.template.service_arns import parts_of
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_events import IEventBusRef
    from constructs import Construct, IConstruct

RULE = "event-bus-account"


def event_bus_arn(event_bus: IEventBusRef | None, at: Construct, *, rule: str) -> str:
    """The ARN of a bus, by default of the default bus of the account.

    One of another account is a warning. Raises `FuotaValidationError` of this rule for what is no bus, and for a bus of
    another Region.
    """
    if event_bus is None:
        return cdk.Stack.of(at).format_arn(service="events", resource="event-bus", resource_name="default")
    if not refers(event_bus, "event_bus_ref"):
        raise FuotaValidationError(
            rule,
            f"event_bus is {shown(event_bus)}; give a bus, such as aws_events.EventBus.from_event_bus_name(...)",
            construct_path=at.node.path,
        )
    arn = event_bus.event_bus_ref.event_bus_arn
    if parts_of(arn)[2] not in {None, "events"}:
        raise FuotaValidationError(
            rule,
            f"event_bus has the ARN {shown(arn)}, which is no bus's; give"
            " arn:aws:events:<region>:<account>:event-bus/<name>",
            construct_path=at.node.path,
        )
    # Another Region's bus is reached by a rule on one of this Region only (EventBridge User Guide, sending and
    # receiving events between AWS Regions); one of another account takes events that its policy allows.
    there, here = place_of(event_bus, arn), place_of_stack(at)
    if apart := Place(region=there.region).apart_from(here):
        theirs, ours = apart
        raise FuotaValidationError(
            rule,
            f"event_bus is in {theirs} and this stack in {ours}; events can be put on a bus of the same Region"
            f" only: give one in {ours}, with a rule that sends them on to the bus in {theirs}",
            construct_path=at.node.path,
        )
    if apart := Place(account=there.account).apart_from(here):
        theirs, ours = apart
        allowed = {
            "Sid": f"EventsOf{here.account}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{parts_of(arn)[1] or 'aws'}:iam::{here.account}:root"},
            "Action": "events:PutEvents",
            "Resource": arn if is_known(arn) else "<the ARN of the bus>",
        }
        warn(
            at,
            RULE,
            f"event_bus is in {theirs} and this stack in {ours}; nothing that is told arrives unless the policy of the"
            f" bus has {json.dumps(allowed)}; acknowledge this when it has",
        )
    return arn


def expect_rules_here(event_bus: IEventBusRef | None, at: IConstruct, *, rule: str) -> None:
    """Refuse a bus on which this stack can make no rule: CloudFormation takes its name for that of a bus of its own.

    Raises `FuotaValidationError` of this rule for a bus of another account.
    """
    there = place_of(event_bus, event_bus.event_bus_ref.event_bus_arn) if event_bus else Place()
    if apart := Place(account=there.account).apart_from(place_of_stack(at)):
        theirs, ours = apart
        raise FuotaValidationError(
            rule,
            f"event_bus is in {theirs} and this stack in {ours}; a rule is made where its bus is: make it in a stack of"
            f" {theirs}, for the source 'fuota-constructs'",
            construct_path=at.node.path,
        )
