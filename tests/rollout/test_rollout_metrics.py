"""Metrics, alarms and a dashboard of a rollout, in the template."""

import json
import re
from pathlib import Path

import aws_cdk as cdk
import pytest

import fuota_constructs
from fuota_constructs import FuotaValidationError

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
RUNTIME = Path(fuota_constructs.__file__).parent / "rollout" / "runtime"


def test_metrics_have_the_names_the_function_writes(rollout_of) -> None:
    rollout = rollout_of()
    methods = [name for name in dir(rollout) if name.startswith("metric_")]
    metrics = {getattr(rollout, name)().metric_name: getattr(rollout, name)() for name in methods}
    written = "".join((RUNTIME / f"{name}.py").read_text() for name in ("gate_metrics", "status_metrics"))
    assert {*metrics, "RolloutUntoldEvents"} == set(re.findall(r'"(Rollout\w+)"', written))
    for metric in metrics.values():
        assert metric.dimensions == {"Rollout": rollout.rollout_name}
        assert (metric.namespace, metric.statistic, metric.period.to_minutes()) == ("FuotaConstructs", "Maximum", 1)
    longer = rollout.metric_success_ratio(period=cdk.Duration.hours(1), statistic="Minimum")
    assert (longer.period.to_minutes(), longer.statistic) == (60, "Minimum")


def test_alarms_stay_as_the_last_step_left_them(stack, rollout_of, synth) -> None:
    rollout = rollout_of()
    rollout.alarm_on_held(alarm_actions=[TOPIC])
    rollout.alarm_on_held("HeldLong", after=cdk.Duration.hours(8))
    rollout.alarm_on_aborted(alarm_actions=[TOPIC])
    rollout.alarm_on_failed()
    alarms = [body["Properties"] for body in synth(stack).all("AWS::CloudWatch::Alarm").values()]
    assert {(each["MetricName"], each["Threshold"], tuple(each.get("AlarmActions", ()))) for each in alarms} == {
        ("RolloutHeld", 0, (TOPIC,)),
        ("RolloutSecondsHeld", 28_800, ()),
        ("RolloutAborted", 0, (TOPIC,)),
        ("RolloutFailed", 0, ()),
    }
    for each in alarms:
        assert (each["Period"], each["TreatMissingData"]) == (60, "ignore")
        assert each["ComparisonOperator"] == "GreaterThanThreshold"
        assert [dimension["Name"] for dimension in each["Dimensions"]] == ["Rollout"]


@pytest.mark.parametrize("alarmed", [True, False])
def test_the_dashboard_shows_devices_shares_status_and_the_alarms_there_are(stack, rollout_of, synth, alarmed) -> None:
    rollout = rollout_of()
    if alarmed:
        rollout.alarm_on_held()
        rollout.alarm_on_aborted()
    rollout.dashboard(dashboard_name="Fleet")
    dashboard = synth(stack).properties("AWS::CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "Fleet"
    parts = dashboard["DashboardBody"]["Fn::Join"][1]
    widgets = json.loads("".join(part if isinstance(part, str) else "token" for part in parts))["widgets"]
    assert sum(widget["width"] for widget in widgets) == 24
    [share] = [
        each["properties"]["yAxis"] for each in widgets if each["properties"].get("title") == "Share with the image"
    ]
    assert (share["left"]["min"], share["left"]["max"]) == (0, 1)
    shown = {metric[1] for widget in widgets for metric in widget["properties"].get("metrics", [])}
    assert {"RolloutDeliveredDevices", "RolloutSuccessRatio", "RolloutHeld", "RolloutAborted"} <= shown
    assert [len(widget["properties"].get("alarms", ())) for widget in widgets if widget["type"] == "alarm"] == (
        [2] if alarmed else []
    )


def test_nothing_that_costs_is_made_unasked(stack, rollout_of, synth) -> None:
    rollout_of()
    template = synth(stack)
    assert not template.all("AWS::CloudWatch::Alarm")
    assert not template.all("AWS::CloudWatch::Dashboard")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"after": 3600}, "after is 3600; give a Duration of 0 to 2,592,000 whole seconds"),
        ({"after": cdk.Duration.days(31)}, "after is 2678400"),
        ({"alarm_actions": TOPIC}, "give a list of them"),
        ({"alarm_actions": [3]}, "give ARNs, such as topic.topic_arn"),
    ],
)
def test_fails_for_an_alarm_that_cannot_be(rollout_of, given, part) -> None:
    with pytest.raises(FuotaValidationError) as refused:
        rollout_of().alarm_on_held(**given)
    assert part in str(refused.value)
