"""Decode probability by formula: the rank of random rows, corrected by what the real parity rows do to small sets.

A set of lost data fragments is dependent when every received row takes an even number of them. Random rows make a set
of any size dependent equally seldom. The standard's rows do so more often for small sets: their density is below one
half in version 1, some columns are drawn rarely, and some pairs of columns are nearly always drawn together (`twins`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from fuota_constructs.lorawan.binomial import at_least, binomial
from fuota_constructs.lorawan.fragmentation.parity import PRBS_BITS, parity_columns, parity_mask

LONG: Final = 50
"""Factors after which the product of 1 - 2^-k no longer changes."""

AMPLE: Final = 30
"""Coded fragments beyond the lost data fragments with which the rank is full for certain (but for 1 in 10^9)."""

NEGLIGIBLE: Final = 1e-9
LARGEST_SET: Final = 6
"""Sets of more columns are as seldom dependent as among random rows."""

PAIRS_COUNTED_UP_TO: Final = 400
"""Data fragments up to which all pairs of real columns are looked at (some 5 ms)."""

SINGLES_COUNTED_UP_TO: Final = 40_000
"""Data times coded fragments up to which all real columns are looked at (some 3 ms)."""

TWINS_COUNTED_UP_TO: Final = 500_000
"""Data times coded fragments up to which the rows that tell twins apart are counted (some 25 ms), beyond estimated."""

TWIN_MULTIPLE: Final = 64


def formula_probability(m: int, coded: int, loss: float, version: int) -> float:
    """The chance of full rank over all numbers of lost data and received coded fragments."""
    # Sets of up to `counted` columns are counted in the real rows, larger ones follow from the rows' density.
    counted = 2 if m <= PAIRS_COUNTED_UP_TO else 1 if m * coded <= SINGLES_COUNTED_UP_TO else 0
    bias = 1 - 2 * _density(m, version)
    received = binomial(coded, 1 - loss)
    arrive = at_least(coded, 1 - loss)
    fewest, most = min(received), max(received)
    total = 0.0
    for lost, chance in binomial(m, loss).items():
        inner = arrive(lost + AMPLE)
        for count in range(max(lost, fewest), min(lost + AMPLE - 1, most) + 1):
            inner += received[count] * _full_rank(lost, count) * _no_small_sets(lost, count, bias, counted + 1)
        total += chance * inner
    real = _dependent_sets(m, coded, loss, version, counted)
    random = sum(math.comb(m, size) * loss**size * ((1 + loss) / 2) ** coded for size in range(1, counted + 1))
    return min(1.0, total * math.exp(-max(0.0, real - random)))


def twins(m: int) -> tuple[tuple[int, int], ...]:
    """Pairs of data fragments (columns, from 0) that nearly every coded fragment takes both of or neither.

    Where ``m`` is a multiple of 64 and no power of two there are two pairs, else none. A device that loses both of a
    pair hardly ever gets them back, and more redundancy helps little: at a loss of 10 % every 50th device fails. The
    reason is the generator: a draw modulo such an m fixes the fed-back bit, so column m / 2 is drawn after column 0 or
    its twin only, and column 0 after itself or that twin only; likewise m / 2 - 1 with m - 1. Found by measurement of
    the rows here; TS004 does not mention it.
    """
    if m % TWIN_MULTIPLE or m & (m - 1) == 0:
        return ()
    double = -(1 << PRBS_BITS) % m
    return (m // 2, (double + 1) % m), (m // 2 - 1, (double - 2) % m)


def _density(m: int, version: int) -> float:
    """The average share of ones in a row."""
    return 1 - (1 - 1 / m) ** (m // 2) if version == 1 else (m // 2) / m


def _dependent_sets(m: int, coded: int, loss: float, version: int, counted: int) -> float:
    """How many dependent sets of lost data fragments a device meets on average, among sets of the sizes counted.

    A set is dependent when all rows that take an odd number of it are lost.
    """
    expected = 0.0
    if counted:
        power = [loss**rows for rows in range(coded + 1)]
        columns = parity_columns(m, coded, version)
        expected = loss * sum([power[column.bit_count()] for column in columns])
        if counted > 1:
            for i, column in enumerate(columns):
                expected += loss * loss * sum([power[(column ^ other).bit_count()] for other in columns[:i]])
            return expected
    return expected + sum(loss * loss * _inseparable(m, coded, loss, version, pair) for pair in twins(m))


def _inseparable(m: int, coded: int, loss: float, version: int, pair: tuple[int, int]) -> float:
    """The chance that no row arrives that tells the twins apart."""
    if m * coded <= TWINS_COUNTED_UP_TO:
        one, other = pair
        masks = (parity_mask(m, y, version) for y in range(1, coded + 1))
        return float(loss ** sum((mask >> one ^ mask >> other) & 1 for mask in masks))
    # A row tells them apart where its first or last draws cut through their succession (2 in m each), unless another
    # draw takes the one that is missing.
    separating = 4 / m * (1 - _density(m, version))
    return float((1 - separating * (1 - loss)) ** coded)


def _no_small_sets(lost: int, count: int, bias: float, smallest: int) -> float:
    """The chance that no small set of lost columns is dependent beyond what a density of one half would give."""
    if lost * ((1 + bias) / 2) ** count < NEGLIGIBLE:
        return 1.0
    excess = sum(
        math.comb(lost, size) * (((1 + bias**size) / 2) ** count - 0.5**count)
        for size in range(smallest, min(lost, LARGEST_SET) + 1)
    )
    return math.exp(-excess)


def _full_rank(lost: int, count: int) -> float:
    """The chance that a random binary matrix of count rows has rank lost."""
    spare = count - lost
    return _product(spare) if lost >= LONG else _short_product(spare, count)


@lru_cache(maxsize=AMPLE)
def _product(spare: int) -> float:
    return math.prod(1 - 2.0**-k for k in range(spare + 1, spare + LONG + 1))


@lru_cache(maxsize=AMPLE * (AMPLE + LONG))
def _short_product(spare: int, count: int) -> float:
    return _short_product(spare, count - 1) * (1 - 2.0**-count) if count > spare else 1.0
