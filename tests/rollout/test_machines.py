"""The two machines as files: written to what every engine runs, and good grammar in the eyes of another parser."""

import json
import re

import pytest
from choose import NobodyToUpdateError
from maintenance_hours import WindowTooShortError
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException
from operator_word import AnotherRolloutRunsError
from rollout_rig import ROOM, definition

from fuota_constructs.rollout.rollout_function import LAMBDA_TIMEOUT_SECONDS

MACHINES = ["rollout", "wave"]
TYPES = {"Pass", "Task", "Choice", "Wait", "Succeed"}
"""Which MiniStack, LocalStack and AWS run alike: no Parallel, no Distributed Map."""


IN_VAIN = (AnotherRolloutRunsError, NobodyToUpdateError, WindowTooShortError)


def states_of(name):
    return json.loads(definition(name))["States"]


def followers(state):
    return [state[key] for key in ("Next", "Default") if key in state] + [
        rule["Next"] for rule in state.get("Choices", ())
    ]


@pytest.mark.parametrize("name", MACHINES)
def test_another_parser_takes_them(name) -> None:
    program, _ = AmazonStateLanguageParser.parse(definition(name))
    assert set(program.states.states) == set(states_of(name))


@pytest.mark.parametrize("broken", [("Next", "Nxet"), ('"Type": "Wait"', '"Type": "Rest"'), ("JSONata", "JSONeta")])
def test_fails_there_with_bad_grammar(broken) -> None:
    with pytest.raises((ASLParserException, ValueError, KeyError)):
        AmazonStateLanguageParser.parse(definition("wave").replace(*broken))


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_leads_somewhere_and_is_reached(name) -> None:
    states = states_of(name)
    reached, todo = set(), [json.loads(definition(name))["StartAt"]]
    while todo:
        if (state := todo.pop()) not in reached:
            reached.add(state)
            todo += followers(states[state])
    assert reached == set(states)
    assert {name for name, state in states.items() if not followers(state)} == {"Done"}


@pytest.mark.parametrize("name", MACHINES)
def test_they_are_written_to_what_every_engine_runs(name) -> None:
    machine = json.loads(definition(name))
    assert machine["QueryLanguage"] == "JSONata"
    assert {state["Type"] for state in machine["States"].values()} <= TYPES
    assert "$now" not in definition(name)
    for state in machine["States"].values():
        if state["Type"] == "Wait":
            assert state["Seconds"] == "{% $states.input.seconds %}"
        assert isinstance(state.get("TimeoutSeconds", 0), int)  # expressions crash in one of them
        assert state["Type"] != "Succeed" or "Output" not in state  # one of them ignores it


@pytest.mark.parametrize("name", MACHINES)
def test_only_arns_are_put_in(name) -> None:
    text = (ROOM / "machine" / f"{name}.asl.json").read_text()
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= {"FunctionArn", "WaveMachineArn"}


@pytest.mark.parametrize("name", MACHINES)
def test_a_step_is_tried_again_but_for_what_no_repetition_heals(name) -> None:
    for state in states_of(name).values():
        if state["Type"] == "Task" and state["Resource"].endswith("lambda:invoke"):
            in_vain, all_others = state["Retry"]
            assert state["TimeoutSeconds"] > LAMBDA_TIMEOUT_SECONDS
            assert in_vain["ErrorEquals"] == [error.__name__ for error in IN_VAIN]
            assert in_vain["MaxAttempts"] == 0
            # Step Functions takes States.ALL alone and last only; it has those of Lambda, and a time-out, too.
            assert all_others["ErrorEquals"] == ["States.ALL"]


def test_an_abort_is_asked_for_after_every_step_of_a_wave() -> None:
    states = states_of("wave")
    for name, state in states.items():
        if state["Type"] == "Task" and name not in {"Judge", "Clean"}:
            choices = states[state["Next"]]["Choices"]
            assert choices[0] == {"Condition": "{% $states.input.next = 'abort' %}", "Next": "Clean"}, name
    assert states["Judge"]["Next"] == "Clean"
