"""Polls of the monitor against the local IoT Wireless service and MiniStack's EventBridge, DynamoDB and SQS.

The code under test speaks boto3 over HTTP; only the clock is ours.
"""

from __future__ import annotations

import io
import json
import random
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import cfnlint.jsonschema
import pytest

from fuota_constructs.local.iotwireless import IotWirelessService, serve
from fuota_constructs.monitor.event_schema import DETAILS, SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from fuota_constructs.local import cloud as clouds

RUNTIME = Path(__file__).parents[2] / "fuota_constructs" / "monitor" / "runtime"
# As Lambda does with the folder of the function.
if str(RUNTIME) not in sys.path:
    sys.path.insert(0, str(RUNTIME))

import monitor_calls  # noqa: E402  # the path comes first
import poll  # noqa: E402  # the path comes first
from watched import Watched  # noqa: E402  # the path comes first

START = 1_800_000_000
HOUR = 3600
TABLE = "polls"


class Clock:
    """Time that passes only when somebody says so, or sleeps."""

    time: float = START

    def __call__(self) -> float:
        return self.time


class Context:
    """What Lambda gives the handler."""

    seconds: float = 900

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class ClockedCalls(monitor_calls.MonitorCalls):
    """The side effects of the Lambda on our clock; AWS calls are the real ones."""

    def __init__(self, clock: Clock) -> None:
        self.context = Context()
        super().__init__(self.context)
        self.clock = clock
        self.slept: list[float] = []
        self.output = io.StringIO()

    def now_exactly(self) -> float:
        return self.clock()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def say(self, line: str) -> None:
        self.output.write(f"{line}\n")


@dataclass
class Seen:
    """What one poll told."""

    metrics: list[dict[str, Any]]
    events: list[dict[str, Any]]
    text: list[str]
    slept: list[float]
    requests: list[str]

    def of(self, detail_type: str) -> list[dict[str, Any]]:
        """The details of the events of one type."""
        return [event["detail"] for event in self.events if event["detail-type"] == detail_type]


