"""The decoders that run on devices, fragment by fragment: what they keep, drop, count, and do not survive.

Written from what their sources do (`lorawan/device_stacks.json` names release and file), not as they should. A fragment
is an integer here: its bytes, little-endian. For devices that hear a session in order `stack_limits` says the same of
many at once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from fuota_constructs.lorawan.fragmentation.parity import PRBS_BITS, parity_mask

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack


class End(StrEnum):
    """How a decoder came to its end."""

    DONE = "done"
    OVERFLOW = "overflow"
    NOT_WRITTEN = "not written"
    HANG = "hang"
    CRASH = "crash"


class StackDecoder(Protocol):
    """One session in one decoder: `take` every fragment that is heard, until it answers an end."""

    lost: int
    rank: int

    @property
    def missing(self) -> int:
        """How many fragments it still needs."""

    def take(self, n: int, payload: bytes) -> End | None:
        """Take fragment `n` in."""

    @property
    def block(self) -> bytes:
        """What is in its memory: the block of the session, if it is done."""


def stack_decoder(
    build: DeviceStack, fragments: int, fragment_bytes: int, version: int, rows_since_boot: int = 0
) -> StackDecoder:
    """The decoder of a stack at the begin of a session; `rows_since_boot` are those Mbed's never forgets."""
    if build.decoder == "mbed":
        return MbedDecoder(build, fragments, fragment_bytes, rows_since_boot)
    kind = LowMemoryDecoder if build.decoder == "lowmem" else SemtechDecoder
    return kind(build, fragments, fragment_bytes, version)


