"""Rollouts as they are deployed: the real machines in MiniStack's engine, the real function, real S3 and DynamoDB.

The function speaks boto3 over HTTP with the local IoT Wireless service. Only the clock is ours: it jumps over what
the machines wait for.
"""

from __future__ import annotations

import functools
import json
import random
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import cfnlint.jsonschema
import pytest
from ministack.core import responses
from ministack.services import stepfunctions as engine
from rollout_stores import BUCKET, IMAGE, TABLE, VERSIONS

import fuota_constructs
from fuota_constructs.local.iotwireless import IotWirelessService, serve
from fuota_constructs.rollout.event_schema import DETAILS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fuota_constructs.local import cloud as clouds

ROOM = Path(fuota_constructs.__file__).parent / "rollout"
sys.path.insert(0, str(ROOM / "runtime"))  # as Lambda does with the folder of the function

import died  # noqa: E402  # the path comes first
import rollout_calls  # noqa: E402  # the path comes first
import rollout_step  # noqa: E402  # the path comes first
from wave_turn import Turn  # noqa: E402  # the path comes first

START = 1_800_000_000.0
MINUTE, HOUR, DAY = 60, 3600, 86_400
MOST_STEPS = 600
DIED = {"FAILED", "ABORTED"}
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:Rollout"
ROLE = "arn:aws:iam::000000000000:role/rollout"
DEVICES = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1000)]
"""For lists in templates."""
MACHINES = "arn:aws:states:eu-west-1:000000000000:stateMachine"
BAD_RADIO = {"loss": 0.3, "count": 20}
ONE_WAVE = [{"name": "all", "percent": 100, "bakeSeconds": 10 * MINUTE}]


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


class Context:
    """What Lambda gives the handler."""

    seconds: float = 900

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class ClockedCalls(rollout_calls.RolloutCalls):
    """The side effects of the Lambda on our clock; AWS calls are the real ones."""

    def __init__(self, rig: Rig) -> None:
        self.context = Context()
        self.context.seconds = rig.seconds_left
        super().__init__(self.context)
        self._rig = rig

    def now(self) -> float:
        return self._rig.clock()

    def sleep(self, seconds: float) -> None:
        self._rig.clock.time += seconds
        self.context.seconds -= seconds

    def say(self, line: str) -> None:
        self._rig.lines.append(json.loads(line))

    def publish(self, event: Any) -> str:
        if not (error := super().publish(event)):
            detail = json.loads(event["Detail"])
            cfnlint.jsonschema.StandardValidator(DETAILS[event["DetailType"]]).validate(detail)
            self._rig.events.append({**event, "Detail": detail})
        return error

    def devices(self, **of: Any) -> Iterator[Any]:
        # The local service tells no uplinks.
        for device in super().devices(**of):
            heard = self._rig.heard.get(device["Id"])
            uplink = {"LastUplinkReceivedAt": _iso(heard)} if heard else {}
            setup = {"MulticastDeviceStatus": "Session_attempting"} if device["Id"] in self._rig.not_set_up else {}
            yield {**device, **uplink, **setup}

    def execution(self, arn: str) -> Any:
        return engine._executions.get(arn, {})


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def definition(name: str) -> str:
    """A machine as CloudFormation makes it of the file: only ARNs are put in."""
    text = (ROOM / "machine" / f"{name}.asl.json").read_text()
    arns = {"FunctionArn": FUNCTION, "WaveMachineArn": f"{MACHINES}:Wave"}
    for key, arn in arns.items():
        text = text.replace(f"${{{key}}}", arn)
    return text


