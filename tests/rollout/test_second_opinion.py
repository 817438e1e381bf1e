"""The same machines in another interpreter: moto's, which is LocalStack's. Both must take the same steps.

A rollout runs in MiniStack's engine with the real function, and what the function was told and answered is written
down. Then moto runs the same two files, and the function answers it what is written: but for the time that is waited,
each call must be the same, and so must what comes out.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
import jsonata
import pytest
from ministack.services import stepfunctions as engine
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata as bridge
from rollout_rig import BAD_RADIO, HOUR, MINUTE, ONE_WAVE, ROLE, answer_gates, definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout_rig import Rig

REGION = "eu-west-1"
PATIENCE_SECONDS = 600


def now(value: Any) -> Any:
    """The same without the time that is waited for: there it is real."""
    return {**value, "seconds": 0} if isinstance(value, dict) and "seconds" in value else value


@dataclass
class Written:
    """What the function was told, step by step, and answered: its answer, or its error."""

    calls: list[tuple[str, Any, dict[str, Any]]] = field(default_factory=list)

    def listen(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """Write down what the local engine's function does."""

        def call(_: Any, event: dict[str, Any]) -> dict[str, Any]:
            told = json.loads(json.dumps(event))
            try:
                answer = rig.call(event)
            except engine._ExecutionError as error:
                wrong = {"FunctionError": "Unhandled", "Payload": {"errorType": error.error, "errorMessage": "no"}}
                self.calls.append((told["step"], told["state"], wrong))
                raise
            self.calls.append((told["step"], told["state"], {"Payload": now(answer)}))
            return answer

        monkeypatch.setattr(engine, "_call_lambda", call)

    def answer(self, parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Answer moto's call, which must be the next one that is written."""
        told = json.loads(parameters["Payload"])
        step, state, answer = self.calls.pop(0)
        assert (told["step"], now(told["state"])) == (step, now(state))
        return {"StatusCode": 200, **json.loads(json.dumps(answer))}


def as_api(_: Any, parameters: dict[str, Any], **__: Any) -> None:
    """The parameters of a nested execution as its API spells them: moto leaves that out of what it took over."""
    for name in list(parameters):
        value = parameters.pop(name)
        parameters[name[0].lower() + name[1:]] = value if isinstance(value, str) else json.dumps(value)
    parameters["name"] = secrets.token_hex(8)  # which Step Functions makes up where none is given


def as_states(_: Any, response: dict[str, Any], **__: Any) -> None:
    """Its answer as a machine sees it, without the times."""
    for name in list(response):
        value = response.pop(name)
        if not isinstance(value, datetime):
            response[name[0].upper() + name[1:]] = value


@pytest.fixture
def written(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Written:
    made = Written()
    made.listen(rig, monkeypatch)
    return made


@pytest.fixture
def moto(written: Written, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Runs the settings in moto, to the end."""
    monkeypatch.setattr(bridge, "_eval_jsonata", lambda text: jsonata.Jsonata.jsonata(text).evaluate(None))
    monkeypatch.setattr(lambda_eval_utils, "_invoke_lambda_function", written.answer)
    monkeypatch.setattr(StateTaskServiceSfn, "_normalise_parameters", as_api)
    monkeypatch.setattr(StateTaskServiceSfn, "_normalise_response", as_states)

    def run(settings: dict[str, Any]) -> dict[str, Any]:
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IOT_WIRELESS"):
            monkeypatch.delenv(name)
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            states = boto3.session.Session().client("stepfunctions", region_name=REGION)
            arns = {}
            for name in ("wave", "rollout"):
                # A second is the least that there is between tries, and waiting is real there.
                text = definition(name).replace('"IntervalSeconds": 5', '"IntervalSeconds": 1')
                text = text.replace("arn:aws:states:eu-west-1:000000000000:stateMachine:Wave", arns.get("wave", ""))
                arns[name] = states.create_state_machine(name=name, definition=text, roleArn=ROLE)["stateMachineArn"]
            begun = states.start_execution(stateMachineArn=arns["rollout"], name="one", input=json.dumps(settings))
            deadline = time.monotonic() + PATIENCE_SECONDS
            # It says that it succeeded before it has the output.
            while "output" not in (found := states.describe_execution(executionArn=begun["executionArn"])):
                if found["status"] not in {"RUNNING", "SUCCEEDED"}:
                    break
                assert time.monotonic() < deadline, states.get_execution_history(executionArn=begun["executionArn"])
                time.sleep(0.02)
            return found

    return run


def both_end_alike(rig: Rig, written: Written, moto: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Run it in both; the output of both."""
    here = rig.run(settings)
    there = moto(settings)
    assert there["status"] == "SUCCEEDED", there
    assert written.calls == []
    assert json.loads(there["output"]) == here
    return here


def test_good_firmware_passes_wave_by_wave(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(good={"count": 8})
    found = both_end_alike(rig, written, moto, rig.settings(waves=[{"devices": 3}, {"percent": 100}]))
    assert [wave["outcome"] for wave in found["waves"]] == ["INCONCLUSIVE", "PASSED"]


def test_bad_firmware_aborts(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(bad={"count": 8, "faults": ["corrupt-fragment"]})
    found = both_end_alike(rig, written, moto, rig.settings(waves=[{"devices": 8}, {"percent": 100}]))
    assert found["status"] == "ABORTED"


def test_what_is_inconclusive_holds_and_is_resumed_with_retries(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(far=BAD_RADIO)
    answer_gates(rig, "resume", "resume", "resume", "resume")
    found = both_end_alike(rig, written, moto, rig.settings(waves=ONE_WAVE, retries=2))
    assert found["waves"][0]["attempts"] > 1


def test_a_skip(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(good={"count": 10})
    answer_gates(rig, "skip")
    found = both_end_alike(rig, written, moto, rig.settings(waves=[{**ONE_WAVE[0], "approval": True}]))
    assert found["waves"][0]["outcome"] == "SKIPPED"


@pytest.mark.parametrize("step", ["gather", "ready", "launch", "settle", "stragglers"])
def test_an_abort_on_the_way(rig: Rig, written: Written, moto: Any, step: str) -> None:
    rig.fleet(far={"loss": 0.3, "count": 6})
    answer_gates(rig, "resume")
    answer = rig.before_step
    rig.before_step = lambda turn: rig.say("abort") if turn.step == step else answer(turn)
    found = both_end_alike(rig, written, moto, rig.settings(retries=1, waves=ONE_WAVE))
    assert found["status"] == "ABORTED"


def test_a_window_is_waited_for_and_a_late_start_asks_for_it_again(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(good={"count": 5})
    late: list[object] = []

    def before(turn: Any) -> None:
        if turn.step == "launch" and not late:
            late.append(turn)
            rig.clock.time += HOUR

    rig.before_step = before
    window = {"startSecond": 22 * HOUR, "durationSeconds": 8 * HOUR, "offsets": [[0, HOUR]]}
    both_end_alike(rig, written, moto, rig.settings(waves=ONE_WAVE, window=window))
    assert {answer["next"] for answer in rig.took("window")} == {"wait", "done"}
    assert [answer["next"] for answer in rig.took("launch")] == ["again", "done"]


def test_nobody_set_up_holds_and_a_function_with_little_time_is_called_again(
    rig: Rig, written: Written, moto: Any
) -> None:
    rig.fleet(good={"count": 12})
    rig.not_set_up = set(rig.devices)
    rig.seconds_left = 121
    answer_gates(rig, "skip")
    both_end_alike(rig, written, moto, rig.settings(waves=ONE_WAVE))
    assert "again" in {answer["next"] for answer in rig.took("gather")}


def test_errors_are_tried_again(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(good={"count": 5})
    rig.lost_answers = 3
    both_end_alike(rig, written, moto, rig.settings(waves=ONE_WAVE))
    assert rig.lost_answers < 3


def test_fails_alike_with_what_no_retry_heals(rig: Rig, written: Written, moto: Any) -> None:
    rig.fleet(good={"count": 5})
    window = {"startSecond": 0, "durationSeconds": 30 * MINUTE, "offsets": [[0, 0]]}
    settings = rig.settings(waves=ONE_WAVE, window=window)
    here = rig.start(settings)
    rig.join(here)
    there = moto(settings)
    assert (here["status"], there["status"]) == ("FAILED", "FAILED")
    assert written.calls == []
    assert "WindowTooShortError" in here["error"] + there["cause"]
