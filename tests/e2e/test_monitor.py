"""A monitor and a scheduled start, deployed with the real CDK CLI into a local cloud that enforces IAM.

MiniStack fires the monitor's rule, so the first poll is the schedule's own. The later ones start the function with the
same input through the Lambda API, rather than wait a minute each. MiniStack fires one-time schedules too, but knows no
universal targets, so the test makes the call that EventBridge Scheduler would make, with the schedule's own input.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.overview import overview

pytestmark = pytest.mark.e2e

COHORTS = [{"name": "good", "count": 12}, {"name": "deaf", "count": 4, "loss": 1}]
DEVICES = sum(cohort["count"] for cohort in COHORTS)
PATIENCE_SECONDS = 600
TASK, DEVICE = "FUOTA Task Status Change", "FUOTA Device Status Change"


@pytest.fixture(scope="module")
def enforcing() -> Iterator[LocalCloud]:
    """A cloud that enforces IAM, over TLS."""
    running = clouds.start(clouds.free_port(), iam=True, account="123456789012")
    yield running
    clouds.stop(running)


def kinds(events: list[dict[str, Any]]) -> Counter[str]:
    """How many events there are of each type."""
    return Counter(each["detail-type"] for each in events)


class Run:
    """One life of the app: deployed, started, polled to the end, deployed again."""

    def __init__(self, cloud: LocalCloud, app: Any) -> None:
        self.cloud = cloud
        self.start = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
        app.succeeds("deploy", "-c", f"start={self.start.isoformat()}", "-c", "redundancy=50")
        cloudformation = cloud.client("cloudformation")
        resources = cloudformation.describe_stack_resources(StackName="Monitored")["StackResources"]
        self.resources = resources
        self.types = {each["ResourceType"] for each in resources}
        [stack] = cloudformation.describe_stacks(StackName="Monitored")["Stacks"]
        [self.queue] = [each["OutputValue"] for each in stack["Outputs"]]
        self.rule = self.named("MonitorRule")
        [self.task] = overview(cloud)["fuota_tasks"]
        cloud.admin("fleet", method="POST", content={"cohorts": COHORTS, "seed": 1})

        self.schedule = cloud.client("scheduler").get_schedule(Name=self.named("TaskScheduledStart", "Schedule"))
        call = json.loads(self.schedule["Target"]["Input"])
        cloud.client("iotwireless").start_fuota_task(**call)
        self.waiting = self.events(lambda found: kinds(found)[TASK] > 0)
        cloud.admin("clock", method="POST", content={"advance_seconds": 24 * 3600})
        self.poll()
        self.done = self.events(lambda found: kinds(found)[TASK] > 0 and kinds(found)[DEVICE] >= DEVICES)
        self.poll()
        self.rule_after_settling = self.rule_state()
        self.metrics = self.logged()
        cloudwatch = cloud.client("cloudwatch")
        self.alarms = {each["MetricName"]: each["StateValue"] for each in cloudwatch.describe_alarms()["MetricAlarms"]}
        self.ratios = self.data_points("SuccessRatio")
        app.succeeds("deploy")
        self.rule_after_replacement = self.rule_state()
        [self.replaced] = overview(cloud)["fuota_tasks"]
        decisions = cloud.admin("iam")["decisions"]
        self.denied = [each for each in decisions if not each["allowed"]]
        self.monitor_used = {each["action"] for each in decisions if "MonitorRole" in each["principal"]}
        self.left = cloud.client("scheduler").list_schedules()["Schedules"]

    def named(self, prefix: str, kind: str = "") -> str:
        """The physical id of the one resource whose logical id begins so, of a type that ends so."""
        [found] = [
            each["PhysicalResourceId"]
            for each in self.resources
            if each["LogicalResourceId"].startswith(prefix) and each["ResourceType"].endswith(kind)
        ]
        return str(found)

    def data_points(self, metric: str) -> list[float]:
        """What CloudWatch has of a metric of the task."""
        answer = self.cloud.client("cloudwatch").get_metric_statistics(
            Namespace="FuotaConstructs",
            MetricName=metric,
            Dimensions=[{"Name": "FuotaTaskId", "Value": self.task["id"]}],
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=3600,
            Statistics=["Maximum"],
        )
        return [point["Maximum"] for point in answer["Datapoints"]]

    def rule_state(self) -> str:
        """Whether the monitor's rule starts polls."""
        return str(self.cloud.client("events").describe_rule(Name=self.rule)["State"])

    def poll(self) -> None:
        """Start the function as the rule does."""
        [target] = self.cloud.client("events").list_targets_by_rule(Rule=self.rule)["Targets"]
        given = target["InputTransformer"]["InputTemplate"].replace("<aws.events.rule-name>", self.rule)
        answer = self.cloud.client("lambda").invoke(
            FunctionName=self.named("FuotaConstructsMonitorFunction"), Payload=given
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    def events(self, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The events in the queue, once there are enough and no more come."""
        sqs = self.cloud.client("sqs")
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            messages = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in messages.get("Messages", []):
                event = json.loads(message["Body"])
                # Every change is told at least once: the rule's own poll and one of ours may meet.
                told = [{**each["detail"], "observedAt": ""} for each in found]
                if {**event["detail"], "observedAt": ""} not in told:
                    found.append(event)
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            if not messages.get("Messages") and enough(found):
                return found
            assert time.monotonic() < deadline, f"not enough: {found}; see {self.cloud.log}"

    def logged(self) -> list[dict[str, Any]]:
        """The metrics in the function's log group."""
        group = self.named("FuotaConstructsMonitorLogGroup")
        events = self.cloud.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [line for event in events for line in event["message"].splitlines()]
        return [json.loads(line) for line in lines if line.startswith('{"_aws"')]


@pytest.fixture(scope="module")
def run(enforcing: LocalCloud, app_on: Callable[[LocalCloud, str], Any]) -> Run:
    return Run(enforcing, app_on(enforcing, "monitored"))


def test_the_schedule_fires_forty_minutes_before_the_session(run: Run) -> None:
    assert run.schedule["ScheduleExpression"] == f"at({run.start - timedelta(minutes=40):%Y-%m-%dT%H:%M:%S})"
    assert run.schedule["State"] == "ENABLED"
    assert run.schedule["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:iotwireless:startFuotaTask"
    assert json.loads(run.schedule["Target"]["Input"])["Id"] == run.task["id"]


def test_the_service_takes_the_call_of_the_schedule(run: Run) -> None:
    [change] = [each["detail"] for each in run.waiting if each["detail-type"] == TASK]
    assert change["startTime"] == f"{run.start:%Y-%m-%dT%H:%M:%SZ}"


def test_the_rule_polls_by_itself_and_tells_that_the_task_waits(run: Run) -> None:
    [change] = [each["detail"] for each in run.waiting if each["detail-type"] == TASK]
    assert (change["previousStatus"], change["status"]) == ("Pending", "FuotaSession_Waiting")
    assert change["fuotaTaskId"] == run.task["id"]
    assert change["devices"]["total"] == 16


def test_the_end_is_told_for_the_task_and_for_each_device(run: Run) -> None:
    [change] = [each["detail"] for each in run.done if each["detail-type"] == TASK]
    assert change["status"] == "FuotaDone"
    assert change["doneWithoutSuccess"] is False
    devices = [each["detail"]["status"] for each in run.done if each["detail-type"] == DEVICE]
    assert devices.count("Successful") == change["devices"]["byStatus"]["Successful"] == 12


def test_metrics_are_in_the_log_of_the_function(run: Run) -> None:
    assert {each["FuotaTaskId"] for each in run.metrics} == {run.task["id"]}
    assert {each["Status"] for each in run.metrics} >= {"FuotaSession_Waiting", "FuotaDone"}
    last = run.metrics[-1]
    assert (last["Devices"], last["Devices.Successful"], last["SuccessRatio"]) == (16, 12, 0.75)
    assert last["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "FuotaConstructs"


def test_polling_stops_when_the_task_is_done_and_begins_again_with_a_new_one(run: Run) -> None:
    assert run.rule_after_settling == "DISABLED"
    assert run.replaced["id"] != run.task["id"]
    assert run.rule_after_replacement == "ENABLED"


def test_a_schedule_that_is_no_longer_in_the_app_is_gone(run: Run) -> None:
    assert run.left == []


def test_alarms_and_dashboard_are_there(run: Run) -> None:
    assert {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"} <= run.types
    assert set(run.alarms) == {"DoneWithoutSuccess", "SecondsPastStart", "FailedRatio", "PollFailed"}


def test_a_quarter_of_failures_alarms_and_nothing_else_does(run: Run) -> None:
    assert max(run.ratios) == 0.75
    assert [name for name, state in run.alarms.items() if state == "ALARM"] == ["FailedRatio"]


def test_nothing_was_denied_and_every_permission_was_used(run: Run) -> None:
    assert run.denied == []
    assert run.monitor_used >= {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "events:DisableRule",
        "events:ListTargetsByRule",
        "events:PutEvents",
        "iotwireless:GetFuotaTask",
        "iotwireless:ListWirelessDevices",
    }
