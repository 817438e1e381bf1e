"""Draws what goes wrong, and counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections import Counter


class Odds:
    """What the weather of a simulation has in common: how stormy it is, and what happened so far."""

    storm: float
    counts: Counter[str]

    def strikes(self, chance: random.Random, faults: dict[str, float]) -> str | None:
        """Draw what happens to one request, answer or invocation; None if nothing does."""
        point = chance.random()
        for name, odds in faults.items():
            point -= odds * self.storm
            if point < 0:
                self.counts[name] += 1
                return name
        return None

    def happens(self, chance: random.Random, what: str) -> bool:
        """Draw whether one of the other things happens."""
        happens = chance.random() < getattr(self, what)
        self.counts[what] += happens
        return happens
