"""What a rollout tells EventBridge and CloudWatch. The rig holds each event to its schema."""

import json

import died
import pytest
import rollout_calls
import rollout_step
from ministack.services import stepfunctions as engine
from rollout_rig import ONE_WAVE, ClockedCalls, answer_gates
from rollout_stores import VERSIONS
from wave_turn import Turn

from fuota_constructs.rollout.event_schema import ROLLOUT_CHANGE, WAVE_CHANGE


def changes(rig):
    return rig.told(ROLLOUT_CHANGE, "status")


def outcomes(rig):
    return list(zip(rig.told(WAVE_CHANGE, "waveNumber"), rig.told(WAVE_CHANGE, "outcome"), strict=True))


def test_each_change_is_told_once_with_what_the_gate_proved(rig) -> None:
    rig.fleet(good={"count": 20})
    output = rig.run(rig.settings())
    assert changes(rig) == ["RUNNING", "SUCCEEDED"]
    assert rig.told(ROLLOUT_CHANGE, "previousStatus") == [None, "RUNNING"]
    expected = [(1, "RUNNING"), (1, "INCONCLUSIVE"), (2, "RUNNING"), (2, "PASSED"), (3, "RUNNING"), (3, "PASSED")]
    assert outcomes(rig) == expected
    last = rig.events[-2]["Detail"]
    assert (last["wave"], last["targets"], last["delivered"], last["failed"], last["silent"]) == ("rest", 10, 10, 0, 0)
    assert last["lowerBound"] == output["waves"][2]["lowerBound"] > 0.7
    assert last["reason"] == output["waves"][2]["reason"]
    machine, execution = rig.events[0]["Resources"]
    assert machine.endswith(":stateMachine:Rollout")
    assert execution.endswith(":execution:Rollout:one")
    assert rig.metric("RolloutRunning") == [1] * (len(rig.metric("RolloutRunning")) - 1) + [0]
    assert set(rig.metric("RolloutHeld")) == set(rig.metric("RolloutAborted")) == {0}
    assert rig.metric("RolloutFailedDevices") == [0, 0, 0]
    assert rig.metric("RolloutUntoldEvents") == []


def test_a_hold_says_whether_an_approval_is_wanted_and_who_gave_it(rig) -> None:
    rig.fleet(good={"count": 10})
    answer_gates(rig, "approve")
    rig.run(rig.settings(waves=[{**ONE_WAVE[0], "approval": True}]))
    held, on = (
        event["Detail"] for event in rig.events if event["DetailType"] == ROLLOUT_CHANGE and "wave" in event["Detail"]
    )
    assert (held["status"], held["wantsApproval"], held["wave"]) == ("HELD", True, "all")
    assert "at least" in held["reason"]
    assert (on["status"], on["previousStatus"], on["said"]) == ("RUNNING", "HELD", {"word": "approve"})
    assert changes(rig) == ["RUNNING", "HELD", "RUNNING", "SUCCEEDED"]
    assert 1 in rig.metric("RolloutHeld")
    assert rig.metric("RolloutHeld")[-1] == rig.metric("RolloutSecondsHeld")[-1] == 0


def test_a_hold_before_a_session_is_one_too_and_its_time_begins_with_it(rig) -> None:
    rig.fleet(good={"count": 5})
    answer = [*answer_gates(rig, "resume"), rig.before_step][-1]
    seen = []

    def before(turn):
        if turn.step == "window" and not seen:
            seen.append(turn)
            rig.say("hold")
        elif len(rig.took("window")) > 3:
            answer(turn)

    rig.before_step = before
    rig.run(rig.settings(waves=ONE_WAVE))
    held = rig.told(ROLLOUT_CHANGE, "reason")
    assert changes(rig) == ["RUNNING", "HELD", "RUNNING", "SUCCEEDED"]
    assert (held[1], rig.told(ROLLOUT_CHANGE, "wantsApproval")[1]) == ("the operator said hold", False)
    assert outcomes(rig) == [(1, "RUNNING"), (1, "PASSED")]
    seconds = [line["RolloutSecondsHeld"] for line in rig.lines if line.get("RolloutHeld")]
    assert seconds == sorted(seconds)
    assert (seconds[0], seconds[-1] >= 120) == (0, True)
    assert rig.control()["Held"] == ""