@dataclass
class Watch:
    """A task to watch, in a service whose clock only jumps."""

    clock: Clock
    service: IotWirelessService
    service_url: str
    queue: str
    rule: str
    queue_arn: str
    images: dict[str, bytes] = field(default_factory=dict)
    rule_names: str | None = None  # another task than the one that is polled

    def __post_init__(self) -> None:
        self.iotwireless = boto3.client("iotwireless", endpoint_url=self.service_url)
        self.sqs, self.rules, self.table = boto3.client("sqs"), boto3.client("events"), boto3.client("dynamodb")

    def fleet(self, **document: Any) -> None:
        """Make devices."""
        self.admin("fleet", **document)

    def admin(self, route: str, **document: Any) -> None:
        """Call an admin route of the service."""
        body = json.dumps(document).encode()
        request = urllib.request.Request(f"{self.service_url}/_fuota/{route}", data=body, method="POST")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    def task(self, *, image: bool = True) -> str:
        """Make a task for a group of its own: 25 data and 25 coded fragments of 40 bytes, one a minute."""
        group = self.iotwireless.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
        if image:
            self.images["s3://firmware/v2.bin"] = random.Random(1).randbytes(1000)
        task_id: str = self.iotwireless.create_fuota_task(
            FirmwareUpdateImage="s3://firmware/v2.bin",
            FirmwareUpdateRole="arn:aws:iam::123456789012:role/fuota",
            LoRaWAN={"RfRegion": "EU868"},
            FragmentSizeBytes=40,
            FragmentIntervalMS=60_000,
            RedundancyPercent=100,
        )["Id"]
        self.iotwireless.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group)
        return task_id

    def poll(self, task_id: str, *, seconds_left: float = 900) -> Seen:
        """Have the Lambda look at a task once; answers what it told and asked for."""
        self.name(self.rule_names or task_id)
        calls = ClockedCalls(self.clock)
        calls.context.seconds = seconds_left
        before = len(self.service.requests.list())
        watched = Watched(task_id, "Fleet", "default", self.rule)
        try:
            poll.poll(watched, calls)
        finally:
            asked = [each["operation"] for each in self.service.requests.list()[before:]]
        lines = calls.output.getvalue().splitlines()
        return Seen(
            metrics=[json.loads(line) for line in lines if line.startswith("{")],
            events=self.events(),
            text=[line for line in lines if not line.startswith("{")],
            slept=calls.slept,
            requests=asked,
        )

    def name(self, task_id: str, *, constant: bool = False) -> None:
        """Have the rule poll a task, as CloudFormation writes its target."""
        template = f'{{"fuotaTaskId": "{task_id}", "rule": "<aws.events.rule-name>"}}'
        given = {"Input": template} if constant else {"InputTransformer": {"InputTemplate": template}}
        self.rules.put_targets(Rule=self.rule, Targets=[{"Id": "Poll", "Arn": self.queue_arn, **given}])

    def events(self) -> list[dict[str, Any]]:
        """The events that arrived, each checked against its schema."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        for event in found:
            schema = DETAILS[event["detail-type"]]
            problems = list(cfnlint.jsonschema.StandardValidator(schema).iter_errors(event["detail"]))
            assert problems == [], event
            assert event["source"] == SOURCE
        return found

    def is_polled(self) -> bool:
        """Whether the rule still starts polls."""
        enabled: bool = self.rules.describe_rule(Name=self.rule)["State"] == "ENABLED"
        return enabled

    def remembered(self) -> list[dict[str, Any]]:
        """The items of the table."""
        items: list[dict[str, Any]] = self.table.scan(TableName=TABLE)["Items"]
        return items


@pytest.fixture(scope="session")
def cloud(start_cloud: Callable[..., AbstractContextManager[clouds.LocalCloud]]) -> Iterator[clouds.LocalCloud]:
    """A MiniStack for EventBridge, DynamoDB and SQS."""
    with start_cloud() as running:
        yield running


@pytest.fixture
def watch(cloud: clouds.LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """A fresh service, queue, rule and table, where the monitor's boto3 finds them."""
    clock, images = Clock(), {}
    service = IotWirelessService(clock, requests_per_second=None, image_source=lambda uri, *_: images[uri])
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", cloud.secret)
    monkeypatch.setenv("STATE_TABLE", TABLE)
    with serve(service) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_IOT_WIRELESS", url)
        monitor_calls._client.cache_clear()
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # one with the keys of this cloud, for this test
        table, events, sqs = boto3.client("dynamodb"), boto3.client("events"), boto3.client("sqs")
        table.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "Poll", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Poll", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        queue = sqs.create_queue(QueueName="changes")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="changes", EventPattern=json.dumps({"source": [SOURCE]}))
        events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
        events.put_rule(Name="polls", ScheduleExpression="rate(60 minutes)")
        yield Watch(clock, service, url, queue, "polls", arn, images)
        events.remove_targets(Rule="changes", Ids=["queue"])
        events.delete_rule(Name="changes")
        events.remove_targets(Rule="polls", Ids=["Poll"])
        events.delete_rule(Name="polls")
        sqs.delete_queue(QueueUrl=queue)
        table.delete_table(TableName=TABLE)
        monitor_calls._client.cache_clear()


TASK, DEVICE = "FUOTA Task Status Change", "FUOTA Device Status Change"
MIXED = [
    {"name": "good", "count": 3},
    {"name": "deaf", "count": 1, "loss": 1},
    {"name": "broken", "count": 1, "faults": ["corrupt-fragment"]},
]


@pytest.fixture
def task(watch: Watch) -> str:
    """A task with three good devices, one that hears nothing and one with a fault."""
    task_id = watch.task()
    watch.fleet(cohorts=MIXED, seed=1)
    return task_id
