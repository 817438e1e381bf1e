"""The gate: what it says in each case, and how often it errs."""

import dataclasses

import numpy as np
import pytest
from device_outcomes import Tally, tally
from gate import Radio, Terms, judge

TERMS = Terms(success=0.95, confidence=0.8, waves=3)
AS_PLANNED = Radio(delivered=30, lost=0, planned=0.99)


def say(*waves: Tally, radio: Radio = AS_PLANNED, left_out: int | None = None, **terms: float):
    return judge(waves, radio, dataclasses.replace(TERMS, **terms), left_out=left_out)


def test_a_canary_that_refutes_nothing_goes_on_although_it_proves_nothing() -> None:
    verdict = say(Tally(delivered=30))
    assert (verdict.next, verdict.outcome) == ("go-on", "INCONCLUSIVE")
    assert "30 of 30 devices have the image; between 91.4% and 100.0% is possible" in verdict.reason


def test_waves_prove_together_what_none_of_them_proves_alone() -> None:
    assert say(Tally(delivered=30), Tally(delivered=30)).next == "pass"
    assert say(Tally(delivered=53)).next == "pass"
    assert say(Tally(delivered=52)).next == "go-on"


def test_a_single_wave_has_all_of_the_confidence() -> None:
    assert say(Tally(delivered=32), waves=1).next == "pass"
    assert say(Tally(delivered=31), waves=1).next == "go-on"


def test_devices_behind_a_gateway_prove_less_together() -> None:
    together = {"a_gateway": 25, "correlation": 0.05}
    alone, behind = say(Tally(delivered=100), waves=1), say(Tally(delivered=100), waves=1, **together)
    assert (alone.next, behind.next) == ("pass", "pass")
    assert behind.lower < alone.lower
    assert "count as 45 independent devices" in behind.reason
    assert "independent" not in alone.reason
    assert say(Tally(delivered=60), waves=1).next == "pass"
    assert say(Tally(delivered=60), waves=1, **together).next == "go-on"
    assert say(Tally(delivered=20, failed=5), waves=1, success=0.9).next == "abort"
    assert say(Tally(delivered=20, failed=5), waves=1, success=0.9, **together).next == "hold"


def test_a_later_wave_that_proves_nothing_holds() -> None:
    verdict = say(Tally(delivered=20), Tally(delivered=20, failed=1))
    assert (verdict.next, verdict.outcome) == ("hold", "INCONCLUSIVE")


def test_a_last_wave_that_proves_nothing_ends_when_the_share_is_reached() -> None:
    reached = say(Tally(delivered=20), Tally(delivered=10), Tally(delivered=9, failed=1))
    assert (reached.next, reached.outcome) == ("go-on", "INCONCLUSIVE")
    assert "all waves have had their turn, and 97.5% of the devices attempted have the image" in reached.reason
    missed = say(Tally(delivered=20), Tally(delivered=10), Tally(delivered=7, failed=3))
    assert (missed.next, missed.outcome) == ("hold", "INCONCLUSIVE")
    assert "92.5% of the devices attempted" in missed.reason
    # Who is not heard of has no image that is known of, and a canary that is the whole fleet is a last wave.
    assert say(Tally(delivered=20, unknown=2), waves=1).next == "hold"
    assert say(Tally(delivered=20), Tally(delivered=20, failed=1), Tally(delivered=1, failed=2)).next == "hold"


def test_a_wave_of_which_too_many_were_in_no_session_holds() -> None:
    canary = Tally(delivered=95)
    assert say(canary, left_out=5).next == "pass"
    held = say(canary, left_out=6)
    assert (held.next, held.outcome) == ("hold", "INCONCLUSIVE")
    assert held.reason.startswith(
        "6 of 101 devices of this wave were not attempted (0 refuse the image, 6 were not in its group, or in another"
        " session); of the others, 95 of 95 devices have the image"
    )
    assert say(canary, Tally(delivered=95, refused=6), left_out=0).next == "hold"
    assert say(canary, Tally(delivered=95, refused=6)).next == "pass"  # some are tried again first
    assert say(Tally(delivered=5, failed=20), left_out=50).next == "abort"


