"""Few linear equations over GF(2): each is one integer, its mask over the unknowns above its value."""

from __future__ import annotations


class IntegerRows:
    """Equations in echelon form: a new one costs an exclusive or for every older one it meets, and nothing else."""

    def __init__(self, unknowns: int, value_bits: int) -> None:
        self._unknowns = unknowns
        self._value_bits = value_bits
        self._pivots: dict[int, int] = {}  # by the bit length of an equation, which its highest unknown gives

    @property
    def missing(self) -> int:
        """How many more independent equations are needed."""
        return self._unknowns - len(self._pivots)

    def add(self, mask: int, value: int) -> int:
        """Take an equation in; answers 1 if it contradicts the others."""
        low, pivots = self._value_bits, self._pivots
        number = mask << low | value
        while (top := number.bit_length()) > low:
            pivot = pivots.get(top)
            if pivot is None:
                pivots[top] = number
                return 0
            number ^= pivot
        return int(number != 0)

    def solve(self) -> list[int]:
        """The values of the unknowns, lowest bit first; only when none is missing."""
        low = self._value_bits
        solved: list[int] = []
        for top in sorted(self._pivots):
            number = self._pivots[top]
            rest = (number >> low) ^ (1 << (top - low - 1))
            value = number & ((1 << low) - 1)
            while rest:
                lower = rest.bit_length() - 1
                value ^= solved[lower]
                rest ^= 1 << lower
            solved.append(value)
        return solved
