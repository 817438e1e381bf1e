"""What the Lambda's tests run on: the real handler, real HTTP, a real local S3, a clock that only jumps."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local import cloud as clouds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from response_sink import ResponseSink
    from wireless_rig import Cloud

HERE = Path(__file__).parent
RUNTIME = HERE.parents[2] / "fuota_constructs" / "provider" / "runtime"
# As Lambda does with the folder of the function.
if str(RUNTIME) not in sys.path:
    sys.path.insert(0, str(RUNTIME))

import aws_calls  # noqa: E402  # the path comes first
import index  # noqa: E402  # the path comes first
from response_sink import SIGNATURE  # noqa: E402  # the path comes first

START = 1_790_000_000.0  # an arbitrary moment, in epoch seconds


class Clock:
    """Time that passes only when somebody sleeps; things can be made to happen meanwhile."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []
        self._happenings: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.time += seconds
        due = [happening for at, happening in self._happenings if at <= self.time]
        self._happenings = [(at, happening) for at, happening in self._happenings if at > self.time]
        for happening in due:
            happening()

    def after(self, seconds: float, happening: Callable[[], object]) -> None:
        """Have something happen once so many seconds have been slept away."""
        self._happenings.append((self.time + seconds, happening))

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.time - START


class ClockedCalls(aws_calls.AwsCalls):
    """The side effects of the Lambda, with our clock; AWS calls and the PUT are the real ones."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.log: list[str] = []

    def now(self) -> float:
        return self.clock()

    def epoch(self) -> float:
        return self.clock()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def jitter(self, seconds: float) -> float:
        return seconds


@dataclass
class Context:
    """Lambda's context object."""

    milliseconds: int = 300_000
    log_stream_name: str = "2026/11/23/[$LATEST]0123456789abcdef"

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def clock() -> Clock:
    """A clock that only jumps."""
    return Clock()


def event(name: str) -> dict[str, Any]:
    """A captured event, by the name of its file."""
    loaded: dict[str, Any] = json.loads((HERE / "events" / f"{name}.json").read_text())
    return loaded


@pytest.fixture
def create() -> dict[str, Any]:
    """The event that makes a task with every parameter."""
    return event("create_fuota_task")


@dataclass
class Answer:
    """The one answer to an event, and everything that was logged on the way."""

    status: str
    physical_id: str
    reason: str
    data: dict[str, str]
    body: dict[str, Any]
    lines: list[dict[str, Any]]
    output: str

    def at(self, level: str) -> list[dict[str, Any]]:
        """The log lines of a level."""
        return [line for line in self.lines if line["level"] == level]


@dataclass
class Rig:
    """Sends events to the handler as Lambda does, and reads the answers as CloudFormation does."""

    sink: ResponseSink
    clock: Clock
    captured: pytest.CaptureFixture[str]
    signed: dict[str, str] = field(default_factory=dict)

    def url(self, event: Mapping[str, Any]) -> str:
        """The URL of a request: another for every RequestId, and the same when it comes again, as Lambda has it."""
        request = f"{event.get('RequestType')}{event.get('RequestId')}"
        digest = hashlib.sha256(request.encode()).hexdigest()[:12]
        return self.signed.setdefault(request, self.sink.signed(digest, self.clock()))

    def send(self, event: dict[str, Any], *, context: Context | None = None, **changes: Any) -> Answer:
        """Handle one event and return its one answer."""
        self.captured.readouterr()
        before = len(self.sink.puts)
        sent = {**event, "ResponseURL": self.url({**event, **changes}), **changes}
        index.answer(sent, context or Context(), ClockedCalls(self.clock))
        puts = self.sink.puts[before:]
        assert len(puts) == 1, "every request is answered exactly once"
        output = self.captured.readouterr().out
        body = json.loads(puts[0].body)
        assert len(puts[0].body) <= 4096
        assert SIGNATURE not in output + json.dumps(body)
        return Answer(
            status=body["Status"],
            physical_id=body["PhysicalResourceId"],
            reason=body.get("Reason", ""),
            data=body.get("Data", {}),
            body=body,
            lines=[json.loads(line) for line in output.splitlines()],
            output=output,
        )


@pytest.fixture
def rig(sink: ResponseSink, clock: Clock, capsys: pytest.CaptureFixture[str]) -> Rig:
    """The handler, from event to answer."""
    return Rig(sink, clock, capsys)


@pytest.fixture(scope="session")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real local S3 and IAM that enforce policies: MiniStack in a process of its own."""
    port = clouds.free_port()
    log = tmp_path_factory.mktemp("ministack") / "log"
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "s3,iam,sts",
        "AUTH": "true",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "ignore",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 180
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


Made = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def made(rig: Rig, cloud: Cloud) -> Made:
    """Makes a task by a Create; gives its properties and its id."""

    def make(**properties: Any) -> tuple[dict[str, Any], str]:
        create = event("create_fuota_task")
        wanted = {**create["ResourceProperties"], **properties}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        answer = rig.send(create, ResourceProperties=wanted)
        assert answer.status == "SUCCESS", answer.reason
        cloud.forget_requests()
        return wanted, answer.physical_id

    return make


def without(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Properties without some of them."""
    return {name: value for name, value in properties.items() if name not in names}


def update(rig: Rig, task_id: str, old: Mapping[str, Any], new: Mapping[str, Any], **changes: Any) -> Answer:
    """Send an Update, a request of its own unless its RequestId is given."""
    request = {"RequestId": str(uuid.uuid4()), "OldResourceProperties": old, "ResourceProperties": new}
    return rig.send(event("update_fuota_task"), PhysicalResourceId=task_id, **{**request, **changes})


def replace_and_crash(rig: Rig, task_id: str, old: Mapping[str, Any], new: Mapping[str, Any], **changes: Any) -> None:
    """Send a replacing Update that ends where its new task is made: nothing is answered, nothing is cleared up."""

    def crash(*_: Any) -> None:
        raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("new_task._await_visible", crash)
        update(rig, task_id, old, new, **changes)


def delete(rig: Rig, task_id: str, **changes: Any) -> Answer:
    """Send a Delete, a request of its own."""
    return rig.send(
        event("delete_fuota_task"), PhysicalResourceId=task_id, **{"RequestId": str(uuid.uuid4()), **changes}
    )


@pytest.fixture
def impatient_boto3(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pauses between boto3's own retries pass on the clock of the test."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=clock.sleep, time=time.time))
