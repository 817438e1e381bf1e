"""Decode probability against simulations of the real codec's rows, and what follows from it."""

import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuota_constructs.lorawan.binomial import at_least, binomial, enough_arrive
from fuota_constructs.lorawan.fragmentation.parity import parity_columns, parity_row
from fuota_constructs.lorawan.redundancy import decode_probability, smallest_redundancy_percent, twins


@functools.cache
def simulated(m, coded, loss, version, trials):
    """The share of random receptions whose lost columns the received rows tell apart."""
    source = np.random.default_rng([m, coded, round(1000 * loss), version])
    columns = parity_columns(m, coded, version)
    lost = source.random((trials, m)) < loss
    received = source.random((trials, coded)) >= loss
    masks = [int("".join("1" if bit else "0" for bit in row[::-1]), 2) for row in received]
    return sum(
        _independent([columns[j] & mask for j in np.flatnonzero(row)]) for row, mask in zip(lost, masks, strict=True)
    ) / trials  # fmt: skip


def _independent(vectors):
    basis = {}
    for vector in vectors:
        rest = vector
        while rest and rest.bit_length() in basis:
            rest ^= basis[rest.bit_length()]
        if not rest:
            return False
        basis[rest.bit_length()] = rest
    return True


CASES = [
    # M = 20, 50, 100 and 1000 from hardly to nearly always, and where the rows are peculiar: powers of two, multiples
    # of 32 and 64, columns that hardly any row takes (M = 100, 151)
    *[
        (20, coded, loss)
        for coded, loss in [(2, 0.02), (4, 0.05), (6, 0.1), (10, 0.1), (10, 0.2), (16, 0.3), (20, 0.3)]
    ],
    *[
        (50, coded, loss)
        for coded, loss in [(3, 0.02), (5, 0.05), (10, 0.1), (15, 0.1), (20, 0.2), (25, 0.2), (40, 0.3)]
    ],
    *[
        (100, coded, loss)
        for coded, loss in [(5, 0.02), (12, 0.05), (15, 0.1), (20, 0.1), (25, 0.1), (25, 0.15), (50, 0.25)]
    ],
    *[(1000, coded, loss) for coded, loss in [(30, 0.02), (70, 0.05), (120, 0.1), (125, 0.1), (130, 0.1), (150, 0.1)]],
    *[(10, 1, 0.02), (10, 4, 0.1), (40, 39, 0.3), (40, 25, 0.25), (64, 15, 0.1), (96, 50, 0.25), (128, 26, 0.1)],
    *[(151, 29, 0.1), (160, 30, 0.1), (192, 35, 0.1), (255, 44, 0.1), (256, 44, 0.1), (320, 53, 0.1), (500, 12, 0.01)],
    *[(640, 95, 0.1), (960, 136, 0.1), (960, 136, 0.06), (1024, 144, 0.1)],
]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("m", "coded", "loss"), CASES)
def test_agrees_with_a_simulation_of_the_real_rows(m, coded, loss, version):
    trials = max(1500, min(10_000, 2_000_000 // (m * coded)))
    share = simulated(m, coded, loss, version, trials)
    error = math.sqrt(max(share * (1 - share), 1 / trials) / trials)
    # 99.9 % confidence interval of the simulation, and the 0.2 percentage points that we may be off ourselves
    assert abs(decode_probability(m, coded, loss, version=version) - share) <= 3.3 * error + 0.002


def test_published_sample_cells():
    # facts sheet, section 6: 20 000 trials with the real rows
    for m, coded, version, expected in [(20, 6, 1, 0.719), (20, 6, 2, 0.818), (100, 20, 1, 0.952), (100, 20, 2, 0.961)]:
        assert decode_probability(m, coded, 0.1, version=version) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("m", [960, 1984, 6400])
def test_twins_are_drawn_together(m, version):
    rows = 120
    for one, other in twins(m):
        apart = sum(
            (one in row) != (other in row) for row in (parity_row(m, y, version=version) for y in range(1, rows))
        )
        assert apart <= 2
        assert apart < rows / 10


def test_only_multiples_of_64_have_twins():
    assert [m for m in range(1, 1100) if twins(m)] == [
        m for m in range(64, 1100, 64) if m not in {64, 128, 256, 512, 1024}
    ]
    assert twins(960) == ((480, 833), (479, 830))


def test_twins_put_a_ceiling_on_success():
    # two pairs, each lost with 10 % x 10 %
    assert decode_probability(960, 160, 0.1) < 0.982
    assert decode_probability(961, 160, 0.1) > 0.998


def test_twins_of_long_sessions_are_estimated():
    ceiling, free = decode_probability(6400, 820, 0.1), decode_probability(6401, 820, 0.1)
    assert 0.97 < ceiling < free - 0.01


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("loss", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("m", [2, 3, 8, 20, 33, 50, 100, 257, 1000, 5000])
def test_more_coded_fragments_never_hurt(m, loss, version):
    step = max(1, m // 25)
    chances = [decode_probability(m, coded, loss, version=version) for coded in range(0, min(m, 16_383 - m) + 1, step)]
    # what is sampled may differ by its sampling error
    assert all(later >= earlier - 0.0005 for earlier, later in itertools.pairwise(chances))
    assert all(0 <= chance <= 1 for chance in chances)


@pytest.mark.parametrize(
    ("m", "sampled", "loss", "version"), [(40, 19, 0.1, 2), (50, 17, 0.01, 2), (30, 22, 0.05, 1), (300, 14, 0.05, 1)]
)
def test_more_coded_fragments_never_hurt_where_sampling_and_formula_meet(m, sampled, loss, version):
    assert decode_probability(m, sampled, loss, version=version) <= decode_probability(
        m, sampled + 1, loss, version=version
    )


@given(st.integers(1, 16_383), st.floats(0, 1), st.sampled_from([1, 2]))
@settings(max_examples=40, deadline=None)
def test_without_coded_fragments_nothing_may_be_lost(m, loss, version):
    assert decode_probability(m, 0, loss, version=version) == pytest.approx((1 - loss) ** m)


@pytest.mark.parametrize(
    ("m", "coded", "loss", "chance"),
    [(50, 10, 0.0, 1.0), (50, 10, 1.0, 0.0), (1, 0, 0.1, 0.9), (1, 100, 0.1, 0.9), (16_383, 0, 0.0, 1.0)],
)
def test_edges(m, coded, loss, chance):
    assert decode_probability(m, coded, loss) == pytest.approx(chance)


def test_two_fragments_by_hand():
    # rows of M = 2 hold one column each; a fragment is had if it or a row with its column arrives
    rows = [parity_row(2, y)[0] for y in range(1, 5)]
    expected = math.prod(1 - 0.2 ** (1 + rows.count(column)) for column in (0, 1))
    assert decode_probability(2, 4, 0.2) == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize(
    ("m", "coded", "loss", "version", "message"),
    [
        (0, 1, 0.1, 1, "m is 0"),
        (16_384, 0, 0.1, 1, "m is 16384"),
        (10, -1, 0.1, 1, "coded is -1"),
        (16_000, 384, 0.1, 1, "0 to 383"),
        (10, 1, -0.1, 1, "loss is -0.1"),
        (10, 1, 1.1, 1, "fraction from 0 to 1"),
        (10, 1, 0.1, 3, "version is 3"),
    ],
)
def test_fails_out_of_range(m, coded, loss, version, message):
    with pytest.raises(ValueError, match=message):
        decode_probability(m, coded, loss, version=version)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("target", [0.9, 0.999])
@pytest.mark.parametrize("loss", [0.01, 0.1, 0.25])
@pytest.mark.parametrize("m", [3, 20, 50, 100, 300, 1000, 4000, 15_000])
def test_smallest_redundancy_is_the_smallest(m, loss, target, version):
    percent = smallest_redundancy_percent(m, loss, target, version=version)
    highest = min(100, (16_383 - m) * 100 // m)

    def chance(percent):
        return decode_probability(m, -(-m * percent // 100), loss, version=version)

    if percent is None:
        assert chance(highest) < target
    else:
        assert chance(percent) >= target
        assert all(chance(less) < target for less in range(max(0, percent - 15), percent))


@pytest.mark.parametrize(
    ("m", "loss", "target", "percent"),
    [(1, 0.1, 0.999, None), (1, 0.1, 0.9, 0), (100, 0.0, 1.0, 0), (16_384, 0.0, 0.5, None), (100, 1.0, 0.5, None),
     (16_383, 0.0, 1.0, 0), (16_383, 0.1, 0.5, None)],
)  # fmt: skip
def test_smallest_redundancy_at_the_edges(m, loss, target, percent):
    assert smallest_redundancy_percent(m, loss, target) == percent


def test_redundancy_equal_to_the_loss_is_not_enough():
    assert decode_probability(1000, 100, 0.1) < 0.3
    assert smallest_redundancy_percent(1000, 0.1, 0.999) > 12


@given(st.integers(1, 400), st.floats(0.001, 0.999))
@settings(deadline=None)
def test_binomial(n, p):
    chances = binomial(n, p)
    assert sum(chances.values()) == pytest.approx(1)
    tail = at_least(n, p)
    assert tail(0) == pytest.approx(1)
    assert tail(n + 1) == 0
    middle = n // 2
    assert tail(middle) == pytest.approx(sum(chance for k, chance in chances.items() if k >= middle), abs=1e-9)


def test_enough_arrive_by_hand():
    # one data and one coded fragment: fails only when both are lost
    assert enough_arrive(1, 1, 0.1) == pytest.approx(0.99)
    assert binomial(5, 0.0) == {0: 1.0}
    assert binomial(5, 1.0) == {5: 1.0}
