"""The function of a rollout, as a machine invokes it: it fails, is killed, answers in vain, or runs twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import rollout_calls
import rollout_step
from simulation.virtual_time import Process, Signal
from wave_turn import Turn

from rollout_simulation.state_machines import StateError
from rollout_simulation.weather import INVOCATION_FAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rollout_simulation.world import World

LONGEST_SECONDS = 900


class Calls(rollout_calls.RolloutCalls):
    """The side effects of a step, in virtual time; its boto3 clients are the real ones."""

    def __init__(self, invocation: Invocation) -> None:
        super().__init__(invocation)
        self._world = invocation.world

    def now(self) -> float:
        return self._world.time.now

    def sleep(self, seconds: float) -> None:
        self._world.time.sleep(seconds)

    def say(self, line: str) -> None:
        json.loads(line)


class Invocation:
    """One run of the function; it is the context that Lambda gives the handler, too."""

    def __init__(self, world: World, payload: Mapping[str, Any], number: int) -> None:
        self.world, self.payload, self.number = world, payload, number
        self.over = Signal(world.time)
        self.answer: Any = None
        self.failure: StateError | None = None
        self.is_dead = False
        self.deadline = float("inf")
        self._process: Process

    def __str__(self) -> str:
        state = self.payload["state"]
        return f"λ{self.number} {self.payload['step']} {state.get('wave')}/{state.get('attempt', '')}"

    def get_remaining_time_in_millis(self) -> int:
        """Of Lambda's context."""
        return int((self.deadline - self.world.time.now) * 1000)

    def run(self, after: float) -> None:
        """Run it, and end it when its time is up."""
        self._process = self.world.time.spawn(self._work, after=after, group=self)

    def _work(self) -> None:
        self.deadline = self.world.time.now + self.world.function.timeout
        self.world.note(f"{self} begins")
        try:
            turn = Turn.of(json.loads(json.dumps(self.payload)))
            self.answer = json.loads(json.dumps(rollout_step.step(turn, Calls(self))))
            self.world.note(f"{self} answers {self.answer.get('next')}")
        except Exception as error:  # noqa: BLE001  # as Lambda tells it the machine
            self.world.note(f"{self} raises {type(error).__name__}: {error}")
            self.failure = StateError(type(error).__name__, str(error))
        self.over.give()

    def killed(self, error: str) -> None:
        """It is over here; called by its own process."""
        self.world.note(f"{self} is killed: {error}")
        self.is_dead = True
        self.failure = StateError(error, "the function was killed")
        self.over.give()
        self.world.time.kill(self._process)

    def hang(self) -> None:
        """Do nothing until Lambda ends it."""
        self.world.time.sleep(max(0.0, self.deadline - self.world.time.now))
        self.killed("Sandbox.Timedout")


class Function:
    """The function, and how many of its invocations are under way."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.invocations = 0
        self.timeout = world.weather.function_timeout

    def invoke(self, payload: Mapping[str, Any]) -> Invocation:
        """Invoke it; what becomes of that the invocation tells when it is over."""
        chance, weather = self.world.chance, self.world.weather
        fault = weather.strikes(chance, INVOCATION_FAULTS)
        made = self._make(payload)
        if fault in {"not invoked", "throttled"}:
            name = "Lambda.TooManyRequestsException" if fault == "throttled" else "Lambda.ServiceException"
            made.failure = StateError(name, "the function was not invoked")
            made.over.give()
            return made
        made.run(after=chance.uniform(0.02, 0.4))
        if fault == "invoked twice":
            self._make(payload).run(after=chance.choice([0.0, 0.5, 3.0, 30.0]) + chance.uniform(0, 1))
        if fault == "answer lost":
            return self._lost(made)
        return made

    def _make(self, payload: Mapping[str, Any]) -> Invocation:
        self.invocations += 1
        return Invocation(self.world, payload, self.invocations)

    def _lost(self, made: Invocation) -> Invocation:
        """An invocation that the machine hears nothing of but an error, now or when it is over."""
        told = self._make(made.payload)
        told.failure = StateError("Lambda.ServiceException", "the answer was lost")
        if self.world.chance.random() < 0.5:
            self.world.time.spawn(told.over.give, after=self.world.chance.uniform(0.1, 5))
        else:
            self.world.time.spawn(lambda: (made.over.wait(LONGEST_SECONDS + 10), told.over.give()))
        return told