def test_a_wave_that_fails_alone_holds_whatever_the_waves_before_have_proven() -> None:
    before = Tally(delivered=1000)
    verdict = say(before, Tally(delivered=6, failed=14), left_out=0)
    assert (verdict.next, verdict.outcome) == ("hold", "INCONCLUSIVE")
    assert verdict.reason.startswith(
        "of this wave alone at most 49.2% is possible, and not for want of fragments; with"
    )
    assert "1006 of 1020 devices have the image; at least 97.9% is proven" in verdict.reason
    assert say(before, Tally(delivered=6, failed=14), waves=2, left_out=0).next == "hold"
    assert say(before, Tally(delivered=18, failed=2), left_out=0).next == "pass"  # which 20 devices do not refute
    assert say(before, Tally(delivered=6, lost=14), left_out=0).next == "pass"
    assert say(before, Tally(), left_out=0).next == "pass"


def test_bad_firmware_aborts() -> None:
    verdict = say(Tally(delivered=21, failed=9), radio=Radio(21, 0, 0.99))
    assert (verdict.next, verdict.outcome) == ("abort", "ABORTED")
    assert "not for want of fragments" in verdict.reason


def test_bad_radio_holds_and_does_not_abort() -> None:
    verdict = say(Tally(delivered=15, lost=15), radio=Radio(15, 15, 0.999))
    assert verdict.next == "hold"
    assert "the radio is worse than planned, which says nothing about the firmware" in verdict.reason
    assert verdict.radio_is_worse
    assert verdict.upper < 0.95


def test_bad_firmware_on_bad_radio_aborts() -> None:
    assert say(Tally(delivered=5, lost=10, failed=15), radio=Radio(5, 10, 0.999)).next == "abort"


def test_losses_that_were_planned_abort_where_they_are_more_than_was_asked_for() -> None:
    verdict = say(Tally(delivered=20, lost=10), radio=Radio(20, 10, 0.7))
    assert verdict.next == "abort"
    assert "not for want" not in verdict.reason


def test_what_is_proven_passes_on_bad_radio_too_and_says_so() -> None:
    verdict = say(Tally(delivered=985, lost=15), radio=Radio(985, 15, 0.9999))
    assert verdict.next == "pass"
    assert "although the radio is worse than planned" in verdict.reason


def test_with_a_version_those_count_that_report_it() -> None:
    asked = {"version": "2.4.0"}
    assert say(Tally(delivered=30), **asked).next == "go-on"
    old = say(Tally(delivered=30, other_version=27, unreported=1), **asked)
    assert old.next == "abort"
    assert old.reason.startswith(
        "2 of 30 devices report version 2.4.0 (30 have the image, 27 of them report another version, 1 of them report"
        " none since)"
    )
    assert "not for want of fragments" in old.reason
    canary = Tally(delivered=30, unreported=2)
    assert say(canary, Tally(delivered=470, unreported=8), **asked).next == "pass"
    assert say(canary, Tally(delivered=470, unreported=50), **asked).next == "abort"


def test_devices_that_are_tried_again_are_neither_good_nor_bad_yet() -> None:
    waves = Tally(delivered=100), Tally(delivered=60, lost=15, pending_losses=15)
    radio = Radio(60, 15, 0.8)
    assert say(*waves, radio=radio).next == "go-on"
    assert "tried again first" in say(*waves, radio=radio).reason
    assert say(waves[0], dataclasses.replace(waves[1], pending_losses=0), radio=radio).next == "abort"


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        (Tally(delivered=29, failed=1, systemic=1), "1 device refuses the descriptor"),
        (Tally(delivered=28, failed=2, systemic=2), "2 devices refuse the descriptor"),
        (Tally(delivered=29, refused=1), "1 device of the canary refuses the image"),
        (Tally(delivered=28, refused=2), "2 devices of the canary refuse the image"),
        (Tally(delivered=30, silent=1), "1 device is silent since it has the image, 0 are accepted: it may be a brick"),
        (
            Tally(delivered=30, silent=2),
            "2 devices are silent since they have the image, 0 are accepted: they may be bricks",
        ),
    ],
)
def test_one_is_enough(wave, reason) -> None:
    verdict = say(wave)
    assert verdict.next == "abort"
    assert reason in verdict.reason


