"""The chances of a number of successes, cut to those that are not negligible (below 1e-11)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

REACH: Final = 7
"""Standard deviations kept either side of the mean, and so many counts more."""


@lru_cache(maxsize=64)
def binomial(n: int, p: float) -> dict[int, float]:
    """The chances of so many successes out of n, by count, in rising order."""
    if p in (0.0, 1.0):
        return {round(n * p): 1.0}
    log_p, log_q, log_n = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    reach = REACH * math.sqrt(n * p * (1 - p)) + REACH
    return {
        k: math.exp(log_n - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q)
        for k in range(max(0, int(n * p - reach)), min(n, int(n * p + reach)) + 1)
    }


def at_least(n: int, p: float) -> Callable[[int], float]:
    """The chance of at least so many successes out of n, as a function of so many."""
    tails: dict[int, float] = {}
    total = 0.0
    for count, chance in reversed(binomial(n, p).items()):
        total += chance
        tails[count] = min(1.0, total)
    lowest, highest = min(tails), max(tails)
    return lambda count: tails[max(count, lowest)] if count <= highest else 0.0


def enough_arrive(m: int, coded: int, loss: float) -> float:
    """The chance that at least as many coded fragments arrive as data fragments are lost."""
    arrive = at_least(coded, 1 - loss)
    return min(1.0, sum(chance * arrive(lost) for lost, chance in binomial(m, loss).items()))
