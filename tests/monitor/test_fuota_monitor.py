"""FuotaMonitor: what is in the template, for tasks made here and imported."""

import json
import subprocess
import sys

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from cdk_nag import AwsSolutionsChecks

from fuota_constructs import FuotaMonitor, FuotaTask, FuotaValidationError, RfRegion
from fuota_constructs.monitor import event_schema
from fuota_constructs.operations.device_status import DEVICE_STATUSES

TASK_ID = "11111111-2222-3333-4444-555555555555"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


@pytest.fixture
def imported(stack):
    return FuotaTask.from_fuota_task_id(stack, "Imported", TASK_ID)


@pytest.fixture
def task(stack, image):
    return FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)


def joined(value) -> str:
    """A Fn::Join as text, references in angle brackets."""
    parts = value["Fn::Join"][1] if isinstance(value, dict) else [value]
    return "".join(part if isinstance(part, str) else f"<{next(iter(part.values()))}>" for part in parts)


def statements(template) -> dict:
    [policy] = [body for name, body in template.all("AWS::IAM::Policy").items() if "Monitor" in name]
    return {each["Sid"]: each for each in template.statements(policy["Properties"])}


def alarms(template) -> dict:
    return {
        body["Properties"]["MetricName"]: body["Properties"] for body in template.all("AWS::CloudWatch::Alarm").values()
    }


