"""One sequence's world: its time, chance and weather, AWS in it, and what was seen to go wrong."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.aws_lambda import Lambda
from simulation.cloudformation import CloudFormation
from simulation.network import SESSION, Network
from simulation.virtual_time import START, VirtualTime
from simulation.weather import Weather

if TYPE_CHECKING:
    from simulation.requests import Request
    from simulation.template import Template


@dataclass(frozen=True)
class Violation:
    """Something that must not happen, by its class."""

    kind: str
    what: str


@dataclass(frozen=True)
class Deletion:
    """A task that the handler had deleted, and on whose behalf."""

    task_id: str
    status: str | None
    at: float
    operation: str
    kind: str
    physical_id: str
    on_record: bool


class World:
    """Everything of one sequence."""

    def __init__(self, seed: int, weather: Weather | None = None) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.weather = weather or Weather.of(self.chance)
        self.time = VirtualTime()
        self.notes: list[str] = []
        self.violations: list[Violation] = []
        self.deletions: list[Deletion] = []
        self.made_by: dict[str, Any] = {}  # by task id, the request that made it
        self.stack_ids: set[str] = set()
        self.stable: Template | None = None
        self.operated: dict[str, set[str]] = {}  # by task id, what operators did to it
        self.network = Network(self)
        self.function = Lambda(self)
        self.cloudformation = CloudFormation(self)
        self.refused_rollbacks = 0
        self.unseen: set[tuple[str, str]] = set()  # stack and logical ids whose tasks could not be told
        self.same_second: set[str] = set()  # tasks that were made beside another in the same second
        self.overtaken: set[str] = set()  # tasks that a request reached when nobody could expect it any more
        self.foreign: dict[str, int] = {}  # tasks of others, and how many tags they have

    def note(self, what: str) -> None:
        """Keep a line of what happens."""
        self.notes.append(f"{self.time.now - START:10.2f} {what}")

    def violation(self, kind: str, what: str) -> None:
        """Keep what went wrong."""
        self.note(f"VIOLATION {kind}: {what}")
        self.violations.append(Violation(kind, what))

    def current_request(self) -> Request | None:
        """The request that the process which runs works for."""
        event = getattr(self.time.running.group, "event", None)
        return self.cloudformation.requests.by_url.get(event["ResponseURL"]) if event else None

    def deletion(self, task_id: str, status: str | None) -> Deletion:
        """Judge a deletion that is about to happen."""
        request = self.current_request()
        stack = self.cloudformation
        on_record = any(record.physical_id == task_id for record in stack.records.values())
        kind = request.event["RequestType"] if request else ""
        physical_id = request.event.get("PhysicalResourceId", "") if request else ""
        operation = request.operation if request else ""
        deletion = Deletion(task_id, status, self.time.now, operation, kind, physical_id, on_record)
        if task_id not in self.made_by:
            self.violation("foreign task touched", f"{task_id} deleted")
        elif on_record and not (kind == "Delete" and physical_id == task_id):
            self.violation("live task deleted", f"{task_id} by {kind} {physical_id} ({operation})")
        # The deletion of the stack ends sessions, and so does a Delete of a deployment that Lambda delivers once more
        # during it.
        if status in SESSION and operation != "deletion of the stack" and not stack.is_deleting:
            self.violation("session killed", f"{task_id} {status} by {kind} ({operation})")
        return deletion

    def group_in_use(self, name: str, holders: list[str]) -> None:
        """Judge that a group of the stack cannot be deleted."""
        self.note(f"group {name} is in use by {holders}")
        in_session = any(self.network.status(each) in SESSION for each in holders)
        kept = self.cloudformation.retained | {task for task, acts in self.operated.items() if "associate" in acts}
        slow = all(self.network.status(each) == "Delete_Waiting" for each in holders)
        if in_session or kept.intersection(holders):
            return
        if slow:
            self.weather.counts["group held by a deletion that takes long"] += 1
            return
        self.weather.counts["group held"] += 1

    def rollback_failed(self, physical_id: str, properties: dict[str, Any], request: Request) -> None:
        """Judge a rollback that was refused."""
        from simulation.checks import differences

        self.refused_rollbacks += 1
        reason = (request.answer or {}).get("Reason", "")
        if "during a session" in reason and not differences(self, physical_id, properties):
            self.violation("rollback refused needlessly", reason)


def run(seed: int, weather: Weather | None = None) -> World:
    """Live one sequence."""
    from simulation.sequence import Sequence

    world = World(seed, weather)
    with world_of_the_handler(world):
        world.time.run(lambda: Sequence(world).live())
    return world


def world_of_the_handler(world: World) -> Any:
    """Put the handler into a world."""
    from simulation.handler_seams import Seams

    return Seams(world)


def tally(worlds: list[World]) -> Counter[str]:
    """Count what happened."""
    return sum((world.weather.counts for world in worlds), Counter())
