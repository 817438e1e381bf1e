"""Decode probability by sampling: the real parity rows under thousands of random receptions at once.

Bit t of every integer here belongs to trial t, so that one operation of Python works on all trials.
"""

from __future__ import annotations

import functools
import operator
import random
from typing import Final

from fuota_constructs.lorawan.binomial import enough_arrive
from fuota_constructs.lorawan.fragmentation.parity import parity_columns

TRIALS: Final = 65_536
"""Sampled receptions: the standard error stays under 0.2 percentage points; some 30 ms in what `redundancy` samples."""

LOSS_BITS: Final = 16
"""A loss is sampled to 2^-16."""


def sampled_probability(m: int, coded: int, loss: float, version: int) -> float:
    """The chance of full rank: exact where one data fragment is lost or too few coded ones arrive, sampled elsewhere.

    The same session has the same seed, hence the same answer.
    """
    source = random.Random(f"{m} {loss} {version}")  # noqa: S311  # a simulation, reproducible on purpose
    everyone = (1 << TRIALS) - 1
    lost = [_bernoulli(source, loss) for _ in range(m)]
    received = [everyone ^ _bernoulli(source, loss) for _ in range(coded)]
    columns = parity_columns(m, coded, version)
    failed = _rank_deficient(columns, lost, received)
    lost_count = _count(lost)
    short = _fewer(_count(received), lost_count)
    two_or_more = functools.reduce(operator.or_, lost_count[1:], 0)
    # One fragment is lost, and of the rows that arrive none has it, though some arrive.
    alone = sum(loss ** column.bit_count() - loss**coded for column in columns) * loss * (1 - loss) ** (m - 1)
    sampled = (failed & ~short & two_or_more).bit_count() / TRIALS
    return max(0.0, enough_arrive(m, coded, loss) - alone - sampled)


def _rank_deficient(columns: tuple[int, ...], lost: list[int], received: list[int]) -> int:
    """The trials in which the received rows do not tell all lost columns apart (elimination over GF(2))."""
    coded = len(received)
    failed = 0
    # pivots[i][k]: element k (a received coded fragment) of the reduced column whose pivot is element i
    pivots = [[0] * coded for _ in range(coded)]
    taken = [0] * coded
    for column, lost_here in zip(columns, lost, strict=True):
        vector = [received[k] & lost_here if column >> k & 1 else 0 for k in range(coded)]
        pending = lost_here
        for i in range(coded):
            here = vector[i] & pending
            if not here:
                continue
            row = pivots[i]
            if clash := here & taken[i]:
                for k in range(i, coded):
                    vector[k] ^= clash & row[k]
            if new := here & ~taken[i]:
                for k in range(i, coded):
                    row[k] |= new & vector[k]
                taken[i] |= new
                pending &= ~new
        failed |= pending
    return failed


def _count(vectors: list[int]) -> list[int]:
    """How many of the vectors have each trial's bit set, as binary digits, lowest first."""
    digits: list[int] = []
    for vector in vectors:
        carry = vector
        for i, digit in enumerate(digits):
            digits[i], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    return digits


def _fewer(left: list[int], right: list[int]) -> int:
    """The trials in which left counts less than right."""
    width = max(len(left), len(right))
    less = 0
    for a, b in zip(left + [0] * (width - len(left)), right + [0] * (width - len(right)), strict=True):
        less = (~a & b) | (~(a ^ b) & less)
    return less


def _bernoulli(source: random.Random, p: float) -> int:
    """An integer of one bit a trial, each set with probability p."""
    bits = 0
    threshold = round(p * (1 << LOSS_BITS))
    for level in range(LOSS_BITS):
        fresh = source.getrandbits(TRIALS)
        bits = bits | fresh if threshold >> level & 1 else bits & fresh
    return bits
