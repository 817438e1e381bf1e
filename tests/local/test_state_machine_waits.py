"""Wait states of Step Functions pass by the clock of the service, in the real engine."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.iotwireless.session_clock import SessionClock

ROLE = "arn:aws:iam::000000000000:role/machine"
MINUTE = 60


def machine(wait: dict[str, object]) -> str:
    states = {"Bake": {"Type": "Wait", **wait, "Next": "Done"}, "Done": {"Type": "Succeed"}}
    return json.dumps({"StartAt": "Bake", "QueryLanguage": "JSONata", "States": states})


def until(holds: Callable[[], bool], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def timestamp(cloud: LocalCloud) -> str:
    return f"{datetime.fromtimestamp(cloud.admin('clock')['now'] + 3 * MINUTE, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("kind", ["Seconds", "Timestamp"])
def test_a_wait_is_over_when_the_clock_was_moved_by_it(cloud: LocalCloud, kind: str) -> None:
    wait = {"Seconds": {"Seconds": 3 * MINUTE}, "Timestamp": {"Timestamp": timestamp(cloud)}}[kind]
    engine = cloud.client("stepfunctions")
    arn = engine.create_state_machine(name=f"bake-{kind}", roleArn=ROLE, definition=machine(wait))["stateMachineArn"]
    execution = engine.start_execution(stateMachineArn=arn)["executionArn"]

    def status() -> str:
        return str(engine.describe_execution(executionArn=execution)["status"])

    until(lambda: cloud.admin("clock")["next_wait"])
    clock = cloud.admin("clock")
    assert 2 * MINUTE < clock["next_wait"] - clock["now"] <= 3 * MINUTE
    cloud.admin("clock", method="POST", content={"advance_seconds": 2 * MINUTE})
    time.sleep(0.2)
    assert status() == "RUNNING"
    cloud.admin("clock", method="POST", content={"advance_seconds": MINUTE})
    until(lambda: status() == "SUCCEEDED")
    assert cloud.admin("clock")["next_wait"] is None


def waiter(clock: SessionClock, moment: float) -> threading.Thread:
    thread = threading.Thread(target=clock.wait_until, args=[moment], daemon=True)
    thread.start()
    until(lambda: clock.next_awaited == moment)
    return thread


def test_a_wait_ends_by_itself_on_a_clock_that_runs_fast() -> None:
    clock = SessionClock(time.time)
    thread = waiter(clock, clock.now() + 1000)
    clock.run(100_000)
    thread.join(timeout=120)
    assert not thread.is_alive()


def test_nobody_waits_on_after_a_reset() -> None:
    clock = SessionClock(time.time)
    thread = waiter(clock, clock.now() + 1000)
    clock.reset()
    thread.join(timeout=120)
    assert not thread.is_alive()
    assert clock.next_awaited is None
