"""Whether a result fits the plan: binomial, and Poisson-binomial where devices were planned apart."""

import itertools
import math

import pytest

from fuota_constructs.lorawan.plan_consistency import chance_of_so_few, is_worse_than_planned


@pytest.mark.parametrize(
    ("successes", "devices", "chance", "is_worse"),
    [
        (8, 10, 0.004, True),
        (18, 20, 0.017, False),
        (19, 20, 0.182, False),
        (95, 100, 0.003, True),
        (97, 100, 0.079, False),
        (10, 10, 1.0, False),
    ],
)
def test_a_plan_of_ninety_nine_percent(successes, devices, chance, is_worse) -> None:
    assert chance_of_so_few(successes, [(devices, 0.99)]) == pytest.approx(chance, abs=6e-4)
    assert is_worse_than_planned(successes, [(devices, 0.99)]) is is_worse


def test_devices_that_were_planned_apart() -> None:
    chances = [0.5, 0.5, 0.9, 0.9, 0.9, 1.0]
    by_hand = [0.0] * (len(chances) + 1)
    for outcome in itertools.product([0, 1], repeat=len(chances)):
        by_hand[sum(outcome)] += math.prod(p if good else 1 - p for p, good in zip(chances, outcome, strict=True))
    for successes in range(len(chances) + 1):
        found = chance_of_so_few(successes, [(2, 0.5), (3, 0.9), (1, 1.0)])
        assert found == pytest.approx(sum(by_hand[: successes + 1]), abs=1e-9)


def test_no_devices_fit_any_plan() -> None:
    assert chance_of_so_few(0, []) == 1
    assert not is_worse_than_planned(0, [(0, 0.99)])
