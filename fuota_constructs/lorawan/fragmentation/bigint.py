"""The codec in plain Python: a fragment is one big integer. Slower than the array form, and gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.lorawan.fragmentation.parity import parity_mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def coded_fragments(data: Sequence[bytes], ys: Iterable[int], fragment_size: int, version: int) -> list[bytes]:
    """The coded fragments of the given rows over the data fragments."""
    numbers = [int.from_bytes(fragment, "little") for fragment in data]
    return [_combine(numbers, parity_mask(len(numbers), y, version)).to_bytes(fragment_size, "little") for y in ys]


def _combine(numbers: Sequence[int], mask: int) -> int:
    total = 0
    for number, digit in zip(numbers, reversed(bin(mask)), strict=False):  # the 'b' of '0b' matches no digit
        if digit == "1":
            total ^= number
    return total


class Elimination:
    """The lost fragments as unknowns of linear equations over GF(2), kept in reduced form."""

    def __init__(self, data: Sequence[bytes | None], fragment_size: int, version: int) -> None:
        self._size = fragment_size
        self._m = len(data)
        self._version = version
        self._known = [0 if fragment is None else int.from_bytes(fragment, "little") for fragment in data]
        self._lost = sum(1 << j for j, fragment in enumerate(data) if fragment is None)
        self._pivots: dict[int, tuple[int, int]] = {}  # column -> (mask over lost columns, value)

    @property
    def missing(self) -> int:
        """How many more independent equations are needed."""
        return self._lost.bit_count() - len(self._pivots)

    def add_coded(self, ys: Sequence[int], payloads: Sequence[bytes]) -> int:
        """Take coded fragments in; answers how many contradict the others."""
        contradictions = 0
        for y, payload in zip(ys, payloads, strict=True):
            mask = parity_mask(self._m, y, self._version)
            value = int.from_bytes(payload, "little") ^ _combine(self._known, mask & ~self._lost)
            contradictions += self._add(mask & self._lost, value)
        return contradictions

    def add_data(self, column: int, payload: bytes) -> int:
        """Take a late data fragment in; answers 1 if it contradicts the others."""
        return self._add(1 << column, int.from_bytes(payload, "little"))

    def _add(self, mask: int, value: int) -> int:
        rest = mask
        while rest:
            column = rest.bit_length() - 1
            rest ^= 1 << column
            if column in self._pivots:
                pivot_mask, pivot_value = self._pivots[column]
                mask ^= pivot_mask
                value ^= pivot_value
        if not mask:
            return int(value != 0)
        column = mask.bit_length() - 1
        for other, (other_mask, other_value) in self._pivots.items():
            if other_mask >> column & 1:
                self._pivots[other] = (other_mask ^ mask, other_value ^ value)
        self._pivots[column] = (mask, value)
        return 0

    def solve(self) -> dict[int, bytes]:
        """The lost fragments, by column; only when none is missing."""
        return {column: value.to_bytes(self._size, "little") for column, (_, value) in self._pivots.items()}