def test_after_the_canary_a_refusal_is_counted_apart_and_so_many_silent_devices_are_accepted() -> None:
    canary = Tally(delivered=30)
    assert say(canary, Tally(delivered=70, refused=5)).next == "pass"
    assert say(canary, Tally(delivered=70, silent=2), most_silent=2).next == "pass"
    assert say(Tally(delivered=30, silent=2), Tally(delivered=70, silent=1), most_silent=2).next == "abort"


def test_fails_to_go_on_when_nothing_is_known() -> None:
    assert say(Tally(conflicting=30)).next == "hold"
    assert "no device was attempted" in say(Tally()).reason
    assert say(Tally(unknown=30), radio=Radio(0, 0, 0.99)).next == "hold"  # not heard of is not good
    assert say(Tally(refused=3)).next == "abort"


def test_statuses_are_counted_as_what_they_mean() -> None:
    statuses = {
        "Successful": 5,
        "MissingFrag": 4,
        "Initial": 3,
        "MICError": 2,
        "SessionCnt_replay": 1,
        "FragIndex_unsupported": 1,
        "MemoryError": 1,
        "SomethingNew": 1,
        "Not_enough_memory": 2,
        "FragAlgo_unsupported": 1,
        "Package_Not_Supported": 1,
        "Device_exist_in_conflict_fuota_task": 2,
        "Wrong_descriptor": 1,
    }
    given = [{"status": status} for status, count in statuses.items() for _ in range(count)]
    given[0] |= {"silent": True, "applied": "other_version"}
    given[1] |= {"applied": "unreported"}
    given[2] |= {"applied": "applied"}
    expected = Tally(5, 4, 7, 3, refused=4, conflicting=2, systemic=1, silent=1, other_version=1, unreported=1)
    assert tally(given, tries_before=0, tries_left=0) == expected
    again = dataclasses.replace(expected, pending_losses=4, pending_failures=4)
    assert tally(given, tries_before=0, tries_left=1) == again
    assert tally(given, tries_before=1, tries_left=1).pending_failures == 1  # a wrong MIC is tried once
    assert (expected.attempted, expected.delivered, expected.good) == (19, 5, 3)


ROLLOUTS = 10_000
SIZES = (30, 70, 900)


def limits_of(size: int, canary: int) -> tuple[int, int]:
    """Of so many devices: the most successes that abort, and the fewest that pass; what is between does neither."""

    def verdict(good: int) -> str:
        waves = [Tally(delivered=good, failed=size - good)]
        return say(*([Tally(), *waves] if size > canary else waves), radio=Radio(0, 0, 0.99)).next

    def first(holds, low: int = 0) -> int:
        high = size + 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(verdict(middle)) else (middle + 1, high)
        return low

    return first(lambda said: said != "abort") - 1, first(lambda said: said == "pass")


@pytest.fixture(scope="module")
def limits() -> list[tuple[int, int]]:
    return [limits_of(size, SIZES[0]) for size in np.cumsum(SIZES)]


@pytest.mark.parametrize("rate", [0.90, 0.93, 0.949, 0.95, 0.97, 0.99])
def test_it_errs_no_more_often_than_was_allowed(limits, rate) -> None:
    """Of 10,000 rollouts: bad firmware that passes at any gate, and good firmware that any gate aborts."""
    source = np.random.default_rng(int(1000 * rate))
    good = np.cumsum([source.binomial(size, rate, ROLLOUTS) for size in SIZES], axis=0)
    aborted, passed = np.zeros(ROLLOUTS, bool), np.zeros(ROLLOUTS, bool)
    for (most_bad, fewest_good), count in zip(limits, good, strict=True):
        passed |= ~aborted & (count >= fewest_good)
        aborted |= count <= most_bad
    wrong = passed if rate < TERMS.success else aborted
    assert wrong.mean() <= 1 - TERMS.confidence
    if rate <= 0.90:
        assert aborted.mean() > 0.99
    if rate >= 0.99:
        assert passed.mean() > 0.99
