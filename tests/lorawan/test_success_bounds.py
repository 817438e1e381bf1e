"""Clopper-Pearson bounds against their definition, and against published values."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuota_constructs.lorawan.success_bounds import (
    confidence_of_each,
    independent_devices,
    lower_bound,
    regularized_beta,
    smallest_proof,
    upper_bound,
    worth_of,
)


def tail(n, rate, lowest):
    """The chance of at least so many successes, term by term."""
    return sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(lowest, n + 1))


@pytest.mark.parametrize(
    ("good", "attempted", "bound"),
    [(10, 10, 0.741), (59, 60, 0.923), (254, 260, 0.955)],
)
def test_waves_that_are_judged_together_prove_more_and_more(good, attempted, bound) -> None:
    assert lower_bound(good, attempted, 0.95) == pytest.approx(bound, abs=5e-4)


@pytest.mark.parametrize(
    ("confidence", "attempted", "refuted_at", "proven_from"),
    [
        (0.95, 5, 2, None),
        (0.95, 10, 6, None),
        (0.95, 20, 15, None),
        (0.95, 50, 40, 49),
        (0.95, 100, 84, 96),
        (0.80, 20, 16, 20),
        (0.80, 50, 42, 48),
        (0.80, 100, 87, 94),
    ],
)
def test_what_refutes_and_what_proves_ninety_percent(confidence, attempted, refuted_at, proven_from) -> None:
    counts = range(attempted + 1)
    assert max(s for s in counts if upper_bound(s, attempted, confidence) < 0.9) == refuted_at
    assert next((s for s in counts if lower_bound(s, attempted, confidence) >= 0.9), None) == proven_from


@pytest.mark.parametrize(
    ("rate", "confidence", "failures", "devices"),
    [
        (0.90, 0.95, 0, 29),
        (0.90, 0.80, 0, 16),
        (0.95, 0.95, 0, 59),
        (0.95, 0.80, 0, 32),
        (0.98, 0.95, 0, 149),
        (0.98, 0.80, 0, 80),
        (0.90, 0.95, 1, 46),
        (0.90, 0.95, 2, 61),
        (0.95, 0.95, 1, 93),
        (0.95, 0.95, 2, 124),
        (0.0, 0.95, 0, 1),
    ],
)
def test_the_smallest_number_of_devices_that_proves_a_rate(rate, confidence, failures, devices) -> None:
    assert smallest_proof(rate, confidence, failures=failures) == devices


@pytest.mark.parametrize(("confidence", "waves", "of_each"), [(0.8, 1, 0.8), (0.8, 4, 0.95), (0.95, 5, 0.99)])
def test_the_waves_share_the_error_that_is_allowed(confidence, waves, of_each) -> None:
    assert confidence_of_each(confidence, waves) == pytest.approx(of_each)


@given(n=st.integers(1, 60), data=st.data(), confidence=st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=60, deadline=None)
def test_the_bounds_are_where_their_definition_puts_them(n, data, confidence) -> None:
    good = data.draw(st.integers(0, n))
    lower, upper = lower_bound(good, n, confidence), upper_bound(good, n, confidence)
    assert 0 <= lower <= good / n <= upper <= 1
    if good:
        assert tail(n, lower, good) == pytest.approx(1 - confidence, abs=1e-9)
    if good < n:
        assert 1 - tail(n, upper, good + 1) == pytest.approx(1 - confidence, abs=1e-9)


def test_the_unknown_count_as_failed_below_and_as_good_above() -> None:
    assert lower_bound(20, 30, 0.9) < lower_bound(20, 25, 0.9)
    assert upper_bound(20, 30, 0.9, unknown=5) == upper_bound(25, 30, 0.9)
    assert upper_bound(20, 30, 0.9, unknown=10) == 1
    assert lower_bound(0, 30, 0.9) == 0


def test_large_fleets_have_bounds_too() -> None:
    assert lower_bound(99_000, 100_000, 0.95) == pytest.approx(0.98947, abs=1e-5)
    assert upper_bound(99_000, 100_000, 0.95) == pytest.approx(0.99051, abs=1e-5)


def test_devices_that_fail_together_prove_less() -> None:
    worth = independent_devices(220, a_gateway=25, correlation=0.05)
    assert worth == pytest.approx(220 / 2.2)
    assert lower_bound(worth, worth, 0.95) == pytest.approx(0.05 ** (1 / worth))  # numbers need not be whole
    assert independent_devices(220, a_gateway=1, correlation=0.05) == 220
    assert independent_devices(5, a_gateway=25, correlation=1) == 1  # no more behind a gateway than there are
    assert worth_of(220, 220, a_gateway=25, correlation=0.05) == (worth, worth)
    assert worth_of(110, 220, a_gateway=25, correlation=0.05) == (worth / 2, worth)
    assert worth_of(7, 49, a_gateway=1, correlation=0) == (7, 49)


@pytest.mark.parametrize(
    ("x", "a", "b", "value"),
    [  # by quadrature of the density; the second is 0.9 to the power of a
        (0.5, 2.5, 3.5, 0.669_765_272_6),
        (0.9, 45.454_545, 1.0, 0.008_319_823_0),
        (0.95, 95.25, 5.75, 0.572_821_351_2),
    ],
)
def test_the_beta_function_takes_what_is_not_whole(x, a, b, value) -> None:
    assert regularized_beta(x, a, b) == pytest.approx(value, rel=1e-8)


def test_a_proof_takes_more_devices_that_fail_together() -> None:
    assert smallest_proof(0.95, 0.95, a_gateway=25, correlation=0.05) == 129  # 2.2 times 58.4
    assert smallest_proof(0.95, 0.95, a_gateway=1, correlation=0.05) == 59


def test_the_beta_function_ends_at_its_ends() -> None:
    assert [regularized_beta(x, 2, 3) for x in (-1, 0, 1, 2)] == [0, 0, 1, 1]
    assert regularized_beta(0.5, 1, 1) == pytest.approx(0.5)


@pytest.mark.parametrize(("successes", "attempted"), [(3, 2), (-1, 2), (0, 0)])
def test_fails_for_counts_that_cannot_be(successes, attempted) -> None:
    with pytest.raises(ValueError, match="at least one device"):
        lower_bound(successes, attempted, 0.9)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_fails_for_a_confidence_that_is_none(confidence) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.95"):
        upper_bound(1, 2, confidence)


def test_fails_to_prove_that_nothing_ever_fails() -> None:
    with pytest.raises(ValueError, match="which no number of devices proves"):
        smallest_proof(1, 0.95)


@pytest.mark.parametrize("given", [{"a_gateway": 0.5, "correlation": 0.1}, {"a_gateway": 5, "correlation": 1.1}])
def test_fails_for_a_correlation_that_is_none(given) -> None:
    with pytest.raises(ValueError, match="give at least 1, and 0 to 1"):
        independent_devices(10, **given)