class _Rows:
    """Coded rows over the lost fragments, as the decoders keep them: one for each leading column."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[int, int]] = {}

    def add(self, mask: int, value: int) -> bool:
        """Keep a row, unless it says nothing new."""
        while mask:
            first = (mask & -mask).bit_length() - 1
            if first not in self.kept:
                self.kept[first] = (mask, value)
                return True
            known, its_value = self.kept[first]
            mask, value = mask ^ known, value ^ its_value
        return False

    def solved(self, lost: int) -> dict[int, int]:
        """The values of the lost fragments, from the last one back."""
        for row in range(lost - 2, -1, -1):
            mask, value = self.kept.get(row, (0, 0))
            for later in range(lost - 1, row, -1):
                if mask >> later & 1:
                    known, its_value = self.kept.get(later, (0, 0))
                    mask, value = mask ^ known, value ^ its_value
            self.kept[row] = (mask, value)
        return {row: value for row, (_, value) in self.kept.items()}


class _Memory:
    """The fragments a device has stored, by place."""

    def __init__(self, fragments: int, fragment_bytes: int) -> None:
        self.fragments, self.fragment_bytes = fragments, fragment_bytes
        self.lost = self.rank = self._last = 0
        self._stored = [0] * fragments
        self._rows = _Rows()

    @property
    def missing(self) -> int:
        """How many fragments it still needs."""
        return self.lost - self.rank + max(0, self.fragments - self._last)

    @property
    def block(self) -> bytes:
        """What is in its memory."""
        return b"".join(stored.to_bytes(self.fragment_bytes, "little") for stored in self._stored)

    def _store(self, n: int, payload: bytes) -> None:
        self._stored[n - 1] = int.from_bytes(payload, "little")

    def _row(self, mask: int, payload: bytes, lost_at: dict[int, int]) -> tuple[int, int]:
        """A coded fragment less what is stored: its columns among the lost ones, and its value."""
        value, row = int.from_bytes(payload, "little"), 0
        while mask:
            bit = mask & -mask
            mask ^= bit
            column = bit.bit_length() - 1
            if column in lost_at:
                row |= 1 << lost_at[column]
            else:
                value ^= self._stored[column]
        return row, value


class SemtechDecoder(_Memory):
    """FragDecoder.c: of LoRaMac-node, and the copies of it.

    Drops what is numbered below the last it took, so a late fragment is lost for ever; counts what was lost when the
    next one comes. More lost than its matrix has room for is seen at a coded fragment, before what was lost just before
    that one is counted.
    """

    def __init__(self, build: DeviceStack, fragments: int, fragment_bytes: int, version: int) -> None:
        super().__init__(fragments, fragment_bytes)
        self._build, self._version = build, version
        self._most = build.most_lost_fragments(fragments)
        self._lost_at: dict[int, int] = {}

    def take(self, n: int, payload: bytes) -> End | None:
        """Take fragment `n` in."""
        if n < self._last:
            return None
        if n > self.fragments:
            return self._take_coded(n, payload)
        self._store(n, payload)
        self._count(n)
        done = n == self.fragments and not self.lost and not self._build.never_done_without_redundancy
        return End.DONE if done else None

    def _take_coded(self, n: int, payload: bytes) -> End | None:
        fragments = self.fragments
        if self._most is not None and self.lost > self._most:
            return End.OVERFLOW
        self._count(n)
        if not self.lost:
            return End.DONE
        if self._build.hangs_with(fragments):
            return End.HANG
        row, value = self._row(parity_mask(fragments, n - fragments, self._version), payload, self._lost_at)
        self.rank += self._rows.add(row, value)
        if not row or self.rank < self.lost:
            return None
        places = {place: column for column, place in self._lost_at.items()}
        for place, solved in self._rows.solved(self.lost).items():
            self._stored[places[place]] = solved
        return End.DONE

    def _count(self, n: int) -> None:
        for column in range(self._last, min(n - 1, self.fragments)):
            self._lost_at[column] = self.lost
            self.lost += 1
        self._last = n if max(self._last, n - 1) < self.fragments else self.fragments + 1


class LowMemoryDecoder(_Memory):
    """Zephyr's frag_decoder_lowmem.c: data in any order, until a coded fragment comes.

    From then on everything is taken for coded, a data fragment that comes again for one of a negative index: the image
    is wrong, and nothing says so. More lost than it has room for ends in nothing.
    """

    def __init__(self, build: DeviceStack, fragments: int, fragment_bytes: int, version: int) -> None:
        super().__init__(fragments, fragment_bytes)
        self._version = version
        self._most = build.most_lost_fragments(fragments)
        self._open = dict.fromkeys(range(fragments))
        self._lost_at: dict[int, int] = {}
        self.lost = self._last = fragments

    def take(self, n: int, payload: bytes) -> End | None:
        """Take fragment `n` in."""
        if n <= self.fragments and not self._lost_at:
            self._open.pop(n - 1, None)
            self._store(n, payload)
            self.lost = len(self._open)
            return None if self._open else End.DONE
        self._lost_at = self._lost_at or {column: place for place, column in enumerate(self._open)}
        if self._most is not None and self.lost > self._most:
            return None
        row, value = self._row(self._mask(n - self.fragments), payload, self._lost_at)
        self.rank += self._rows.add(row, value)
        if not row or self.rank < self.lost:
            return None
        places = list(self._open)
        for place, solved in self._rows.solved(self.lost).items():
            self._stored[places[place]] = solved
        return End.DONE

    def _mask(self, y: int) -> int:
        return parity_mask(self.fragments, y, self._version) if y > 0 else mask_of_no_coded_fragment(self.fragments, y)


class MbedDecoder(_Memory):
    """FragmentationMath.cpp of Mbed's update client.

    A late fragment sets it back: what came since is counted as lost once more. It counts the rows it kept since the
    device booted and takes them for those of the session, so a second one ends too early, or never. Lost fragments that
    its memory has no room for are written past its end.
    """

    def __init__(self, build: DeviceStack, fragments: int, fragment_bytes: int, rows_since_boot: int) -> None:
        super().__init__(fragments, fragment_bytes)
        self.rows_since_boot = rows_since_boot
        self._most = build.most_lost_fragments(fragments)
        self._number = [1] * fragments  # 0: stored; else the how manieth lost one it is

    def take(self, n: int, payload: bytes) -> End | None:
        """Take fragment `n` in."""
        fragments = self.fragments
        if n <= fragments:
            self._store(n, payload)
            self._number[n - 1] = 0
            self._count(n)
            return End.DONE if n == fragments and not self.lost else None
        self._count(n)
        if self._most is not None and self.lost > self._most:
            return End.CRASH
        lost_at = {column: number - 1 for column, number in enumerate(self._number) if number}
        row, value = self._row(parity_mask(fragments, n - fragments, 1), payload, lost_at)
        if not row:
            return None
        if self._rows.add(row, value):
            self.rank += 1
            self.rows_since_boot += 1
        if self.rows_since_boot != self.lost:
            return None
        for place, solved in self._rows.solved(self.lost).items():
            column = next((at for at, number in enumerate(self._number) if number == place + 1), 0)
            self._stored[column] = solved
        return End.DONE

    def _count(self, n: int) -> None:
        for column in range(self._last, min(n - 1, self.fragments)):
            self.lost += 1
            self._number[column] = self.lost
        self._last = n if max(self._last, n - 1) < self.fragments else self.fragments + 1


_WORD: Final = 2**32


def mask_of_no_coded_fragment(fragments: int, y: int) -> int:
    """The row that prbs23 of 32-bit C makes of a coded fragment `y` of 0 or below, in TS004-1.0.0."""
    span = fragments + (fragments & (fragments - 1) == 0)
    state, mask = 1 + 1001 * y, 0
    for _ in range(fragments // 2):
        drawn = fragments
        while drawn >= fragments:
            new = (state & 1) ^ (state >> 5 & 1)
            state = (abs(state) // 2) * (1 if state > 0 else -1) + (new << PRBS_BITS - 1)
            drawn = state % _WORD % span
        mask |= 1 << drawn
    return mask
