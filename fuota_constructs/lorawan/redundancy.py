"""How likely a device puts the image together at a given loss, and how much redundancy a target takes.

A device that lost L data fragments needs coded fragments whose parity rows, cut down to the lost columns, have rank L.
Coded fragments are lost at the same rate as data fragments, so redundancy equal to the loss is not enough.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.binomial import enough_arrive
from fuota_constructs.lorawan.fragmentation.parity import check_row
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, coded_fragments
from fuota_constructs.lorawan.reception_formula import formula_probability, twins

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["decode_probability", "smallest_redundancy_percent", "twins"]

SAMPLED: Final = 15_000
SAMPLED_DATA_FRAGMENTS: Final = 150
"""Up to how much work (data times coded fragments squared) and data fragments the real parity rows are sampled.

It takes some 30 ms. Beyond, the formula is within 0.5 percentage points of simulations of the real codec.
"""

POOR: Final = 0.85
SAMPLED_IF_POOR: Final = 60_000
SAMPLED_DATA_FRAGMENTS_IF_POOR: Final = 400
"""Where the formula gives less than that, more is sampled: its corrections are made for small chances of failure."""


@lru_cache(maxsize=4096)
def decode_probability(m: int, coded: int, loss: float, *, version: int = 1) -> float:
    """The chance that a device reassembles an image of ``m`` data fragments from what arrives.

    ``coded`` fragments follow the data; each fragment, data or coded, is lost with probability ``loss`` (0 to 1),
    independently. The same arguments always give the same answer, and more coded fragments never a smaller one (but for
    sampling error below 0.1 %, where hardly any device has the image). ``m`` up to 16383 with ``coded`` (14-bit index).

    Raises ValueError where a parameter is out of range.
    """
    check_row(m, 1, version)
    if coded < 0 or m + coded > MAX_ENCODED_FRAGMENTS:
        raise ValueError(
            f"coded is {coded}: with {m} data fragments there can be 0 to {MAX_ENCODED_FRAGMENTS - m} (14-bit index)"
        )
    if not 0.0 <= loss <= 1.0:
        raise ValueError(f"loss is {loss}: give a fraction from 0 to 1, such as 0.1 for 10 %")
    if loss == 0.0:
        return 1.0
    if loss == 1.0:
        return 0.0
    if m == 1 or coded == 0:  # rows of a single fragment are empty
        return (1 - loss) ** m
    work = m * coded * coded
    if work <= SAMPLED and m <= SAMPLED_DATA_FRAGMENTS:
        # No more than what more fragments are said to give: where the two meet, sampling error must not show.
        beyond = _first_beyond(m, SAMPLED, loss, version)
        return min(_sampled(m, coded, loss, version), beyond if beyond >= POOR else _most_if_poor(m, loss, version))
    probability = formula_probability(m, coded, loss, version)
    if probability < POOR and work <= SAMPLED_IF_POOR and m <= SAMPLED_DATA_FRAGMENTS_IF_POOR:
        return min(_sampled(m, coded, loss, version), _most_if_poor(m, loss, version))
    return probability


def _most_if_poor(m: int, loss: float, version: int) -> float:
    return min(POOR, _first_beyond(m, SAMPLED_IF_POOR, loss, version))


@lru_cache(maxsize=1024)
def _first_beyond(m: int, most_work: int, loss: float, version: int) -> float:
    """The formula's answer for the fewest coded fragments that are too much work to sample."""
    return formula_probability(m, math.isqrt(most_work // m) + 1, loss, version)


@lru_cache(maxsize=1024)
def smallest_redundancy_percent(m: int, loss: float, target: float, *, version: int = 1) -> int | None:
    """The smallest whole RedundancyPercent with which a device succeeds with at least probability ``target``.

    None where no percentage up to 100, nor the 14-bit fragment index, allows it (a single fragment cannot be helped).
    """
    highest = min(100, (MAX_ENCODED_FRAGMENTS - m) * 100 // m)

    def may_reach(percent: int) -> bool:
        return enough_arrive(m, coded_fragments(m, percent), loss) >= target

    def reaches(percent: int) -> bool:
        coded = coded_fragments(m, percent)
        return may_reach(percent) and decode_probability(m, coded, loss, version=version) >= target

    if highest < 0 or not reaches(highest):
        return None
    lowest = _first(may_reach, 0, highest)  # cheap, and never above the answer
    return _first(reaches, lowest, highest)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first percentage from low on for which it holds, given that it holds for high and never ceases to hold."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _sampled(m: int, coded: int, loss: float, version: int) -> float:
    from fuota_constructs.lorawan.reception_sample import sampled_probability  # small and poor sessions only

    return sampled_probability(m, coded, loss, version)
