"""What goes wrong, how often: drawn for each life from its seed, so that quiet and stormy days are both lived."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from simulation.odds import Odds

if TYPE_CHECKING:
    import random

# Of a single request, on a stormy day. Nothing is published about how often AWS fails; these are far more than it does.
REQUEST_FAULTS = {
    "throttle": 0.02,
    "server error": 0.02,
    "server error after the effect": 0.02,
    "read timeout": 0.004,
    "read timeout, effect later": 0.006,
    "connection closed after the effect": 0.006,
    "access denied": 0.004,
    "slow": 0.01,
    "killed before": 0.004,
    "killed after": 0.006,
    "killed, effect later": 0.003,
    "hang until the time is up": 0.002,
}
# Of an invocation.
INVOCATION_FAULTS = {"not invoked": 0.02, "throttled": 0.02, "answer lost": 0.04, "invoked twice": 0.04}


@dataclass(frozen=True)
class Weather(Odds):
    """How often what goes wrong in one life."""

    storm: float = 0.0  # a share of the figures above
    lag: float = 0.0  # of new tasks and groups, that they cannot be read for a while
    slow_deletes: float = 0.0  # of deletions
    stops: int = 0  # how often somebody stops the execution, to redrive it
    spared_children: float = 0.0  # of stops, that the wave goes on although the rollout was stopped
    refused_starts: float = 0.0  # of waves
    unheard_starts: float = 0.0  # of waves: they begin, and the rollout hears of an error
    denials: int = 0  # how often an action is denied for hours
    words: int = 0  # what operators say, how often
    rivals: int = 0  # other executions of the same rollout
    deployments: int = 0  # updates in between
    strangers: int = 0  # tasks of others with a device of ours, and devices that are deleted
    function_timeout: float = 900.0
    destroyed: bool = False  # the stack is deleted while it runs
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, chance: random.Random) -> Weather:
        """Draw the weather of a life."""

        def perhaps(odds: float, most: int) -> int:
            return chance.randint(1, most) if chance.random() < odds else 0

        drawn = cls(
            storm=chance.choice([0, 0.3, 1.0, 1.0]),
            lag=chance.choice([0, 0, 0.2]),
            slow_deletes=chance.choice([0, 0, 0.3]),
            stops=perhaps(0.4, 3),
            spared_children=chance.choice([0, 0.2]),
            refused_starts=chance.choice([0, 0, 0.1]),
            unheard_starts=chance.choice([0, 0, 0, 0.2]),
            denials=perhaps(0.2, 2),
            words=perhaps(0.35, 4),
            rivals=perhaps(0.2, 2),
            deployments=perhaps(0.3, 3),
            strangers=perhaps(0.15, 2),
            function_timeout=chance.choice([900.0, 900.0, 900.0, 124.0]),
            destroyed=chance.random() < 0.15,
        )
        return drawn if chance.random() < 0.95 else cls()

    def calm(self) -> Weather:
        """From now on nothing goes wrong; what did is still counted."""
        return replace(Weather(), counts=self.counts)

    def strikes(self, chance: random.Random, faults: dict[str, float]) -> str | None:
        """Draw what happens to one request or invocation; nothing is drawn where nothing can."""
        return super().strikes(chance, faults) if self.storm else None
