"""What goes wrong, how often: drawn for each sequence from its seed, so that quiet and stormy days are both lived."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from simulation.odds import Odds

if TYPE_CHECKING:
    import random

# Of a single request, on a stormy day. Nothing is published about how often AWS fails; these are far more than it does.
REQUEST_FAULTS = {
    "throttle": 0.012,
    "server error": 0.012,
    "server error after the effect": 0.012,
    "read timeout": 0.003,
    "read timeout, effect later": 0.004,
    "connection refused": 0.003,
    "connection closed after the effect": 0.003,
    "slow": 0.006,
    "hang": 0.0015,
    "crash before": 0.0015,
    "crash after": 0.002,
    "access denied": 0.002,
    "conflict": 0.002,
}
# Of delivering one answer.
ANSWER_FAULTS = {
    "500 lost": 0.03,
    "500 taken": 0.03,
    "timeout lost": 0.02,
    "timeout taken": 0.02,
    "403": 0.01,
}


@dataclass(frozen=True)
class Weather(Odds):
    """How often what goes wrong in one sequence."""

    storm: float = 0.0  # a share of the figures above
    cancels: float = 0.0  # of operations, that another resource of the stack fails beside ours
    duplicates: float = 0.0  # of events, that Lambda delivers them twice
    lag: float = 0.0  # of new tasks, that they cannot be read for a while
    iam_windows: float = 0.0  # of new permissions, that they take long to spread
    slow_deletes: float = 0.0  # of deletions
    operators: float = 0.0  # of moments, that somebody does something by hand
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, chance: random.Random) -> Weather:
        """Draw the weather of a sequence."""
        kind = chance.choice(["calm", "concurrent", "operated", "rough", "stormy", "stormy"])
        calm = cls()
        return {
            "calm": calm,
            "concurrent": replace(calm, cancels=0.35, duplicates=0.03, iam_windows=0.3),
            "operated": replace(calm, operators=0.5, cancels=0.1),
            "rough": cls(0.4, 0.15, 0.02, 0.1, 0.2, 0.03, 0.25),
            "stormy": cls(1.0, 0.25, 0.04, 0.2, 0.3, 0.08, 0.3),
        }[kind]
