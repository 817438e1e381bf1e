"""Which data fragments each coded fragment combines: the parity rows of TS004.

Coded fragment y = 1, 2, ... is sent with N = M + y and is the XOR of the data fragments that have a 1 in row(y).
Source: LoRa Alliance TS004-1.0.0 appendix A (version 1) and TS004-2.0.0 (version 2). The two versions give different
rows, so a decoder of one cannot use coded fragments of the other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, VERSIONS

PRBS_BITS: Final = 23
"""Width of the generator's shift register."""

SEED_STEP: Final = 1001
"""Row y starts from 1 + 1001 * y."""


def prbs23(x: int) -> int:
    """One step of the standard's pseudo-random generator.

    The seed may be wider than 23 bits (1 + 1001 * y is, from y = 8381 on): the addition is an integer addition.
    """
    return (x >> 1) + (((x ^ (x >> 5)) & 1) << 22)


_DIGITS: Final = bytes([ord("0"), ord("1")]) + bytes(254)


def draw_span(m: int) -> int:
    """What a draw is taken modulo: M, or M + 1 where M is a power of two (such a draw of M is thrown away)."""
    return m + 1 if m & (m - 1) == 0 else m


def row_seed(y: int) -> int:
    """The generator's state before the first draw of row y."""
    return 1 + SEED_STEP * y


def check_row(m: int, y: int, version: int) -> None:
    """Refuse a row that no session can have."""
    if version not in VERSIONS:
        raise ValueError(f"version is {version!r}: TS004 has 1 and 2")
    if not 1 <= m <= MAX_ENCODED_FRAGMENTS:
        raise ValueError(f"m is {m}: a session has 1 to {MAX_ENCODED_FRAGMENTS} data fragments (14-bit fragment index)")
    if not 0 <= y <= MAX_ENCODED_FRAGMENTS:
        raise ValueError(
            f"y is {y}: coded fragments count from 1 to {MAX_ENCODED_FRAGMENTS} - M (14-bit fragment index)"
        )


@lru_cache(maxsize=4096)
def parity_mask(m: int, y: int, version: int) -> int:
    """Row y as an integer: bit j is set where data fragment j (from 0) takes part."""
    span, seen, drawn = draw_span(m), bytearray(m), 0
    x = row_seed(y)
    repeats_count = version == 1
    while drawn < m // 2:
        x = (x >> 1) + (((x ^ (x >> 5)) & 1) << 22)  # prbs23, written out: the call would double the time
        column = x % span
        if column >= m:
            continue
        if repeats_count or not seen[column]:
            drawn += 1
        seen[column] = 1
    # seen holds 0 and 1; as an integer in base 256 its digits become the bits of the mask.
    return int(bytes(seen[::-1]).translate(_DIGITS), 2)


def parity_columns(m: int, coded: int, version: int) -> tuple[int, ...]:
    """Rows 1 to ``coded`` the other way round: one integer a data fragment, bit y - 1 set where row y takes it."""
    rows = [f"{parity_mask(m, y, version):0{m}b}" for y in range(coded, 0, -1)]
    return tuple(int("".join(digits), 2) for digits in zip(*rows, strict=True))[::-1]


def parity_row(m: int, y: int, *, version: int = 1) -> tuple[int, ...]:
    """Columns of row y with a 1, ascending, counted from 0.

    ``m`` data fragments, 1 to 16383; ``y`` counts coded fragments from 1 (0 is defined and never sent); ``version`` 1
    or 2. A row of version 1 has at most M // 2 ones (a repeated draw counts), one of version 2 exactly M // 2. With
    M = 1 every row is empty: redundancy cannot help a single fragment.

    Raises ValueError where a parameter is out of range.
    """
    check_row(m, y, version)
    mask = parity_mask(m, y, version)
    return tuple(column for column, digit in enumerate(reversed(bin(mask))) if digit == "1")