def test_a_rule_polls_the_task_and_tells_its_own_name(stack, imported, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=imported)
    rule = synth(stack).properties("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert rule["State"] == "ENABLED"
    [target] = rule["Targets"]
    assert json.loads(joined(target["InputTransformer"]["InputTemplate"])) == {
        "fuotaTaskId": TASK_ID,
        "namespace": "FuotaConstructs",
        "eventBus": "arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default",
        "rule": "<aws.events.rule-name>",
    }


def test_the_rule_changes_with_the_task_so_that_a_new_one_is_polled_again(stack, task, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=task)
    template = synth(stack)
    [name] = template.all("Custom::FuotaTask")
    [target] = template.properties("AWS::Events::Rule")["Targets"]
    assert {"Ref": name} in target["InputTransformer"]["InputTemplate"]["Fn::Join"][1]


def test_one_function_serves_all_monitors_of_a_stack(stack, task, imported, synth) -> None:
    for name, watched in {"A": task, "B": imported, "C": imported}.items():
        FuotaMonitor(stack, name, task=watched)
    template = synth(stack)
    assert len([name for name in template.all("AWS::Lambda::Function") if "Monitor" in name]) == 1
    assert len(template.all("AWS::DynamoDB::Table")) == 1
    assert len(template.all("AWS::Events::Rule")) == len(template.all("AWS::Lambda::Permission")) == 3
    granted = statements(template)
    assert len(granted["ReadTasks"]["Resource"]) == 2
    assert len(granted["StopPolling"]["Resource"]) == 3
    assert len(granted["PublishEvents"]["Resource"]) == 1


def test_an_imported_task_needs_no_provider(stack, imported, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=imported)
    assert len(synth(stack).all("AWS::Lambda::Function")) == 1


def test_the_function_may_do_what_it_does_and_no_more(stack, imported, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=imported)
    template = synth(stack)
    [rule] = template.all("AWS::Events::Rule")
    [table] = template.all("AWS::DynamoDB::Table")
    [log_group] = template.all("AWS::Logs::LogGroup")
    granted = statements(template)
    assert {sid: each["Action"] for sid, each in granted.items()} == {
        "ListDevices": ["iotwireless:ListWirelessDevices"],
        "ReadTasks": ["iotwireless:GetFuotaTask"],
        "RememberPolls": ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
        "PublishEvents": ["events:PutEvents"],
        "StopPolling": ["events:DisableRule", "events:EnableRule", "events:ListTargetsByRule"],
        "WriteLogs": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    assert granted["ListDevices"]["Resource"] == ["*"]
    [task_arn] = granted["ReadTasks"]["Resource"]
    assert joined(task_arn).endswith(f":FuotaTask/{TASK_ID}")
    assert granted["StopPolling"]["Resource"] == [{"Fn::GetAtt": [rule, "Arn"]}]
    assert granted["RememberPolls"]["Resource"] == [{"Fn::GetAtt": [table, "Arn"]}]
    assert granted["WriteLogs"]["Resource"] == [{"Fn::GetAtt": [log_group, "Arn"]}]


def test_only_its_rule_may_start_the_function(stack, imported, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=imported)
    template = synth(stack)
    [rule] = template.all("AWS::Events::Rule")
    permission = template.properties("AWS::Lambda::Permission")
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": [rule, "Arn"]}


def test_events_may_go_to_a_bus_of_ones_own(stack, imported, synth) -> None:
    bus = events.EventBus(stack, "Bus")
    FuotaMonitor(stack, "Monitor", task=imported, event_bus=bus)
    template = synth(stack)
    [name] = template.all("AWS::Events::EventBus")
    assert statements(template)["PublishEvents"]["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}]
    [target] = template.properties("AWS::Events::Rule")["Targets"]
    assert {"Fn::GetAtt": [name, "Arn"]} in target["InputTransformer"]["InputTemplate"]["Fn::Join"][1]


def test_the_bus_may_be_imported(stack, imported, synth) -> None:
    bus = events.EventBus.from_event_bus_name(stack, "Bus", "fleet")
    FuotaMonitor(stack, "Monitor", task=imported, event_bus=bus)
    [arn] = statements(synth(stack))["PublishEvents"]["Resource"]
    assert joined(arn) == "arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/fleet"


def test_four_alarms_are_ready(stack, imported, synth) -> None:
    FuotaMonitor(
        stack,
        "Monitor",
        task=imported,
        interval=cdk.Duration.minutes(2),
        failure_ratio=0.25,
        stuck_after=cdk.Duration.minutes(30),
        alarm_actions=[TOPIC],
        namespace="Fleet/Updates",
    )
    found = alarms(synth(stack))
    assert {name: (each["Threshold"], each["TreatMissingData"]) for name, each in found.items()} == {
        "DoneWithoutSuccess": (0, "ignore"),
        "SecondsPastStart": (1800, "notBreaching"),
        "FailedRatio": (0.25, "ignore"),
        "PollFailed": (0, "notBreaching"),
    }
    assert {name: each["EvaluationPeriods"] for name, each in found.items() if each["EvaluationPeriods"] > 1} == {
        "PollFailed": 3
    }
    for alarm in found.values():
        assert alarm["AlarmActions"] == [TOPIC]
        assert alarm["Period"] == 120
        assert alarm["Namespace"] == "Fleet/Updates"
        assert alarm["Dimensions"] == [{"Name": "FuotaTaskId", "Value": TASK_ID}]
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_alarms_are_constructs_one_can_go_on_with(stack, imported, synth) -> None:
    monitor = FuotaMonitor(stack, "Monitor", task=imported)
    names = [monitor.done_without_success_alarm, monitor.stuck_waiting_alarm, monitor.polls_fail_alarm]
    cloudwatch.CompositeAlarm(stack, "Any", alarm_rule=cloudwatch.AlarmRule.any_of(*names))
    assert len(synth(stack).all("AWS::CloudWatch::CompositeAlarm")) == 1


def test_metrics_have_the_names_the_function_writes(stack, imported) -> None:
    monitor = FuotaMonitor(stack, "Monitor", task=imported)
    metrics = {
        "Devices": monitor.metric_devices(),
        "Devices.MICError": monitor.metric_devices("MICError"),
        "SuccessRatio": monitor.metric_success_ratio(),
        "FailedRatio": monitor.metric_failed_ratio(),
        "SecondsInStatus": monitor.metric_seconds_in_status(),
        "SecondsPastStart": monitor.metric_seconds_past_start(),
        "DoneWithoutSuccess": monitor.metric_done_without_success(),
        "PollFailed": monitor.metric_poll_failed(),
        "Done": monitor.metric("Done"),
    }
    for name, metric in metrics.items():
        assert metric.metric_name == name
        assert metric.dimensions == {"FuotaTaskId": TASK_ID}
        assert metric.period.to_minutes() == 5
        assert metric.statistic == "Maximum"
    shorter = monitor.metric_success_ratio(period=cdk.Duration.minutes(1), statistic="Average")
    assert (shorter.period.to_minutes(), shorter.statistic) == (1, "Average")


def test_dashboard_shows_devices_by_status_shares_and_alarms(stack, imported, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=imported).dashboard(dashboard_name="Update")
    dashboard = synth(stack).properties("AWS::CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "Update"
    widgets = json.loads(joined(dashboard["DashboardBody"]))["widgets"]
    assert sum(widget["width"] for widget in widgets) == 24
    [share] = [each["properties"]["yAxis"] for each in widgets if each["properties"].get("title") == "Share of devices"]
    assert (share["left"]["min"], share["left"]["max"]) == (0, 1)
    shown = {metric[1] for widget in widgets for metric in widget["properties"].get("metrics", [])}
    assert {"Devices.Successful", "Devices.MissingFrag", "SuccessRatio", "FailedRatio", "SecondsInStatus"} <= shown
    assert len(widgets[-1]["properties"]["alarms"]) == 4


def test_widgets_go_into_a_dashboard_of_ones_own(stack, imported, synth) -> None:
    monitors = [FuotaMonitor(stack, name, task=imported) for name in ("A", "B")]
    cloudwatch.Dashboard(stack, "All", widgets=[monitor.widgets() for monitor in monitors])
    body = synth(stack).properties("AWS::CloudWatch::Dashboard")["DashboardBody"]
    assert len(json.loads(joined(body))["widgets"]) == 8


@pytest.mark.parametrize(
    ("minutes", "expression"), [(1, "rate(1 minute)"), (2, "rate(2 minutes)"), (60, "rate(60 minutes)")]
)
def test_interval(stack, imported, synth, minutes, expression) -> None:
    FuotaMonitor(stack, "Monitor", task=imported, interval=cdk.Duration.minutes(minutes))
    assert synth(stack).properties("AWS::Events::Rule")["ScheduleExpression"] == expression


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"interval": cdk.Duration.seconds(30)}, "monitor-interval: interval is 30 s; give 1 to 60 whole minutes"),
        ({"interval": cdk.Duration.seconds(90)}, "monitor-interval"),
        ({"interval": cdk.Duration.minutes(61)}, "monitor-interval"),
        ({"interval": 5}, "monitor-interval: interval is 5;"),
        ({"stuck_after": cdk.Duration.seconds(0)}, "monitor-stuck-after"),
        ({"namespace": "AWS/IoT"}, "monitor-namespace"),
        ({"namespace": ""}, "monitor-namespace"),
        ({"namespace": '"<b>'}, "monitor-namespace"),
        ({"namespace": " "}, "monitor-namespace"),
        ({"namespace": ":fleet"}, "monitor-namespace"),
        ({"failure_ratio": 1.5}, "monitor-failure-ratio: failure_ratio is 1.5; choose a share from 0 to 1"),
        ({"failure_ratio": -0.1}, "monitor-failure-ratio"),
        ({"failure_ratio": float("nan")}, "monitor-failure-ratio"),
        ({"failure_ratio": True}, "monitor-failure-ratio"),
        ({"failure_ratio": "10 %"}, "monitor-failure-ratio"),
        ({"failure_ratio": 10**400}, "monitor-failure-ratio"),
        ({"task": TASK_ID}, "monitor-task"),
        ({"alarm_actions": TOPIC}, "monitor-alarm-actions: alarm_actions is 'arn:aws:sns:.*'; give a list of them"),
        ({"alarm_actions": ["operators"]}, "monitor-alarm-actions: alarm_actions has 'operators'; give ARNs, such as"),
        ({"alarm_actions": [TOPIC] * 6}, "monitor-alarm-actions: alarm_actions has 6 actions, and CloudWatch takes at"),
        ({"alarm_actions": ["#{Token[TOKEN.1]}"]}, "monitor-alarm-actions: .* is a list known only at deployment;"),
        ({"alarm_actions": [7]}, "monitor-alarm-actions: alarm_actions has 7; give ARNs, such as topic.topic_arn"),
        ({"event_bus": "fleet"}, "monitor-event-bus: event_bus is 'fleet'; give a bus"),
    ],
)
def test_fails_for_values_out_of_range(stack, imported, wrong, rule) -> None:
    with pytest.raises(FuotaValidationError, match=rule) as raised:
        FuotaMonitor(stack, "Monitor", **{"task": imported, **wrong})
    assert raised.value.construct_path == "Stack/Monitor"


