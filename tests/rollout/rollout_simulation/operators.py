"""What people say to a rollout, with the code of `fuota rollout`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.rollout_status import read_status
from fuota_constructs.operations.rollout_word import say
from fuota_constructs.operations.rollouts import Rollout, start_rollout
from rollout_simulation.network import BUCKET, client
from rollout_simulation.state_machines import MACHINES, ROLLOUT

if TYPE_CHECKING:
    from rollout_simulation.world import World

NAME = "Fleet/Rollout"
MOST_ANSWERS = 50


class Operator:
    """Somebody with the CLI."""

    def __init__(self, world: World, table: str) -> None:
        self.world = world
        self.rollout = Rollout(NAME, f"{MACHINES}:{ROLLOUT}", table, BUCKET)
        services = {name: client("provider", name) for name in ("stepfunctions", "dynamodb", "s3", "sts")}
        self.aws: Any = SimpleNamespace(**services, clock=lambda: (world.time.now, 1.0), region="eu-west-1")
        self._attends = False
        world.on_hold = self.attend

    def start(self) -> str:
        """Start a rollout; the name of the execution, empty when that is refused."""
        try:
            return start_rollout(self.aws, self.rollout)
        except OperationError as refusal:
            self.world.note(f"operator: start is refused: {refusal}")
            return ""

    def say(self, word: str, *, end_sessions: bool = False) -> bool:
        """Say a word; whether it was taken."""
        try:
            status = read_status(self.aws, self.rollout)
            say(self.aws, status, word, end_sessions=end_sessions)
        except OperationError as refusal:
            self.world.note(f"operator: {word} is refused: {refusal}")
            self.world.weather.counts[f"{word} refused"] += 1
            return False
        self.world.note(f"operator: {word}")
        self.world.weather.counts[f"{word} said"] += 1
        if word == "abort" and self.world.aborted_at is None:
            self.world.aborted_at = self.world.time.now
        return True

    def attend(self) -> None:
        """Answer the gate that holds, some time later, until it does not hold any more."""
        if not self._attends:
            self._attends = True
            self.world.time.spawn(self._answer, after=self.world.chance.uniform(30, 7200), group="operator")

    def _answer(self) -> None:
        for _ in range(MOST_ANSWERS):
            if not self.world.control().get("Held"):
                break
            self.say("approve")
            self.world.time.sleep(self.world.chance.uniform(60, 1800))
        self._attends = False
