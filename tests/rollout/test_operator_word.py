"""What the operator says to a rollout: at which gate it waits, what an answer is about, and that abort wins."""

import pytest
from rollout_rig import BAD_RADIO, MINUTE, ONE_WAVE, answer_gates, outcomes


def test_bad_radio_is_held_and_what_was_learnt_finishes_it(rig) -> None:
    rig.fleet(far=BAD_RADIO)
    held = answer_gates(rig, "resume", "resume", "resume", "resume")
    output = rig.run(rig.settings(waves=ONE_WAVE, retries=2))
    assert output["status"] == "SUCCEEDED"
    assert (
        "the radio is worse than planned, which says nothing about the firmware"
        in rig.read("wave-0/gate-0.json")["reason"]
    )
    assert held[0] == "one/0/0/after"
    first, second = (rig.read(f"wave-0/gate-{attempt}.json") for attempt in (0, 1))
    assert second["redundancyPercent"] > first["redundancyPercent"] == 40
    assert second["tally"]["delivered"] > first["tally"]["delivered"]
    assert output["waves"][0]["counts"]["delivered"] >= 18
    assert rig.left() == []


@pytest.mark.parametrize(("word", "outcome"), [("approve", "PASSED"), ("skip", "SKIPPED")])
def test_a_wave_waits_for_its_approval(rig, word, outcome) -> None:
    rig.fleet(good={"count": 10})
    held = answer_gates(rig, word)
    output = rig.run(rig.settings(waves=[{**ONE_WAVE[0], "approval": True}]))
    assert held == ["one/0/0/after"]
    assert outcomes(output) == [outcome]
    assert output["status"] == "SUCCEEDED"


def test_a_word_about_another_gate_is_none(rig) -> None:
    rig.fleet(good={"count": 10})
    asked = []

    def before(turn):
        if turn.step == "decide":
            asked.append(turn.gate)
            rig.say("approve", turn.gate if len(asked) == 5 else "one/7/0/after")

    rig.before_step = before
    rig.run(rig.settings(waves=[{**ONE_WAVE[0], "approval": True}]))
    assert len(asked) == 5


def test_hold_stops_before_the_next_session(rig) -> None:
    rig.fleet(good={"count": 10})
    held = answer_gates(rig, "resume", "resume")
    seen = []
    answer = rig.before_step

    def before(turn):
        if turn.step == "ready" and not seen:
            seen.append(turn)
            rig.say("hold")
        answer(turn)

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert held == ["one/0/0/before"]
    assert output["status"] == "SUCCEEDED"


def test_hold_during_a_session_stops_at_its_gate(rig) -> None:
    rig.fleet(good={"count": 10})
    held = answer_gates(rig, "resume")
    answer = rig.before_step

    def before(turn):
        if turn.step == "look" and not held:
            rig.say("hold")
        answer(turn)

    rig.before_step = before
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "SUCCEEDED"
    assert held == ["one/0/0/after"]
    assert rig.control()["Reason"].startswith("all waves are over")
    [asked] = {told for told in rig.told("FUOTA Rollout Status Change", "reason") if told and "hold" in told}
    assert asked.startswith("the operator said hold; 10 of 10 devices have the image")


def test_a_hold_that_is_taken_back_before_anybody_is_asked_is_none(rig) -> None:
    """Of a large wave task and group are taken away for hours between its gate and the question."""
    rig.fleet(good={"count": 10})
    words = {"look": "hold", "clean": "resume"}
    rig.before_step = lambda turn: rig.say(words[turn.step]) if turn.step in words else None
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "SUCCEEDED"
    assert [answer["next"] for answer in rig.took("decide")] == ["done"]
    assert rig.read("wave-0/decision-0.json")["Word"] == "resume"


@pytest.mark.parametrize("word", ["resume", "approve", "skip"])
def test_a_rollout_that_nobody_got_the_image_of_is_no_success_whatever_the_operator_says(rig, word) -> None:
    rig.fleet(good={"count": 5})
    rig.not_set_up = set(rig.devices)
    answer_gates(rig, word)
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["status"] == rig.read("outcome.json")["status"] == "ABORTED"
    assert output["reason"].startswith("no device got the image; none of 5 devices was set up")


STEPS = [
    "check",
    "gather",
    "ready",
    "window",
    "launch",
    "look",
    "settle",
    "judge",
    "clean",
    "decide",
    "stragglers",
    "finish",
]


@pytest.mark.parametrize("step", STEPS)
def test_abort_wins_in_every_step(rig, step) -> None:
    rig.fleet(far=BAD_RADIO)
    answer_gates(rig, "resume")
    answer = rig.before_step
    rig.before_step = lambda turn: rig.say("abort") if turn.step == step else answer(turn)
    output = rig.run(rig.settings(retries=1, waves=ONE_WAVE))
    assert output["status"] == rig.control()["Status"] == "ABORTED"
    assert output["reason"]
    assert rig.left() == []
    sessions = {"check": 0, "gather": 0, "ready": 0, "window": 0, "launch": 0, "finish": 2}
    assert rig.requests("StartFuotaTask") == sessions.get(step, 1)


def test_abort_leaves_what_is_on_the_air_until_its_end(rig) -> None:
    rig.fleet(good={"count": 5})

    def before(turn):
        if turn.step == "look" and rig.clock() > turn.state["startAt"] + 5 * MINUTE:
            rig.say("abort")

    rig.before_step = before
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "ABORTED"
    [clean, *_] = rig.took("clean")
    assert clean["next"] == "wait"
    assert {found["status"] for found in rig.read("wave-0/statuses-0.json").values()} == {"Successful"}


def test_abort_ends_what_is_on_the_air_where_that_is_asked_for(rig) -> None:
    rig.fleet(good={"count": 5})
    ended = []

    def before(turn):
        if turn.step == "look" and rig.clock() > turn.state["startAt"] + 5 * MINUTE:
            rig.say("abort", end=True)
            ended.append(turn.state["endAt"])

    rig.before_step = before
    assert rig.run(rig.settings(waves=ONE_WAVE))["status"] == "ABORTED"
    assert rig.clock() < ended[0]
    assert rig.left() == []