@pytest.mark.parametrize("status", ["Succesful", "successful", "", 3, ["Successful"], "#{Token[TOKEN.1]}"])
def test_fails_for_a_metric_of_a_status_that_no_device_has(stack, imported, status) -> None:
    """An alarm on it would never have data, and never fire."""
    monitor = FuotaMonitor(stack, "Monitor", task=imported)
    with pytest.raises(FuotaValidationError, match=r"status is .*; give one of Successful, Initial, ") as raised:
        monitor.metric_devices(status)
    assert (raised.value.rule, raised.value.construct_path) == ("monitor-device-status", "Stack/Monitor")


def test_every_status_that_the_function_writes_has_a_metric(stack, imported) -> None:
    monitor = FuotaMonitor(stack, "Monitor", task=imported)
    written = {f"Devices.{status}" for status in DEVICE_STATUSES}
    assert {monitor.metric_devices(status).metric_name for status in DEVICE_STATUSES} == written


def test_none_is_not_given(stack, imported) -> None:
    monitor = FuotaMonitor(stack, "Monitor", task=imported, namespace=None, alarm_actions=None, failure_ratio=None)
    assert monitor.namespace == "FuotaConstructs"
    assert FuotaMonitor(stack, "Other", task=imported, namespace="Acme fleet: north").namespace == "Acme fleet: north"


