"""Step Functions: the machines as their files say, with stops, redrives, and what is told of both.

Only what the files use is understood, and anything else is refused, so that a file cannot outgrow the simulation.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonata
from jsonata.utils import Utils
from simulation.virtual_time import Process, Signal

from rollout_simulation import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rollout_simulation.world import World

MACHINES = "arn:aws:states:eu-west-1:123456789012:stateMachine"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:Rollout"
ROLLOUT, WAVE = "Rollout", "Wave"
MOST_EVENTS = 25_000
MOST_BYTES = 256 * 1024
REDRIVABLE_SECONDS = 14 * 86_400
# How many events a state writes, and each try of a task.
EVENTS = {"Pass": 2, "Choice": 2, "Wait": 2, "Task": 2, "Succeed": 2}
EVENTS_OF_A_TRY = 3
FIELDS = {
    "Pass": {"Assign", "Output", "Next"},
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds", "Next"},
    "Task": {"Resource", "Arguments", "TimeoutSeconds", "Retry", "Output", "Next"},
    "Succeed": set(),
}
# `States.ALL` does not catch these (AWS Step Functions Developer Guide, error names).
NEVER_RETRIED = ("States.DataLimitExceeded", "States.Runtime")


class StateError(Exception):
    """What a state or an execution fails with."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@functools.cache
def definition(name: str) -> dict[str, Any]:
    """A machine as CloudFormation makes it of its file."""
    text = (Path(PACKAGE) / "rollout" / "machine" / f"{name.lower()}.asl.json").read_text()
    for key, arn in {"FunctionArn": FUNCTION, "WaveMachineArn": f"{MACHINES}:{WAVE}"}.items():
        text = text.replace(f"${{{key}}}", arn)
    machine: dict[str, Any] = json.loads(text)
    assert machine["QueryLanguage"] == "JSONata"
    for state_name, state in machine["States"].items():
        unknown = state.keys() - FIELDS[state["Type"]] - {"Type", "Comment"}
        assert not unknown, f"{state_name} has {unknown}: teach the simulation"
    return machine


@functools.cache
def compiled(expression: str) -> Any:
    """An expression, ready to be evaluated."""
    made = jsonata.Jsonata(expression)
    made.set_output_convert_nulls(False)  # else undefined and null are the same
    return made


def evaluated(template: Any, bindings: Mapping[str, Any]) -> Any:
    """A template of a machine with its expressions evaluated."""
    if isinstance(template, str) and template.startswith("{%"):
        expression = template[2:-2].strip()
        found = compiled(expression).evaluate(None, bindings)
        if found is None:
            raise StateError("States.QueryEvaluationError", f"undefined: {expression}")
        return Utils.convert_nulls(found)
    if isinstance(template, dict):
        return {key: evaluated(value, bindings) for key, value in template.items()}
    if isinstance(template, list):
        return [evaluated(value, bindings) for value in template]
    return template


def plain(value: Any) -> Any:
    """A value as it travels from state to state."""
    text = json.dumps(value)
    if len(text) > MOST_BYTES:
        raise StateError("States.DataLimitExceeded", f"{len(text)} bytes")
    return json.loads(text)


