"""Lambda: asynchronous events, which it delivers once, twice or late, in sandboxes that freeze, thaw and crash."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import index

from simulation.virtual_calls import VirtualCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.virtual_time import Process
    from simulation.world import World

TIMEOUT_SECONDS = 300
# "Lambda attempts to run it two more times, with a one-minute wait [...] and two minutes" (Lambda Developer Guide).
RETRIES_AFTER = (60, 120)


@dataclass
class Context:
    """Lambda's context object."""

    world: World
    deadline: float
    log_stream_name: str = "2026/11/23/[$LATEST]0123456789abcdef"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.deadline - self.world.time.now) * 1000)


class Calls(VirtualCalls):
    """The side effects of the handler in a sandbox."""

    def __init__(self, world: World, sandbox: Sandbox) -> None:
        super().__init__(world)
        self._world = world
        self._sandbox = sandbox

    def run(self, work: Callable[[], None], *, seconds: float) -> None:
        mine = getattr(self, "as_mine", lambda own: own())
        self._world.time.spawn(lambda: mine(work), group=self._sandbox).ended.wait(seconds)

    def put(self, url: str, body: bytes, *, timeout: float) -> int:  # noqa: ARG002  # as AwsCalls has it
        return self._world.cloudformation.put(url, body, self._sandbox)


class Sandbox:
    """One execution environment: a process that Lambda freezes between invocations."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.number = number
        self.busy = False
        self.dead = False
        self.freezes = 0
        self.event: Mapping[str, Any] = {}
        self.started = 0.0
        self._frozen: list[Process] = []
        self._main: Process

    def __str__(self) -> str:
        return f"λ{self.number}"

    def run(self, event: Mapping[str, Any], ended: Callable[[bool], None]) -> None:
        """Run one invocation here, and say whether it came to a good end."""
        time = self.world.time
        self.busy, self.event, self.started = True, event, time.now
        outcome: list[bool] = []

        def invoke() -> None:
            for process in self._frozen:
                self.world.weather.counts["thaw"] += 1
                time.thaw(process)
            self._frozen = []
            try:
                index.handler(event, Context(self.world, self.started + TIMEOUT_SECONDS))
                outcome.append(True)
            except Exception as error:  # noqa: BLE001  # whatever leaves the handler is a failed invocation
                self.world.note(f"{self} raised {type(error).__name__}: {error}")
                self.world.weather.counts[f"invocation failed: {type(error).__name__}"] += 1

        self._main = time.spawn(invoke, group=self)
        if not self._main.ended.wait(TIMEOUT_SECONDS):
            self.world.weather.counts["invocation timeout"] += 1
            self._end()
        elif not self.dead:
            self._frozen = time.freeze(self)
            self.freezes += 1
        self.busy = False
        ended(bool(outcome))

    def crash(self) -> None:
        """The machine is gone, now; called by one of its own processes."""
        self.world.note(f"{self} crashes")
        self._end()
        self.world.time.kill(self.world.time.running)

    def _end(self) -> None:
        self.dead = True
        running = self.world.time.running
        for process in self.world.time.freeze(self):
            if process is not running:
                self.world.time.kill(process)
            process.frozen = False


class Lambda:
    """The function of the provider."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sandboxes: list[Sandbox] = []
        self.invocations = 0
        self.pending = 0  # deliveries that are still to come, or under way
        self.log = io.StringIO()

    def invoke(self, event: Mapping[str, Any]) -> None:
        """Take an event; it is delivered soon, and perhaps again."""
        chance, weather = self.world.chance, self.world.weather
        self._schedule(event, after=chance.uniform(0.05, 0.6), retries=0)
        if weather.happens(chance, "duplicates"):
            late = chance.choice([0.0, 0.3, 1.5, 8.0, 40.0, 70.0, 200.0, 500.0])
            self._schedule(event, after=late + chance.uniform(0.05, 0.6), retries=0)

    def calls(self) -> Calls:
        """The side effects of the invocation that is just beginning."""
        return Calls(self.world, self.world.time.running.group)

    def _schedule(self, event: Mapping[str, Any], *, after: float, retries: int) -> None:
        self.pending += 1
        self.world.time.spawn(lambda: self._deliver(event, retries), after=after)

    def _deliver(self, event: Mapping[str, Any], retries: int) -> None:
        sandbox = next((each for each in self.sandboxes if not each.busy and not each.dead), None)
        if sandbox is None:
            sandbox = Sandbox(self.world, len(self.sandboxes))
            self.sandboxes.append(sandbox)
        self.invocations += 1
        kind, name = event["RequestType"], event["LogicalResourceId"]
        self.world.note(f"{sandbox} {kind} {name} {event.get('PhysicalResourceId', '')[-40:]} (delivery {retries + 1})")

        def ended(well: bool) -> None:
            if not well and retries < len(RETRIES_AFTER):
                self._schedule(event, after=RETRIES_AFTER[retries], retries=retries + 1)
            self.pending -= 1

        sandbox.run(event, ended)
