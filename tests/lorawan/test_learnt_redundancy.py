"""What a session teaches about the next."""

import pytest

from fuota_constructs.lorawan.learnt_redundancy import highest_loss, learnt_redundancy
from fuota_constructs.lorawan.redundancy import decode_probability
from fuota_constructs.lorawan.success_bounds import lower_bound

HOW = {"confidence": 0.8, "most_percent": 60}


def test_the_loss_is_the_highest_that_fits_and_the_redundancy_the_least_that_is_enough() -> None:
    learnt = learnt_redundancy(300, 30, delivered=80, lost=20, **HOW)
    share = lower_bound(80, 100, 0.8)
    loss = highest_loss(300, 30, share)
    assert decode_probability(300, 90, loss) == pytest.approx(share, abs=0.01)
    coded = [-(-300 * percent // 100) for percent in (learnt - 1, learnt)]
    below, enough = (decode_probability(300, each, loss) for each in coded)
    assert below < 0.99 <= enough


def test_nobody_who_lost_the_image_says_only_that_it_is_no_worse() -> None:
    assert learnt_redundancy(300, 30, delivered=5, lost=0, **HOW) == 30


def test_nobody_at_all_teaches_nothing() -> None:
    assert learnt_redundancy(300, 30, delivered=0, lost=0, **HOW) == 30


def test_it_never_takes_less_than_was_planned() -> None:
    assert learnt_redundancy(300, 50, delivered=999, lost=1, **HOW) == 50


@pytest.mark.parametrize(
    ("fragments", "most", "taken"), [(300, 35, 35), (300, 20, 30), (12_000, 100, 36), (300, 500, 100)]
)
def test_it_takes_no_more_than_is_allowed(fragments, most, taken) -> None:
    """Not above the user's limit, 100 percent, or 16383 fragments; what was sent before is allowed in any case."""
    learnt = learnt_redundancy(fragments, 30, delivered=0, lost=20, confidence=0.8, most_percent=most)
    assert learnt == taken
