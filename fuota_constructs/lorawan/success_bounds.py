"""What so many successes of so many devices prove: one-sided Clopper-Pearson bounds of the rate behind them.

A share of a small wave proves little: 10 of 10 devices prove, at 95 %, no more than a rate of 0.741. The bounds are
exact, never optimistic (those of Wilson are, by 5 points here), and hold for numbers that are not whole, too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BISECTIONS: Final = 60
TINY: Final = 1e-300
PRECISION: Final = 1e-14


def lower_bound(successes: float, attempted: float, confidence: float) -> float:
    """The rate that is exceeded at this confidence, 0 to 1: whoever is unknown counts as failed.

    Raises ValueError where a number is out of range.
    """
    _check(successes, attempted, confidence)
    if successes == 0:
        return 0.0
    return _rate(lambda rate: regularized_beta(rate, successes, attempted - successes + 1), 1 - confidence)


def upper_bound(successes: float, attempted: float, confidence: float, *, unknown: float = 0.0) -> float:
    """The rate that is not reached at this confidence, 0 to 1: whoever is unknown counts as a success.

    Raises ValueError where a number is out of range.
    """
    best = successes + unknown
    _check(best, attempted, confidence)
    if best == attempted:
        return 1.0
    return _rate(lambda rate: regularized_beta(rate, best + 1, attempted - best), confidence)


def confidence_of_each(confidence: float, waves: int) -> float:
    """That of the gate of one wave, so that those of all together err no more often than was allowed."""
    return 1 - (1 - confidence) / waves


def smallest_proof(
    rate: float, confidence: float, *, failures: int = 0, a_gateway: float = 1.0, correlation: float = 0.0
) -> int:
    """How many devices it takes at the least to prove a rate at this confidence, with so many failures among them.

    `a_gateway` and `correlation` as for `independent_devices`.

    Raises ValueError for a rate of 1, which nothing proves, and for a confidence that is none.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}: give a share from 0 to below 1, which no number of devices proves")
    _check(0, 1, confidence)

    def proves(attempted: int) -> bool:
        worth = worth_of(attempted - failures, attempted, a_gateway=a_gateway, correlation=correlation)
        return lower_bound(*worth, confidence) >= rate

    low, high = failures + 1, failures + 1
    while not proves(high):
        low, high = high + 1, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if proves(middle) else (middle + 1, high)
    return low


def independent_devices(devices: float, *, a_gateway: float, correlation: float) -> float:
    """How many independent devices so many are worth, when those behind one gateway fail together.

    `correlation` is that of two devices behind a gateway, 0 to 1; `a_gateway` is how many a gateway has, which are no
    more than there are. Both bounds take successes and devices scaled down alike.

    Raises ValueError where a number is out of range.
    """
    if a_gateway < 1 or not 0 <= correlation <= 1:
        raise ValueError(
            f"{a_gateway} devices a gateway with a correlation of {correlation}: give at least 1, and 0 to 1"
        )
    return devices / (1 + (min(a_gateway, max(devices, 1)) - 1) * correlation)


def worth_of(successes: int, attempted: int, *, a_gateway: float, correlation: float) -> tuple[float, float]:
    """Successes and devices scaled down to what independent devices would be; all of them stay all.

    Raises ValueError where a number is out of range.
    """
    worth = independent_devices(attempted, a_gateway=a_gateway, correlation=correlation)
    return (worth if successes == attempted else successes * worth / attempted), worth


def regularized_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function: of a binomial tail what is between its steps, too."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1.0 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Lentz's method, as in Numerical Recipes, 6.4: some square root of a + b terms."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value, term, change = d, 0, math.inf
    while abs(change - 1) > PRECISION:
        term += 1
        even = term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term))
        odd = -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1))
        for part in (even, odd):
            d = 1 / _not_zero(1 + part * d)
            c = _not_zero(1 + part / c)
            change = c * d
            value *= change
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def _rate(chance: Callable[[float], float], wanted: float) -> float:
    """Where a chance that rises with the rate is the wanted one."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < wanted else (low, middle)
    return low


def _check(successes: float, attempted: float, confidence: float) -> None:
    if not 0 <= successes <= attempted or attempted <= 0:
        raise ValueError(f"{successes} successes of {attempted} devices: give at least one device, and no more of it")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: give a share between 0 and 1, such as 0.95")