class Execution:
    """One execution of a machine."""

    def __init__(self, world: World, machine: str, name: str, text: str, parent: Execution | None) -> None:
        self.world, self.machine, self.name, self.parent = world, machine, name, parent
        self.arn = f"{MACHINES.replace('stateMachine', 'execution')}:{machine}:{name}"
        self.input, self.output = text, ""
        self.status, self.error, self.cause = "RUNNING", "", ""
        self.started, self.ended = world.time.now, 0.0
        self.child: Execution | None = None
        self.events, self.redrives = 1, 0
        self.over = Signal(world.time)
        self._states = definition(machine)["States"]
        self._state, self._input = definition(machine)["StartAt"], json.loads(text)
        self._variables: dict[str, Any] = {}
        self._process: Process
        self._go()

    def __str__(self) -> str:
        return f"{self.machine}:{self.name}"

    @property
    def state(self) -> str:
        """The state it is in."""
        return str(self._state)

    def stop(self, error: str = "", cause: str = "") -> None:
        """StopExecution; a Lambda that is under way goes on."""
        if self.status != "RUNNING":
            return
        self.world.note(f"{self} is stopped in {self._state}")
        self._end("ABORTED", error, cause)
        self.world.time.kill(self._process)

    def redrive(self) -> None:
        """RedriveExecution: the state that did not come to its end begins again, with the same input."""
        assert self.status in {"FAILED", "ABORTED"}
        assert self.world.time.now < self.ended + REDRIVABLE_SECONDS
        self.world.note(f"{self} is redriven in {self._state}")
        self.status, self.error, self.cause = "RUNNING", "", ""
        self.events += 1
        self.redrives += 1
        self.over = Signal(self.world.time)
        self._go()

    def _go(self) -> None:
        self._process = self.world.time.spawn(self._run, after=0.1, group=self)

    def _end(self, status: str, error: str = "", cause: str = "") -> None:
        self.world.note(f"{self} is {status} {error} {cause}")
        self.status, self.error, self.cause = status, error, cause
        self.ended = self.world.time.now
        self.world.weather.counts[f"{self.machine} {status}"] += 1
        if self.events > MOST_EVENTS:
            self.world.violation("too many events", f"{self} has {self.events}")
        self.over.give()

    def _run(self) -> None:
        try:
            while True:
                state = self._states[self._state]
                self.events += EVENTS[state["Type"]]
                if state["Type"] == "Succeed":
                    break
                output, following = getattr(self, f"_{state['Type'].lower()}")(state)
                self._input, self._state = plain(output), following
        except StateError as failure:
            self._end("FAILED", failure.error, failure.cause)
            return
        self.output = json.dumps(self._input)
        self._end("SUCCEEDED")

    def _bindings(self, **more: Any) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.started, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        context = {"Execution": {"Id": self.arn, "Name": self.name, "StartTime": moment}}
        return {**self._variables, "states": {"input": self._input, "context": context, **more}}

    def _pass(self, state: Mapping[str, Any]) -> tuple[Any, str]:
        bindings = self._bindings()
        output = evaluated(state["Output"], bindings) if "Output" in state else self._input
        self._variables.update(
            {name: plain(evaluated(each, bindings)) for name, each in state.get("Assign", {}).items()}
        )
        return output, state["Next"]

    def _choice(self, state: Mapping[str, Any]) -> tuple[Any, str]:
        bindings = self._bindings()
        for choice in state["Choices"]:
            assert choice.keys() == {"Condition", "Next"}
            if evaluated(choice["Condition"], bindings) is True:
                return self._input, choice["Next"]
        return self._input, state["Default"]

    def _wait(self, state: Mapping[str, Any]) -> tuple[Any, str]:
        seconds = evaluated(state["Seconds"], self._bindings())
        if int(seconds) != seconds or seconds < 0:
            raise StateError("States.QueryEvaluationError", f"Seconds is {seconds}")
        self.world.time.sleep(seconds)
        return self._input, state["Next"]

    def _task(self, state: Mapping[str, Any]) -> tuple[Any, str]:
        tries: dict[int, int] = {}
        while True:
            self.events += EVENTS_OF_A_TRY
            try:
                arguments = plain(evaluated(state["Arguments"], self._bindings()))
                if state["Resource"].endswith("lambda:invoke"):
                    result = self._invoke(arguments, state["TimeoutSeconds"])
                else:
                    assert state["Resource"] == "arn:aws:states:::states:startExecution.sync:2"
                    result = self._run_child(arguments)
                return evaluated(state["Output"], self._bindings(result=result)), state["Next"]
            except StateError as failure:
                self.world.note(f"{self} {self._state} fails: {failure}")
                self.world.weather.counts[f"task failed: {failure.error}"] += 1
                self._pause_before_retry(state.get("Retry", []), tries, failure)

    def _pause_before_retry(self, retriers: list[dict[str, Any]], tries: dict[int, int], failure: StateError) -> None:
        for number, retrier in enumerate(retriers):
            names = retrier["ErrorEquals"]
            if failure.error in names or ("States.ALL" in names and failure.error not in NEVER_RETRIED):
                made = tries.get(number, 0)
                if made >= retrier.get("MaxAttempts", 3):
                    break
                tries[number] = made + 1
                pause = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** made
                pause = min(pause, retrier.get("MaxDelaySeconds", float("inf")))
                is_jittered = retrier.get("JitterStrategy") == "FULL"
                self.world.time.sleep(self.world.chance.uniform(0, pause) if is_jittered else pause)
                return
        raise failure

    def _invoke(self, arguments: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        assert arguments["FunctionName"] == FUNCTION
        invocation = self.world.function.invoke(arguments["Payload"])
        if not invocation.over.wait(timeout):
            raise StateError("States.Timeout", f"{timeout} s")
        if invocation.failure is not None:
            raise invocation.failure
        return {"Payload": invocation.answer, "StatusCode": 200}

    def _run_child(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if self.world.weather.happens(self.world.chance, "refused_starts"):
            raise StateError("StepFunctions.AWSStepFunctionsException", "Rate exceeded")
        machines = self.world.machines
        name = f"{self.world.chance.getrandbits(64):016x}"
        self.child = child = machines.start(WAVE, name, json.dumps(arguments["Input"]), parent=self)
        if self.world.weather.happens(self.world.chance, "unheard_starts"):
            raise StateError("StepFunctions.SdkClientException", "Read timed out")
        while not child.over.wait(10 * 365 * 86_400):
            pass
        if child.status != "SUCCEEDED":
            cause = json.dumps({"Status": child.status, "Error": child.error, "Cause": child.cause})
            raise StateError("States.TaskFailed", cause)
        return {"Output": json.loads(child.output), "Status": child.status, "ExecutionArn": child.arn}


class Machines:
    """The executions of both machines."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.executions: dict[str, Execution] = {}

    def start(self, machine: str, name: str, text: str, parent: Execution | None = None) -> Execution:
        """StartExecution."""
        made = Execution(self.world, machine, name, text, parent)
        assert made.arn not in self.executions
        self.world.note(f"{made} starts")
        self.executions[made.arn] = made
        return made

    def stop(self, execution: Execution, error: str = "", cause: str = "") -> None:
        """StopExecution; what waits for a child stops that, too, "by best effort"."""
        child = execution.child
        execution.stop(error, cause)
        if child is not None and not self.world.weather.happens(self.world.chance, "spared_children"):
            self.world.time.spawn(child.stop, after=self.world.chance.uniform(0, 10))

    def of(self, machine: str) -> list[Execution]:
        """The executions of a machine, the latest first."""
        return [each for each in reversed(self.executions.values()) if each.machine == machine]

    def handle(self, operation: str, asked: Mapping[str, Any]) -> tuple[int, Any]:
        """Answer a request of the API."""
        if operation == "StartExecution":
            made = self.start(ROLLOUT, asked["name"], asked["input"])
            return 200, {"executionArn": made.arn, "startDate": made.started}
        if operation == "ListExecutions":
            status = asked.get("statusFilter")
            found = [each for each in self.of(ROLLOUT) if status in {None, each.status}]
            return 200, {"executions": [self._described(each) for each in found[: asked.get("maxResults", 100)]]}
        found_one = self.executions.get(asked["executionArn"])
        if found_one is None:
            return 400, {"__type": "ExecutionDoesNotExist", "message": "no such execution"}
        if operation == "StopExecution":
            self.stop(found_one, asked.get("error", ""), asked.get("cause", ""))
            return 200, {"stopDate": self.world.time.now}
        assert operation == "DescribeExecution"
        return 200, {**self._described(found_one), "input": found_one.input}

    def _described(self, each: Execution) -> dict[str, Any]:
        facts = {"error": each.error, "cause": each.cause, "output": each.output}
        return {
            "executionArn": each.arn,
            "stateMachineArn": f"{MACHINES}:{each.machine}",
            "name": each.name,
            "status": each.status,
            "startDate": each.started,
            **({"stopDate": each.ended} if each.status != "RUNNING" else {}),
            **{name: text for name, text in facts.items() if text},
        }
