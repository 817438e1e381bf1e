"""One life's world: its time, chance and weather, AWS in it, and what was seen to go wrong."""

from __future__ import annotations

import json
import os
import random
from contextvars import Context
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aws_calls
import pytest
import rollout_calls
from ministack.services import dynamodb
from simulation.client_seams import patch_clients
from simulation.virtual_time import START, VirtualTime

from fuota_constructs.operations import rollout_word
from rollout_simulation.fleet import Fleet
from rollout_simulation.function import Function
from rollout_simulation.judge import Judge
from rollout_simulation.network import BUCKET, Network, client
from rollout_simulation.state_machines import Machines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rollout_simulation.weather import Weather

TABLE = "simulated-rollout"
TABLE_MADE = {
    "TableName": TABLE,
    "AttributeDefinitions": [{"AttributeName": "Rollout", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "Rollout", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@dataclass(frozen=True)
class Violation:
    """Something that must not happen, by its class."""

    kind: str
    what: str


class World:
    """Everything of one life."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self.seed, self.weather = seed, weather
        self.chance = random.Random(f"{seed} weather")
        self.time = VirtualTime()
        self.notes: list[str] = []
        self.violations: list[Violation] = []
        self.fleet = Fleet(self, random.Random(f"{seed} fleet"))
        self.judge = Judge(self)
        self.machines = Machines(self)
        self.function = Function(self)
        self.network = Network(self)
        self.fleet.enrol()
        self.aborted_at: float | None = None
        self.is_stack_going = False
        self.on_hold: Callable[[], None] = lambda: None
        self.moments: list[float] = []

    def note(self, what: str) -> None:
        """Keep a line of what happens."""
        self.moments.append(self.time.now - START)
        self.notes.append(f"{self.time.now - START:12.2f} {what}")

    def violation(self, kind: str, what: str) -> None:
        """Keep what went wrong."""
        self.note(f"VIOLATION {kind}: {what}")
        self.violations.append(Violation(kind, what))

    def control(self) -> dict[str, Any]:
        """The item of the rollout, as it is."""
        asked = {"TableName": TABLE, "Key": {"Rollout": {"S": "control"}}}
        answer = json.loads(dynamodb._get_item(asked)[2])
        return {name: next(iter(value.values())) for name, value in answer.get("Item", {}).items()}

    def table_changed(self, asked: Mapping[str, Any]) -> None:
        """Notice a gate that holds."""
        if (asked.get("ExpressionAttributeValues") or {}).get(":Held", {}).get("S"):
            self.on_hold()

    @property
    def is_asked_to_end_sessions(self) -> bool:
        """Whether somebody wants what is on the air to end."""
        return self.is_stack_going or bool(self.control().get("EndSessions"))


class Seams:
    """Enters a world and leaves it again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.patches = pytest.MonkeyPatch()

    def __enter__(self) -> World:
        world, patch = self.world, self.patches
        random.seed(world.seed)  # the jitter of boto3's pauses
        patch_clients(patch, world.time, random.Random(f"{world.seed} ids"))
        clock = SimpleNamespace(monotonic=lambda: world.time.now, sleep=world.time.sleep)
        patch.setattr(rollout_word, "time", clock)
        for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
            patch.delenv(name)
        patch.setenv("CONTROL_TABLE", TABLE)
        patch.setenv("FIRMWARE_BUCKET", BUCKET)
        patch.setenv("EVENT_BUS", "default")
        patch.setattr(rollout_calls, "_client", lambda service, *_, **__: client("function", service))
        patch.setattr(aws_calls, "_client", lambda service: client("provider", service))
        patch.setattr(Network, "current", world.network, raising=False)
        # As the threads of the world: MiniStack keeps the account of a request in the context, which other tests set.
        Context().run(dynamodb._create_table, TABLE_MADE)
        return world

    def __exit__(self, *_: Any) -> None:
        Context().run(dynamodb._tables.pop, TABLE, None)
        self.patches.undo()