@dataclass
class Rig:
    """A fleet, and what a rollout of firmware to it needs."""

    clock: Clock
    service: IotWirelessService
    devices: list[str] = field(default_factory=list)
    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    before_step: Callable[[Turn], None] = lambda _: None
    heard: dict[str, float] = field(default_factory=dict)  # when a device sent its last uplink
    not_set_up: set[str] = field(default_factory=set)  # devices that do not know their group yet
    seconds_left: float = 900  # of the function
    lost_answers: int = 0  # so many answers of the function never reach the machine
    calls_per_step: int = 1
    events: list[dict[str, Any]] = field(default_factory=list)  # that EventBridge took, each as its schema says
    heard_of: list[tuple[str, str]] = field(default_factory=list)  # executions that died, of which was told
    lines: list[dict[str, Any]] = field(default_factory=list)  # in the log
    put_right: list[Callable[[], None]] = field(default_factory=list)  # when the test ends

    def __post_init__(self) -> None:
        self.s3, self.dynamodb, self.iam, self.iotwireless = map(_client, ("s3", "dynamodb", "iam", "iotwireless"))
        self._random = random.Random(1)

    def fleet(self, **cohorts: dict[str, Any]) -> list[str]:
        """Devices by cohort: `fleet(good={"count": 20}, bad={"count": 5, "faults": ["mic_error"]})`."""
        document = {"seed": 1, "groups": [], "cohorts": [{"name": name, **facts} for name, facts in cohorts.items()]}
        from fuota_constructs.local.fleet.admin_routes import add_fleet

        state = self.service.store.of("000000000000", "eu-west-1")
        answer = add_fleet(
            self.service.sessions,
            {**document, "account": state.account, "aws_region": state.region},
            self.clock(),
        )
        made = [device for cohort in answer["cohorts"] for device in cohort["device_ids"]]
        self.devices += made
        return made

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Settings of a rollout in three waves, as the construct writes them."""
        self.s3.put_object(Bucket=BUCKET, Key="firmware/devices.txt", Body="\n".join(self.devices).encode())
        return {
            "rollout": "Stack/Rollout",
            "targets": {"listBucket": BUCKET, "listKey": "firmware/devices.txt"},
            "waves": [
                {"name": "canary", "devices": 4, "bakeSeconds": 10 * MINUTE},
                {"name": "tenth", "percent": 50, "bakeSeconds": 10 * MINUTE},
                {"name": "rest", "percent": 100},
            ],
            "image": {
                "uri": "s3://firmware/v2.bin",
                "sizeBytes": len(IMAGE),
                "role": "arn:aws:iam::000000000000:role/r",
            },
            "session": {
                "rfRegion": "EU868",
                "dlClass": "ClassC",
                "fragmentSizeBytes": 40,
                "fragmentIntervalMs": 60_000,
                "redundancyPercent": 40,
                "plannedLoss": 0.02,
            },
            "gate": {"success": 0.7, "confidence": 0.8, "mostSilent": 0, "silentAfterSeconds": 10 * MINUTE},
            "retries": 0,
            "mostRedundancyPercent": 100,
            "setup": {"share": 0.9, "deadlineSeconds": DAY},
            **changes,
        }

    def run(self, settings: dict[str, Any], name: str = "one") -> dict[str, Any]:
        """Run a rollout to its end; answers with the output of the machine."""
        execution = self.start(settings, name)
        self.join(execution)
        assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def start(self, settings: dict[str, Any], name: str = "one") -> dict[str, Any]:
        """Start a rollout."""
        request = {"stateMachineArn": f"{MACHINES}:Rollout", "name": name, "input": json.dumps(settings)}
        answer = json.loads(engine._start_execution(request)[2])
        execution: dict[str, Any] = engine._executions[answer["executionArn"]]
        return execution

    def join(self, execution: dict[str, Any]) -> None:
        """Wait until an execution is over, and of one that died was told: its thread goes on until then."""
        for thread in threading.enumerate():
            if thread.name.startswith("Thread") and thread is not threading.current_thread() and thread.daemon:
                while self._goes_on(execution) and thread.is_alive():
                    thread.join(0.05)

    def _goes_on(self, execution: dict[str, Any]) -> bool:
        if execution["status"] in DIED and execution["stateMachineArn"].endswith(":Rollout"):
            return (execution["name"], execution["status"]) not in self.heard_of
        return bool(execution["status"] == "RUNNING")

    def call(self, event: dict[str, Any]) -> dict[str, Any]:
        """The function, as the machine calls it; what goes in and out is JSON."""
        turn = Turn.of(json.loads(json.dumps(event)))
        assert len(self.steps) < MOST_STEPS, "nobody answers a gate"
        self.before_step(turn)
        try:
            for _ in range(self.calls_per_step):
                answer: dict[str, Any] = json.loads(json.dumps(rollout_step.step(turn, ClockedCalls(self))))
        except Exception as error:  # as Lambda tells it the machine
            raise engine._ExecutionError(type(error).__name__, str(error)) from error
        self.steps.append((turn.step, answer))
        if self.lost_answers and self._random.random() < 0.3:
            self.lost_answers -= 1
            raise engine._ExecutionError("Lambda.ServiceException", "the answer was lost")
        return answer

    def intercept(self, service: str, event: str, handler: Callable[..., Any]) -> None:
        """Let botocore ask a handler about the function's requests, until the test ends: its clients outlive it."""
        events = rollout_calls._client(service).meta.events
        events.register(event, handler)
        self.put_right.append(lambda: events.unregister(event, handler))

    def report(self, version: str, *devices: str, at: float | str | None = None) -> None:
        """Let devices report a version, as the user's pipeline writes it: now, or at a moment."""
        time = {"S": at} if isinstance(at, str) else {"N": f"{1000 * (at or self.clock()):.0f}"}
        for device in devices:
            item = {"WirelessDeviceId": {"S": device}, "Version": {"S": version}, "Time": time}
            self.dynamodb.put_item(TableName=VERSIONS, Item=item)

    def ended(self, execution: dict[str, Any]) -> None:
        """What Step Functions tells of an execution; the rule of a rollout takes what died."""
        if execution["stateMachineArn"].endswith(":Rollout") and execution["status"] in DIED:
            event = {"source": "aws.states", "detail": {"executionArn": execution["executionArn"]}}
            died.tell_end(event, ClockedCalls(self))
            self.heard_of.append((execution["name"], execution["status"]))

    def say(self, word: str, gate: str = "", **more: Any) -> None:
        """Write the operator's word."""
        values: dict[str, Any] = {":w": {"S": word}, ":g": {"S": gate}, ":end": {"BOOL": bool(more.get("end"))}}
        self.dynamodb.update_item(
            TableName=TABLE,
            Key={"Rollout": {"S": "control"}},
            UpdateExpression="SET Word = :w, WordGate = :g, EndSessions = :end",
            ExpressionAttributeValues=values,
        )

    def control(self) -> dict[str, str]:
        """The item of the rollout."""
        item = self.dynamodb.get_item(TableName=TABLE, Key={"Rollout": {"S": "control"}}, ConsistentRead=True)["Item"]
        return {name: str(next(iter(value.values()))) for name, value in item.items()}

    def read(self, key: str, execution: str = "one") -> Any:
        """A document of an execution."""
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=f"rollouts/Rollout/{execution}/{key}")["Body"].read())

    def told(self, detail_type: str, name: str) -> list[Any]:
        """What events of a type said of something, in their order."""
        return [event["Detail"].get(name) for event in self.events if event["DetailType"] == detail_type]

    def metric(self, name: str) -> list[float]:
        """What was written of a metric, in its order."""
        return [line[name] for line in self.lines if name in line]

    def requests(self, operation: str) -> int:
        """How often the service was asked for something that it did."""
        return sum(each["operation"] == operation for each in self.service.requests.list())

    def left(self) -> list[str]:
        """Groups and tasks that are still there."""
        self.clock.time += 60
        groups = self.iotwireless.list_multicast_groups()["MulticastGroupList"]
        tasks = self.iotwireless.list_fuota_tasks()["FuotaTaskList"]
        return [each["Name"] for each in [*groups, *tasks]]

    def took(self, step: str) -> list[dict[str, Any]]:
        """What a step answered, whenever it was taken."""
        return [answer for name, answer in self.steps if name == step]


