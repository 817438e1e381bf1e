"""Where a monitor is, and the task, the bus and the actions of alarms that are in another account or Region."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import FuotaMonitor, FuotaTask, FuotaValidationError

TASK_ID = "11111111-2222-3333-4444-555555555555"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


def test_fails_for_actions_of_another_region(app) -> None:
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="123456789012", region="us-west-2"))
    with pytest.raises(FuotaValidationError, match="is in eu-west-1, and an alarm of this stack calls what is in us-w"):
        FuotaMonitor(stack, "M", task=FuotaTask.from_fuota_task_id(stack, "T", TASK_ID), alarm_actions=[TOPIC])


def test_fails_for_a_task_of_another_region(app) -> None:
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    arn = f"arn:aws:iotwireless:us-east-1:123456789012:FuotaTask/{TASK_ID}"
    with pytest.raises(FuotaValidationError, match="monitor-region: the task is in us-east-1 and this stack in eu-w"):
        FuotaMonitor(stack, "Monitor", task=FuotaTask.from_fuota_task_arn(stack, "Elsewhere", arn))


def test_fails_for_a_task_of_another_account(app) -> None:
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    arn = f"arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/{TASK_ID}"
    with pytest.raises(FuotaValidationError, match="monitor-account: the task is in account 111122223333 and this st"):
        FuotaMonitor(stack, "Monitor", task=FuotaTask.from_fuota_task_arn(stack, "Elsewhere", arn))


def test_fails_for_a_bus_of_another_region(app) -> None:
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    there = cdk.Stack(app, "There", env=cdk.Environment(account="123456789012", region="us-east-1"))
    task = FuotaTask.from_fuota_task_id(stack, "Imported", TASK_ID)
    arn = "arn:aws:events:{}:{}:event-bus/fleet"
    elsewhere = {
        "Imported": events.EventBus.from_event_bus_arn(stack, "Elsewhere", arn.format("us-east-1", "123456789012")),
        "Made": events.EventBus(there, "Bus", event_bus_name="fleet"),
    }
    for name, bus in elsewhere.items():
        with pytest.raises(FuotaValidationError, match="event_bus is in us-east-1 and this stack in eu-west-1; events"):
            FuotaMonitor(stack, f"Monitor{name}", task=task, event_bus=bus)
    here = {
        "Ours": events.EventBus.from_event_bus_arn(stack, "Here", arn.format("eu-west-1", "123456789012")),
        "Token": events.EventBus.from_event_bus_name(stack, "Token", cdk.CfnParameter(stack, "Bus").value_as_string),
    }
    for name, bus in here.items():
        FuotaMonitor(stack, f"Monitor{name}", task=task, event_bus=bus)
    Annotations.from_stack(stack).has_no_warning("*", Match.string_like_regexp("event-bus-account"))


def test_a_bus_of_another_account_is_a_warning_with_the_statement_it_needs(app) -> None:
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    there = cdk.Stack(app, "There", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    task = FuotaTask.from_fuota_task_id(stack, "Imported", TASK_ID)
    arn = "arn:aws:events:eu-west-1:111122223333:event-bus/fleet"
    imported = events.EventBus.from_event_bus_arn(stack, "Bus", arn)
    FuotaMonitor(stack, "Monitor", task=task, event_bus=imported)
    FuotaMonitor(stack, "Made", task=task, event_bus=events.EventBus(there, "Bus", event_bus_name="fleet"))
    cdk.Annotations.of(FuotaMonitor(stack, "Other", task=task, event_bus=imported)).acknowledge_warning(
        "event-bus-account", "they let the whole organization in"
    )
    found = {each.id: each.entry.data for each in Annotations.from_stack(stack).find_warning("*", Match.any_value())}
    assert set(found) == {"/Here/Monitor", "/Here/Made"}
    assert (
        '{"Sid": "EventsOf123456789012", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},'
        f' "Action": "events:PutEvents", "Resource": "{arn}"}}; acknowledge this when it has'
    ) in found["/Here/Monitor"]
    assert "Token" not in found["/Here/Made"]