def test_fails_for_what_is_no_bus(stack, imported) -> None:
    bus = events.EventBus.from_event_bus_arn(stack, "Bus", "arn:aws:sqs:eu-west-1:123456789012:queue")
    with pytest.raises(FuotaValidationError, match=r"monitor-event-bus: event_bus has the ARN .*, which is no bus's;"):
        FuotaMonitor(stack, "Monitor", task=imported, event_bus=bus)


def test_values_known_only_at_deployment_are_not_checked(stack, imported, synth) -> None:
    number = cdk.CfnParameter(stack, "Ratio", type="Number").value_as_number
    namespace = cdk.CfnParameter(stack, "Namespace").value_as_string
    FuotaMonitor(stack, "Monitor", task=imported, failure_ratio=number, namespace=namespace)
    alarms = synth(stack).all("AWS::CloudWatch::Alarm").values()
    assert {"Ref": "Ratio"} in [alarm["Properties"]["Threshold"] for alarm in alarms]
    assert all(alarm["Properties"]["Namespace"] == {"Ref": "Namespace"} for alarm in alarms)


def watched(stack, count: int) -> list[FuotaMonitor]:
    return [
        FuotaMonitor(stack, f"Monitor{n}", task=FuotaTask.from_fuota_task_id(stack, f"T{n}", f"{n:08}{TASK_ID[8:]}"))
        for n in range(count)
    ]


def test_fails_with_more_monitors_than_the_policy_has_room_for(app, stack) -> None:
    watched(stack, 60)
    with pytest.raises(RuntimeError, match=r"\[Stack/FuotaConstructsMonitor\] monitor-policy-size: .* another stack"):
        app.synth()


def test_a_stack_has_room_for_45_monitors(app, stack) -> None:
    watched(stack, 45)
    app.synth()


def test_tags_reach_the_function_its_log_group_and_its_table(stack, imported, synth) -> None:
    FuotaMonitor(stack, "Monitor", task=imported)
    cdk.Tags.of(stack).add("team", "fleet")
    template = synth(stack)
    for kind in ("AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::DynamoDB::Table"):
        assert template.properties(kind)["Tags"] == [{"Key": "team", "Value": "fleet"}]


@pytest.mark.parametrize("env", [None, cdk.Environment(account="123456789012", region="eu-west-1")])
def test_policy_checkers_find_nothing(app, image, env, synth) -> None:
    stack = cdk.Stack(app, "Checked", env=env)
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    FuotaMonitor(stack, "Monitor", task=task).dashboard()
    FuotaMonitor(stack, "Other", task=FuotaTask.from_fuota_task_id(stack, "Imported", TASK_ID))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    assert [str(match) for match in cfnlint.api.lint(json.dumps(synth(stack)))] == []


def test_the_asset_is_the_runtime_and_nothing_else(app, stack, imported) -> None:
    FuotaMonitor(stack, "Monitor", task=imported)
    assembly = app.synth()
    [path] = [path for path in (app_directory(assembly)).glob("asset.*") if path.is_dir()]
    assert sorted(file.name for file in path.iterdir()) == [
        "change_events.py",
        "memory.py",
        "metrics.py",
        "monitor_calls.py",
        "poll.py",
        "progress.py",
        "watched.py",
    ]


def app_directory(assembly):
    from pathlib import Path

    return Path(assembly.directory)


def test_the_schema_is_printed_as_json() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.monitor.event_schema"], capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(printed) == event_schema.DETAILS
