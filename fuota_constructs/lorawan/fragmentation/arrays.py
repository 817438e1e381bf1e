"""The codec on NumPy arrays: the fast path, used where NumPy is installed (extra ``plan``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from fuota_constructs.lorawan.fragmentation.integer_rows import IntegerRows
from fuota_constructs.lorawan.fragmentation.parity import PRBS_BITS, draw_span, parity_mask, row_seed
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Draws = npt.NDArray[np.uint32]

ROWS_AT_ONCE: Final = 64
"""Keeps a chunk of the draws inside the processor's cache: 3 times faster than all rows at once."""

FEW_ROWS: Final = 48
"""From here on the tables of `combine` are worth making, at 100 to 10,000 data fragments."""

FEW_LOST: Final = 128
"""Up to here equations are solved as integers."""

ROWS_AHEAD: Final = 8
"""Rows made beside those that came: about two more than were lost are needed (TS004-1.0.0 appendix A)."""

WORD_BITS: Final = 64
WORD_BYTES: Final = 8

WINDOW: Final = PRBS_BITS - 5
"""Bits of the generator's sequence that can be made at once: b[n + 23] = b[n] ^ b[n + 5]."""


def parity_bits(m: int, ys: Sequence[int], version: int) -> Bytes:
    """The rows as an array of 0 and 1, one row of m columns a coded fragment."""
    bits = np.zeros((len(ys), m), dtype=np.uint8)
    narrow = [i for i, y in enumerate(ys) if row_seed(y) >> PRBS_BITS == 0]
    for start in range(0, len(narrow), ROWS_AT_ONCE):
        chunk = narrow[start : start + ROWS_AT_ONCE]
        bits[chunk] = _rows(m, np.array([row_seed(ys[i]) for i in chunk], dtype=np.uint32), version)
    for i, y in enumerate(ys):
        if row_seed(y) >> PRBS_BITS:  # a seed wider than the generator starts with carries; rare, so take the plain way
            digits = f"{parity_mask(m, y, version):0{m}b}"[::-1]
            bits[i] = np.frombuffer(digits.encode(), dtype=np.uint8) - ord("0")
    return bits


def _rows(m: int, seeds: Draws, version: int) -> Bytes:
    need = m // 2
    bits = np.zeros((len(seeds), m), dtype=np.uint8)
    if need == 0:
        return bits
    # Draws beyond what is needed on average: a draw of M is thrown away (M a power of two), version 2 skips repeats.
    count = need + 8 if version == 1 else int(need * 1.45) + 32
    while True:
        draws = _draws(seeds, count, draw_span(m))
        if _mark(bits, draws, need, version):
            return bits
        count *= 2
        bits[:] = 0


def _draws(seeds: Draws, count: int, span: int) -> Draws:
    """Draw 1..count of every seed, (count, seeds).

    The generator is a shift register, so its states are windows of 23 bits over one sequence b. They are put together
    by doubling: windows of 2, 4, 8 bits, then 16 + 4 + 2 + 1 = 23.
    """
    length = count + PRBS_BITS + 1
    b = np.empty((length, len(seeds)), dtype=np.uint32)
    for i in range(PRBS_BITS):
        b[i] = (seeds >> np.uint32(i)) & np.uint32(1)
    for i in range(PRBS_BITS, length, WINDOW):
        width = min(WINDOW, length - i)
        start, tap = i - PRBS_BITS, i - WINDOW
        np.bitwise_xor(b[start : start + width], b[tap : tap + width], out=b[i : i + width])
    one = b[1:]
    two = one[:-1] | (one[1:] << np.uint32(1))
    four = two[:-2] | (two[2:] << np.uint32(2))
    eight = four[:-4] | (four[4:] << np.uint32(4))
    states = eight[:count] | (eight[8 : 8 + count] << np.uint32(8))
    states |= four[16 : 16 + count] << np.uint32(16)
    states |= two[20 : 20 + count] << np.uint32(20)
    states |= one[22 : 22 + count] << np.uint32(22)
    draws: Draws = states % np.uint32(span)
    return draws