def test_an_abort_says_who_wanted_it(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.before_step = lambda turn: rig.say("abort") if turn.step == "ready" else None
    rig.run(rig.settings(waves=ONE_WAVE))
    assert changes(rig) == ["RUNNING", "ABORTED"]
    assert rig.told(ROLLOUT_CHANGE, "said") == [None, {"word": "abort"}]
    assert outcomes(rig) == [(1, "RUNNING"), (1, "ABORTED")]
    assert (rig.metric("RolloutAborted")[-1], rig.metric("RolloutRunning")[-1]) == (1, 0)


def test_devices_that_are_tried_again_leave_their_wave_running(rig) -> None:
    rig.fleet(near={"count": 17}, far={"count": 3, "loss": 0.5})
    rig.calls_per_step = 2
    rig.run(rig.settings(waves=ONE_WAVE, retries=1, session={**rig.settings()["session"], "plannedLoss": 0.3}))
    assert outcomes(rig) == [(1, "RUNNING"), (1, "PASSED")]
    assert rig.told(WAVE_CHANGE, "attempts") == [1, 2]


def test_an_execution_that_dies_is_told_once_and_running_again_when_it_is_redriven(rig) -> None:
    rig.fleet(good={"count": 5})

    def before(turn):
        if turn.step == "look":
            raise ValueError("the function breaks")

    rig.before_step = before
    execution = rig.start(rig.settings(waves=ONE_WAVE))
    rig.join(execution)
    rig.ended(execution)
    assert changes(rig) == ["RUNNING", "FAILED"]
    assert rig.told(ROLLOUT_CHANGE, "reason")[1].startswith("its execution failed: ")
    assert outcomes(rig) == [(1, "RUNNING"), (1, "INCONCLUSIVE")]
    assert rig.metric("RolloutFailed")[-1] == 1
    rig.before_step = lambda _: None
    look = {
        "step": "look",
        "execution": "one",
        "executionArn": execution["executionArn"],
        "settings": rig.settings(waves=ONE_WAVE),
        "state": rig.took("launch")[-1],
    }
    rig.call(look)  # its wave goes on a little
    assert changes(rig) == ["RUNNING", "FAILED"]
    execution["status"] = "RUNNING"
    rig.ended({**execution, "status": "FAILED"})  # late: it is redriven
    rig.call(look)
    assert changes(rig) == ["RUNNING", "FAILED", "RUNNING"]
    assert outcomes(rig)[-1] == (1, "RUNNING")
    assert rig.metric("RolloutFailed")[-1] == 0


def test_one_that_never_took_charge_leaves_the_metrics_of_the_one_that_has(rig) -> None:
    rig.fleet(good={"count": 5})
    second = []

    def before(turn):
        if turn.step == "launch" and not second:
            second.append(rig.start(rig.settings(waves=ONE_WAVE), "second"))
            rig.join(second[0])

    rig.before_step = before
    rig.run(rig.settings(waves=ONE_WAVE), "first")
    assert changes(rig) == ["RUNNING", "FAILED", "SUCCEEDED"]
    assert rig.told(ROLLOUT_CHANGE, "execution") == ["first", "second", "first"]
    assert "AnotherRolloutRunsError" in rig.told(ROLLOUT_CHANGE, "reason")[1]
    assert set(rig.metric("RolloutFailed")) == {0}


@pytest.mark.parametrize("given", ["no JSON", "[]", '{"waves": 3}'])
def test_one_that_was_stopped_before_it_took_charge_was_aborted(rig, given) -> None:
    arn = "arn:aws:states:eu-west-1:000000000000:execution:Rollout:early"
    engine._executions[arn] = {"name": "early", "status": "ABORTED", "error": "Aborted", "input": given}
    died.tell_end({"detail": {"executionArn": arn}}, ClockedCalls(rig))
    died.tell_end({"detail": {"executionArn": arn + "x"}}, ClockedCalls(rig))
    assert (changes(rig), rig.told(ROLLOUT_CHANGE, "reason")) == (["ABORTED"], ["Aborted"])
    assert rig.lines == []


def test_what_eventbridge_does_not_take_is_logged_and_told_with_the_next_step(rig, monkeypatch) -> None:
    rig.fleet(good={"count": 5})
    arn = "arn:aws:states:eu-west-1:000000000000:execution:Rollout:one"
    turn = Turn("choose", "one", arn, rig.settings(waves=ONE_WAVE), {})
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:9")
    rollout_calls._client.cache_clear()
    state = rollout_step.step(turn, ClockedCalls(rig))
    [line] = [line for line in rig.lines if line.get("RolloutUntoldEvents")]
    assert line["RolloutUntoldEvents"] == 1
    assert (state["next"], line["Event"], rig.events) == ("done", ROLLOUT_CHANGE, [])
    assert "Could not connect" in line["Error"]
    rollout_step.step(Turn("gather", "one", arn, turn.settings, state), ClockedCalls(rig))
    assert outcomes(rig) == []
    monkeypatch.delenv("AWS_ENDPOINT_URL_EVENTBRIDGE")
    rollout_calls._client.cache_clear()
    rollout_step.step(Turn("gather", "one", arn, turn.settings, state), ClockedCalls(rig))
    assert changes(rig) == ["RUNNING"]
    assert outcomes(rig) == [(1, "RUNNING")]


def test_an_event_that_is_refused_says_why(rig) -> None:
    bad = {"Source": "aws.states", "DetailType": "x", "Detail": "{}", "Resources": []}
    assert rollout_calls.RolloutCalls(None).publish(bad).startswith("NotAuthorizedForSource")


def test_the_handler_takes_what_the_rule_sends(rig) -> None:
    event = {"source": "aws.states", "detail": {"executionArn": "arn:aws:states:eu-west-1:000000000000:execution:R:x"}}
    assert rollout_step.handler(json.loads(json.dumps(event)), None) == {}


def test_a_wave_that_nobody_needs_is_skipped_and_says_who_has_the_version(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.report("2.4.0", *rig.devices)
    rig.run(rig.settings(waves=ONE_WAVE, applied={"version": "2.4.0", "withinSeconds": 3600, "table": VERSIONS}))
    assert outcomes(rig) == [(1, "SKIPPED")]
    assert (rig.told(WAVE_CHANGE, "already"), rig.told(WAVE_CHANGE, "attempted")) == ([5], [0])
    assert changes(rig) == ["RUNNING", "SUCCEEDED"]