def answer_gates(rig: Rig, *words: str) -> list[str]:
    """An operator who answers each gate that holds with the next word; fills what is returned with these gates."""
    said: list[str] = []
    left = list(words)

    def before(turn: Turn) -> None:
        held = rig.control().get("Held") if turn.step in {"decide", "window"} else ""
        if held and held not in said and left:
            said.append(held)
            rig.say(left.pop(0), held)

    rig.before_step = before
    return said


def outcomes(output: Mapping[str, Any]) -> list[str]:
    """How each wave of a rollout went."""
    return [wave["outcome"] for wave in output["waves"]]


class Wireless:
    """The IoT Wireless service at an address that stays: behind it each test has one of its own."""

    url: str
    service: IotWirelessService

    def handle(self, *request: Any) -> Any:
        """Let that of this test answer."""
        return self.service.handle(*request)


@functools.cache
def _client(service: str) -> Any:
    """A client of the rig's own, made once a module: making those of a test costs as much as a wave."""
    return boto3.client(service)


def _forget_clients() -> None:
    rollout_calls._client.cache_clear()
    _client.cache_clear()


@pytest.fixture(scope="module")
def wireless() -> Iterator[Wireless]:
    """Its address, for one module; what the clients of that are must not outlive it."""
    made = Wireless()
    with serve(made) as made.url:
        _forget_clients()
        yield made
        _forget_clients()


@pytest.fixture
def rig(cloud: clouds.LocalCloud, wireless: Wireless, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A fresh service and fresh machines, where the function's boto3 finds them."""
    clock = Clock()
    service = wireless.service = IotWirelessService(clock, requests_per_second=None, image_source=lambda *_: IMAGE)
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": cloud.secret,
        "CONTROL_TABLE": TABLE,
        "FIRMWARE_BUCKET": BUCKET,
        "EVENT_BUS": "default",
        "ROLLOUT": "Stack/Rollout",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_IOT_WIRELESS", wireless.url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session())  # with the keys of this cloud
    rig = Rig(clock, service)
    rig.dynamodb.delete_item(TableName=TABLE, Key={"Rollout": {"S": "control"}})
    for item in rig.dynamodb.scan(TableName=VERSIONS)["Items"]:
        rig.dynamodb.delete_item(TableName=VERSIONS, Key={"WirelessDeviceId": item["WirelessDeviceId"]})
    for found in rig.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        rig.s3.delete_object(Bucket=BUCKET, Key=found["Key"])

    def sleep(seconds: float) -> None:
        clock.time += seconds

    monkeypatch.setattr(engine, "_call_lambda", lambda _, event: rig.call(event))
    monkeypatch.setattr(engine, "_resolve_lambda_function_ref", lambda ref, **_: ref)
    monkeypatch.setattr(engine, "_scaled_sleep", sleep)
    monkeypatch.setattr(engine, "_emit_execution_status_event", rig.ended)
    responses.set_request_region("eu-west-1")
    responses.set_request_account_id("000000000000")
    for name in ("rollout", "wave"):
        machine = {"name": name.title(), "definition": definition(name), "roleArn": ROLE}
        status, _, body = engine._create_state_machine(machine)
        assert status == 200, body
    yield rig
    for each in rig.put_right:
        each()
    engine._state_machines.clear()
    engine._executions.clear()
