"""Whether so few successes fit what was planned, or the radio is worse than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.binomial import binomial

if TYPE_CHECKING:
    from collections.abc import Iterable

WORSE_THAN_PLANNED: Final = 0.01
"""A result that the plan gives a smaller chance than that is not what was planned."""


def chance_of_so_few(successes: int, planned: Iterable[tuple[int, float]]) -> float:
    """The chance of at most so many successes, where so many devices each have the planned chance.

    `planned` has devices and their chance, 0 to 1, for each group of devices that was planned alike (the number of
    successes then is Poisson-binomial). Chances below 1e-11 are lost.
    """
    sums = {0: 1.0}
    for devices, chance in planned:
        added: dict[int, float] = {}
        for count, part in sums.items():
            for more, share in binomial(devices, chance).items():
                added[count + more] = added.get(count + more, 0.0) + part * share
        sums = added
    return min(1.0, sum(chance for count, chance in sums.items() if count <= successes))


def is_worse_than_planned(successes: int, planned: Iterable[tuple[int, float]]) -> bool:
    """Whether so few successes contradict the plan. Only devices that got or lost the image count, no refusals."""
    return chance_of_so_few(successes, planned) < WORSE_THAN_PLANNED
