"""Decode probability by formula: the rank of random rows, corrected by what the real parity rows do to small sets.

A set of lost data fragments is dependent when every received row takes an even number of them. Random rows make a set
of any size dependent equally seldom. The standard's rows do so more often for small sets: their density is below one
half in version 1, some columns are drawn rarely, and some pairs of columns are nearly always drawn together (`twins`).
"""

from __future__ import annotations

import itertools
import math
from operator import mul
from typing import Final

from fuota_constructs.lorawan.binomial import at_least, binomial
from fuota_constructs.lorawan.fragmentation.parity import PRBS_BITS, parity_columns, parity_mask

LONG: Final = 54
"""Factors after which the product of 1 - 2^-n no longer changes."""

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
    sizes = range(counted + 1, LARGEST_SET + 1)
    received = binomial(coded, 1 - loss)
    arrive = at_least(coded, 1 - loss)
    bias = 1 - 2 * _density(m, version)
    excess = {count: _excess(count, bias, sizes, NEGLIGIBLE / m) for count in received}
    full_rank = _full_ranks(max(received))
    total = 0.0
    for lost, chance in binomial(m, loss).items():
        inner = arrive(lost + AMPLE)
        sets = [math.comb(lost, size) for size in sizes]
        for count in range(max(lost, min(received)), min(lost + AMPLE - 1, max(received)) + 1):
            likely = received[count] * full_rank[count] / full_rank[count - lost]
            inner += likely * math.exp(-sum(map(mul, sets, excess[count]))) if excess[count] else likely
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


def _excess(count: int, bias: float, sizes: range, negligible: float) -> list[float]:
    """How much likelier than among random rows one set of each of these sizes is dependent; empty if negligible."""
    if ((1 + bias) / 2) ** count < negligible:
        return []
    return [((1 + bias**size) / 2) ** count - 0.5**count for size in sizes]


def _full_ranks(most: int) -> list[float]:
    """The chances that n random rows of n columns have full rank, for n from 0 to the most.

    That of `count` rows and `lost` columns is the quotient of those for `count` and for `count - lost`.
    """
    ranks = list(itertools.accumulate((1 - 0.5**n for n in range(1, LONG + 1)), mul, initial=1.0))
    return ranks + ranks[-1:] * (most - LONG)