def _mark(bits: Bytes, draws: Draws, need: int, version: int) -> bool:
    """Set the drawn columns; False where the draws did not suffice."""
    m = bits.shape[1]
    rows = np.arange(bits.shape[0])
    if version == 1 and m & (m - 1):  # every draw counts
        bits[rows, draws[:need]] = 1
        return True
    counts = draws < m
    if version != 1:
        steps = np.arange(len(draws), dtype=np.uint32)[:, None]
        first = np.zeros((bits.shape[0], m + 1), dtype=np.uint32)
        backwards = np.ascontiguousarray(draws[::-1])  # a view would be walked in memory order, not backwards
        first[rows, backwards] = np.ascontiguousarray(steps[::-1])  # of repeats the last assigned stays: the earliest
        counts &= first[rows, draws] == steps
    counts &= np.cumsum(counts, axis=0, dtype=np.int32) <= need
    step, row = np.nonzero(counts)
    bits[row, draws[step, row]] = 1
    return bool((counts.sum(axis=0) == need).all())


def to_words(fragments: Sequence[bytes], fragment_size: int) -> Words:
    """The fragments, at least one, as rows of 64-bit words, zero padded."""
    width = -(-fragment_size // WORD_BYTES) * WORD_BYTES
    rows = np.zeros((len(fragments), width), dtype=np.uint8)
    rows[:, :fragment_size] = np.frombuffer(b"".join(fragments), dtype=np.uint8).reshape(-1, fragment_size)
    return rows.view(np.uint64)


def combine(bits: Bytes, data: Words) -> Words:
    """XOR of the data rows that each row of bits selects.

    Method of the four Russians: all 256 combinations of 8 data rows are made once, then each row looks its one up. For
    few rows that is more than adding up what each selects.
    """
    m, width = data.shape
    if len(bits) <= FEW_ROWS:
        added = np.empty((len(bits), width), dtype=np.uint64)
        for row, selected in enumerate(bits.view(np.bool_)):
            np.bitwise_xor.reduce(data[selected], axis=0, out=added[row])
        return added
    index = np.packbits(bits, axis=1)
    result = np.zeros((bits.shape[0], width), dtype=np.uint64)
    table = np.zeros((256, width), dtype=np.uint64)
    for group in range(index.shape[1]):
        filled = 1
        for column in range(8 * group + 7, 8 * group - 1, -1):
            if column < m:
                np.bitwise_xor(table[:filled], data[column], out=table[filled : 2 * filled])
            else:
                table[filled : 2 * filled] = table[:filled]
            filled *= 2
        result ^= table[index[:, group]]
    return result


def coded_fragments(data: Sequence[bytes], ys: Iterable[int], fragment_size: int, version: int) -> list[bytes]:
    """The coded fragments of the given rows over the data fragments."""
    wanted = list(ys)
    words = combine(parity_bits(len(data), wanted, version), to_words(data, fragment_size))
    raw = words.view(np.uint8)
    return [raw[i, :fragment_size].tobytes() for i in range(len(wanted))]


class Elimination:
    """The lost fragments as unknowns of linear equations over GF(2), kept in reduced form, or few as integers."""

    def __init__(self, data: Sequence[bytes | None], fragment_size: int, version: int) -> None:
        self._size = fragment_size
        self._m = len(data)
        self._version = version
        blank = bytes(fragment_size)
        self._known = to_words([blank if fragment is None else fragment for fragment in data], fragment_size)
        self._lost = np.array([j for j, fragment in enumerate(data) if fragment is None], dtype=np.intp)
        self._mask_words = -(-len(self._lost) // WORD_BITS)
        self._few = IntegerRows(len(self._lost), 8 * fragment_size) if len(self._lost) <= FEW_LOST else None
        self._ahead: dict[int, Bytes] = {}  # rows that are likely to come next: one more of many costs little
        # One row an equation: the mask over lost fragments, then the value. Row i has pivot column pivots[i].
        self._rows = np.zeros((0, self._mask_words + self._known.shape[1]), dtype=np.uint64)
        self._pivots: list[int] = []

    @property
    def missing(self) -> int:
        """How many more independent equations are needed."""
        return len(self._lost) - len(self._pivots) if self._few is None else self._few.missing

    def add_coded(self, ys: Sequence[int], payloads: Sequence[bytes]) -> int:
        """Take coded fragments in; answers how many contradict the others."""
        bits = self._parity(ys)
        values = to_words(payloads, self._size) ^ combine(bits, self._known)
        return self._add(bits[:, self._lost], values)

    def _parity(self, ys: Sequence[int]) -> Bytes:
        if len(ys) == 1 and ys[0] in self._ahead:
            return self._ahead[ys[0]][None, :]
        last = max(ys)
        wanted = [*ys, *range(last + 1, min(last + ROWS_AHEAD, MAX_ENCODED_FRAGMENTS - self._m) + 1)]
        bits = parity_bits(self._m, wanted, self._version)
        self._ahead = dict(zip(wanted[len(ys) :], bits[len(ys) :], strict=True))
        return bits[: len(ys)]

    def add_data(self, column: int, payload: bytes) -> int:
        """Take a late data fragment in; answers 1 if it contradicts the others."""
        bits = (self._lost == column).astype(np.uint8)[None, :]
        return self._add(bits, to_words([payload], self._size))

    def _add(self, lost_bits: Bytes, values: Words) -> int:
        if self._few is None:
            return self._add_rows(lost_bits, values)
        masks = np.packbits(lost_bits, axis=1, bitorder="little")
        rows = zip(masks, values.view(np.uint8)[:, : self._size], strict=True)
        return sum(
            self._few.add(int.from_bytes(mask.tobytes(), "little"), int.from_bytes(value.tobytes(), "little"))
            for mask, value in rows
        )

    def _add_rows(self, lost_bits: Bytes, values: Words) -> int:
        masks = np.zeros((len(lost_bits), WORD_BYTES * self._mask_words), dtype=np.uint8)
        packed = np.packbits(lost_bits, axis=1, bitorder="little")
        masks[:, : packed.shape[1]] = packed
        rank = len(self._pivots)
        rows = np.concatenate([self._rows[:rank], np.concatenate([masks.view(np.uint64), values], axis=1)])
        for new in range(rank, len(rows)) if rank else ():
            # Pivot rows hold no other pivot's column: one look clears them all.
            having = [i for i, column in enumerate(self._pivots) if _bit(rows[new], column)]
            rows[new] ^= np.bitwise_xor.reduce(rows[having], axis=0)
        free = np.ones(len(self._lost), dtype=bool)
        free[self._pivots] = False
        for column in np.flatnonzero(free):
            if rank == len(rows):
                break
            below = np.flatnonzero(_bits(rows[rank:], int(column)))
            if not len(below):
                continue
            pivot = rank + int(below[0])
            if pivot != rank:
                rows[[rank, pivot]] = rows[[pivot, rank]]
            hit = np.flatnonzero(_bits(rows, int(column)))
            rows[hit[hit != rank]] ^= rows[rank]
            self._pivots.append(int(column))
            rank += 1
        self._rows = rows[:rank]
        return int(rows[rank:, self._mask_words :].any(axis=1).sum())

    def solve(self) -> dict[int, bytes]:
        """The lost fragments, by column; only when none is missing."""
        if self._few is not None:
            values = [value.to_bytes(self._size, "little") for value in self._few.solve()]
            return dict(zip(self._lost.tolist(), values, strict=True))
        raw = self._rows[:, self._mask_words :].copy().view(np.uint8)
        return {int(self._lost[column]): raw[i, : self._size].tobytes() for i, column in enumerate(self._pivots)}


def _bits(rows: Words, column: int) -> npt.NDArray[np.bool_]:
    """Which rows have that column's bit in their mask."""
    return ((rows[:, column // WORD_BITS] >> np.uint64(column % WORD_BITS)) & np.uint64(1)).astype(np.bool_)


def _bit(row: Words, column: int) -> int:
    return int(row[column // WORD_BITS]) >> column % WORD_BITS & 1
