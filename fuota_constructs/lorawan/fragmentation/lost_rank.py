"""How much the coded fragments tell of the lost ones, before there are enough of them to solve anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.lorawan.fragmentation.parity import parity_mask

if TYPE_CHECKING:
    from collections.abc import Iterable


class LostRank:
    """The rows of coded fragments over the data fragments that are lost, in echelon form."""

    def __init__(self, m: int, version: int) -> None:
        self._m = m
        self._version = version
        self._lost = (1 << m) - 1
        self._rows: dict[int, int] = {}  # by bit length

    def arrived(self, columns: Iterable[int]) -> None:
        """Data fragments came: they are no longer lost."""
        for column in columns:
            self._lost &= ~(1 << column)
        for top, row in list(self._rows.items()):
            left = row & self._lost
            if left.bit_length() == top:
                self._rows[top] = left
            else:
                del self._rows[top]
                self._add(left)

    def coded(self, ys: Iterable[int]) -> None:
        """Coded fragments came."""
        for y in ys:
            self._add(parity_mask(self._m, y, self._version) & self._lost)

    @property
    def rank(self) -> int:
        """How many of the rows are independent."""
        return len(self._rows)

    def _add(self, row: int) -> None:
        rows, left = self._rows, row
        while left and (other := rows.get(left.bit_length())) is not None:
            left ^= other
        if left:
            rows[left.bit_length()] = left
