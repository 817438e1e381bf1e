"""How likely a device puts the image together at a given loss, and how much redundancy a target takes.

A device that lost L data fragments needs coded fragments whose parity rows, cut down to the lost columns, have rank L.
Coded fragments are lost at the same rate as data fragments, so redundancy equal to the loss is not enough.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from fuota_constructs.lorawan.fragmentation.parity import MAX_FRAGMENTS, check_row, parity_mask

MANY_TRIALS: Final = 65_536
FEW_TRIALS: Final = 16_384
"""Sampled receptions, more where each is cheap; the standard error stays under 0.4 percentage points."""

CHEAP: Final = 15_000
SAMPLED: Final = 60_000
"""Up to how much work (data fragments times coded fragments squared) the real parity rows are sampled: some 30 ms.

Beyond it the rows behave like random rows of their density. Measured against simulations of the real codec, that formula
is then within 0.3 percentage points; below, up to 2 points too hopeful.
"""

NEGLIGIBLE: Final = 1e-9

LONG: Final = 50
"""Factors after which the product of 1 - 2^-k no longer changes."""

AMPLE: Final = 40
"""Coded fragments beyond the lost data fragments with which the rank is full for certain (but for 1 in 10^12)."""


@lru_cache(maxsize=4096)
def decode_probability(m: int, coded: int, loss: float, *, version: int = 1) -> float:
    """The chance that a device reassembles an image of ``m`` data fragments from what arrives.

    ``coded`` fragments follow the data; each fragment, data or coded, is lost with probability ``loss`` (0 to 1),
    independently. The same arguments always give the same answer.

    Raises ValueError where a parameter is out of range.
    """
    check_row(m, 1, version)
    if coded < 0 or m + coded > MAX_FRAGMENTS:
        raise ValueError(
            f"coded is {coded}: with {m} data fragments there can be 0 to {MAX_FRAGMENTS - m} (14-bit index)"
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
    if work <= SAMPLED:
        return _sampled(m, coded, loss, version, MANY_TRIALS if work <= CHEAP else FEW_TRIALS)
    return _formula(m, coded, loss, version)


@lru_cache(maxsize=1024)
def smallest_redundancy_percent(m: int, loss: float, target: float, *, version: int = 1) -> int | None:
    """The smallest whole RedundancyPercent with which a device succeeds with at least probability ``target``.

    None where no percentage up to 100, nor the 14-bit fragment index, allows it (a single fragment cannot be helped).
    """
    highest = min(100, (MAX_FRAGMENTS - m) * 100 // m)

    def reaches(percent: int) -> bool:
        return decode_probability(m, -(-m * percent // 100), loss, version=version) >= target

    if highest < 0 or not reaches(highest):
        return None
    low, high = -1, highest  # reaches(high) holds, reaches(low) does not: more coded fragments never hurt
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _sampled(m: int, coded: int, loss: float, version: int, trials: int) -> float:
    """Eliminate over all trials at once: bit t of every integer belongs to trial t."""
    source = random.Random(f"{m} {loss} {version}")
    everyone = (1 << trials) - 1
    lost = [_bernoulli(source, loss, trials) for _ in range(m)]
    received = [everyone ^ _bernoulli(source, loss, trials) for _ in range(coded)]
    columns = [0] * m
    for y in range(1, coded + 1):
        mask = parity_mask(m, y, version)
        while mask:
            low = mask & -mask
            columns[low.bit_length() - 1] |= 1 << (y - 1)
            mask ^= low
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
            clash = here & taken[i]
            if clash:
                row = pivots[i]
                for k in range(i, coded):
                    vector[k] ^= clash & row[k]
            new = here & ~taken[i]
            if new:
                row = pivots[i]
                for k in range(i, coded):
                    row[k] |= new & vector[k]
                taken[i] |= new
                pending &= ~new
        failed |= pending
    # Too few coded fragments is failure for sure, and its chance is known exactly: taking the sampled share out and the
    # exact one in removes most of the sampling error.
    short = _fewer(_count(received), _count(lost))
    return max(0.0, _enough(m, coded, loss) - (failed & ~short).bit_count() / trials)


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
    for i in range(width):
        a = left[i] if i < len(left) else 0
        b = right[i] if i < len(right) else 0
        less = (~a & b) | (~(a ^ b) & less)
    return less


def _enough(m: int, coded: int, loss: float) -> float:
    """The chance that at least as many coded fragments arrive as data fragments are lost."""
    at_least = _tails(coded, 1 - loss)
    return sum(chance * at_least(count) for count, chance in _binomial(m, loss).items())


def _formula(m: int, coded: int, loss: float, version: int) -> float:
    """Rows as random as their density: a random matrix's rank, and small sets of columns the rows fail to tell apart."""
    density = 1 - (1 - 1 / m) ** (m // 2) if version == 1 else (m // 2) / m
    received = _binomial(coded, 1 - loss)
    at_least = _tails(coded, 1 - loss)
    fewest, most = min(received), max(received)
    total = 0.0
    for lost, chance in _binomial(m, loss).items():
        inner = at_least(lost + AMPLE)
        for count in range(max(lost, fewest), min(lost + AMPLE - 1, most) + 1):
            inner += received[count] * _full_rank(lost, count) * _no_small_sets(lost, count, density)
        total += chance * inner
    return total


def _no_small_sets(lost: int, count: int, density: float) -> float:
    """The chance that no small set of lost columns is dependent beyond what a density of one half would give."""
    bias = 1 - 2 * density
    if lost * ((1 + bias) / 2) ** count < NEGLIGIBLE:
        return 1.0
    excess = sum(
        math.comb(lost, size) * (((1 + bias**size) / 2) ** count - 0.5**count) for size in range(1, min(lost, 6) + 1)
    )
    return math.exp(-excess)


def _full_rank(lost: int, count: int) -> float:
    """The chance that a random binary matrix of count rows has rank lost."""
    spare = count - lost
    return _product(spare) if lost >= LONG else math.prod(1 - 2.0**-k for k in range(spare + 1, count + 1))


@lru_cache(maxsize=AMPLE)
def _product(spare: int) -> float:
    return math.prod(1 - 2.0**-k for k in range(spare + 1, spare + LONG + 1))


def _binomial(n: int, p: float) -> dict[int, float]:
    """The chances of so many successes out of n, those that are not negligible."""
    if p in (0.0, 1.0):
        return {round(n * p): 1.0}
    log_p, log_q, log_n = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    reach = 7 * math.sqrt(n * p * (1 - p)) + 7
    return {
        k: math.exp(log_n - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q)
        for k in range(max(0, int(n * p - reach)), min(n, int(n * p + reach)) + 1)
    }


def _tails(n: int, p: float) -> Callable[[int], float]:
    """The chance of at least so many successes out of n, as a function of so many."""
    tails: dict[int, float] = {}
    total = 0.0
    for count, chance in reversed(_binomial(n, p).items()):
        total += chance
        tails[count] = total
    lowest, highest = min(tails), max(tails)
    return lambda count: tails[lowest] if count < lowest else tails[count] if count <= highest else 0.0


def _bernoulli(source: random.Random, p: float, trials: int) -> int:
    """An integer of that many bits, each set with probability p (to 2^-16)."""
    bits = 0
    threshold = round(p * 65536)
    for level in range(16):
        fresh = source.getrandbits(trials)
        bits = bits | fresh if threshold >> level & 1 else bits & fresh
    return bits
