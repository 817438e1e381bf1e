"""What many devices have of one transmission, worked out together.

Fragments that arrive whole are the same bytes everywhere, so they are kept once; a device is a row of bits that says
which of them it has. A device that lost data fragments eliminates its coded fragments' rows over the lost columns only,
and puts its image together once they suffice.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fuota_constructs.local.fleet.transmission import BYTES_AT_ONCE, Transmission
from fuota_constructs.lorawan.fragmentation.arrays import Words, combine

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from fuota_constructs.local.fleet.stack_limits import EarlyEnd


MANY_LOST: Final = 64
"""From so many lost fragments on a device is worked out alone, by tables."""


class Elimination:
    """The rows of one device over its lost columns: one integer a row, its coded fragments noted in the low bits.

    `lost` are the columns, `columns` the same as an integer.
    """

    def __init__(self, lost: npt.NDArray[np.intp], columns: int, coded: int) -> None:
        self.lost = lost
        self._columns = columns
        self.taken: list[int] = []  # coded fragments, from 0, in the order they came
        self.seen = 0  # coded fragments that were sent and looked at
        self._low = coded
        self._pivots: dict[int, int] = {}

    @property
    def missing(self) -> int:
        """Independent rows that are still needed."""
        return len(self.lost) - len(self._pivots)

    def add(self, row: int, mask: int) -> bool:
        """Take coded fragment `row` of these columns in; True once the rows suffice."""
        low, pivots = self._low, self._pivots
        number = (mask & self._columns) << low | 1 << len(self.taken)
        self.taken.append(row)
        while (top := number.bit_length()) > low:
            pivot = pivots.get(top)
            if pivot is None:
                pivots[top] = number
                break
            number ^= pivot
        return len(pivots) == len(self.lost)

    def combinations(self, width: int) -> bytes:
        """Which of the taken fragments add up to each lost one: for every lost column so many bytes of bits."""
        low = self._low
        solved: dict[int, int] = {}
        for top in sorted(self._pivots):
            number = self._pivots[top]
            rest = (number >> low) ^ (1 << (top - low - 1))
            while rest:
                lower = rest.bit_length()
                number ^= solved[low + lower]
                rest ^= 1 << (lower - 1)
            solved[top] = number
        keep = (1 << len(self.taken)) - 1
        return b"".join((solved[low + column + 1] & keep).to_bytes(width, "little") for column in self.lost.tolist())


class Reception:
    """The devices of one transmission: `arrived[device, n - 1]` says whether fragment n reaches it.

    `on_image(device, n, image)` is told each image and the fragment that completed it. `ends` are the devices whose
    decoder gives up before, each with where: `on_end(device, end)`; those `done_late` notice at a coded fragment only
    that they have all.
    """

    def __init__(
        self,
        transmission: Transmission,
        arrived: npt.NDArray[np.bool_],
        on_image: Callable[[int, int, bytes], Any],
        *,
        ends: Mapping[int, EarlyEnd] | None = None,
        on_end: Callable[[int, EarlyEnd], Any] | None = None,
        done_late: Container[int] = (),
    ) -> None:
        self._ends, self._on_end, self._done_late = ends or {}, on_end, done_late
        self._full: dict[int, int] = {}  # with all data fragments, and the coded one (from 0) that is waited for
        self._sent = transmission
        self._arrived = arrived
        self._on_image = on_image
        self._delivered = 0
        self._waiting: dict[int, Elimination] = {}
        self._counted = np.cumsum(arrived[:, transmission.data :], axis=1, dtype=np.int32)

    def deliver(self, until: int) -> None:
        """Let the devices hear what was sent up to fragment `until`."""
        sent, before = self._sent, self._delivered
        if until <= before:
            return
        self._delivered = until
        if self._on_end is not None:
            for device, end in self._ends.items():
                if end.n is not None and before < end.n <= until:
                    self._on_end(device, end)
        if until < sent.data:
            return
        if before < sent.data:
            self._begin_coded()
        for device, row in list(self._full.items()):
            if sent.data + row < until:
                del self._full[device]
                self._on_image(device, sent.data + row + 1, sent.image_of(sent.data_words))
        self._finish(list(self._completed(until - sent.data)))

    def _begin_coded(self) -> None:
        """Sort the devices after the last data fragment: those that have all, those that wait for coded ones."""
        sent = self._sent
        arrived = self._arrived[:, : sent.data]
        whole = arrived.all(axis=1)
        for device in np.flatnonzero(whole).tolist():
            if device in self._ends:
                continue
            if device not in self._done_late:
                self._on_image(device, sent.data, sent.image_of(sent.data_words))
            elif self._arrived[device, sent.data :].any():
                self._full[device] = int(self._arrived[device, sent.data :].argmax())
        packed = np.packbits(~arrived, axis=1, bitorder="little")
        for device in np.flatnonzero(~whole).tolist():
            if device not in self._ends:
                columns = int.from_bytes(packed[device].tobytes(), "little")
                self._waiting[device] = Elimination(np.flatnonzero(~arrived[device]), columns, sent.coded)

    def missing(self, device: int) -> int:
        """How many fragments a device still needs, as MissingFrag tells it."""
        if elimination := self._waiting.get(device):
            self._look(device, elimination, self._delivered - self._sent.data)
            return elimination.missing
        if self._delivered >= self._sent.data and device not in self._ends:
            return 0
        return self._sent.data - int(self._arrived[device, : min(self._delivered, self._sent.data)].sum())

    def received(self) -> list[int]:
        """How many fragments reached each device."""
        counts: list[int] = self._arrived[:, : self._delivered].sum(axis=1).tolist()
        return counts

    def counts(self) -> list[tuple[int, int]]:
        """How many fragments reached each device, and how many it still needs."""
        received = self.received()
        if self._delivered < self._sent.data:
            return [(count, self._sent.data - count) for count in received]
        open_still = self._waiting.keys() | self._ends.keys()
        return [(count, self.missing(device) if device in open_still else 0) for device, count in enumerate(received)]

    def _completed(self, end: int) -> Iterator[tuple[int, int, Elimination]]:
        """Devices whose coded fragments before `end` (from 0) suffice, each with the fragment that did it."""
        if not end:
            return
        for device, elimination in list(self._waiting.items()):
            # Rows are not looked at before there are enough of them; then all since the last look.
            if self._counted[device, end - 1] < len(elimination.lost):
                continue
            row = self._look(device, elimination, end)
            if row is not None:
                del self._waiting[device]
                yield device, self._sent.data + row + 1, elimination

    def _look(self, device: int, elimination: Elimination, end: int) -> int | None:
        """Take in the coded fragments before `end` that a device has; answers the one (from 0) that suffices."""
        data, start = self._sent.data, elimination.seen
        elimination.seen = end
        rows = start + np.flatnonzero(self._arrived[device, data + start : data + end])
        masks = self._sent.rows
        return next((row for row in rows.tolist() if elimination.add(row, masks[row])), None)

    def _finish(self, completed: Sequence[tuple[int, int, Elimination]]) -> None:
        sent = self._sent
        # What a device takes at most, in bytes: the masks of its rows, then the rows that its lost fragments add up.
        weights = [
            len(item.taken) * max(sent.data, len(item.lost) * sent.data_words.nbytes // sent.data)
            for _, _, item in completed
        ]
        before = np.cumsum([0, *weights])
        for _, part in groupby(range(len(completed)), key=lambda place: int(before[place]) // BYTES_AT_ONCE):
            chunk = [completed[place] for place in part]
            rows = np.concatenate([np.array(elimination.taken) for _, _, elimination in chunk])
            owners = np.repeat([device for device, _, _ in chunk], [len(item.taken) for _, _, item in chunk])
            values = sent.remainders(rows, self._arrived[owners, : sent.data].view(np.uint8))
            recovered = _recovered([elimination for _, _, elimination in chunk], values)
            start = 0
            for device, n, elimination in chunk:
                end = start + len(elimination.lost)
                block = sent.data_words.copy()
                block[elimination.lost] = recovered[start:end]
                self._on_image(device, n, sent.image_of(block))
                start = end


def _recovered(eliminations: Sequence[Elimination], values: Words) -> Words:
    """The lost fragments of several devices, one after the other; `values` are those of the rows they took."""
    width = -(-max(len(each.taken) for each in eliminations) // 8)
    raw = b"".join(each.combinations(width) for each in eliminations)
    bits = np.unpackbits(np.frombuffer(raw, dtype=np.uint8).reshape(-1, width), axis=1, bitorder="little")
    lost, taken = [len(each.lost) for each in eliminations], [len(each.taken) for each in eliminations]
    rows = np.cumsum([0, *taken])
    if max(lost) > MANY_LOST:
        fragments = np.cumsum([0, *lost])
        return np.concatenate(
            [
                combine(bits[fragments[i] : fragments[i + 1], : taken[i]], values[rows[i] : rows[i + 1]])
                for i in range(len(eliminations))
            ]
        )
    fragment, row = np.nonzero(bits)
    begins = np.searchsorted(fragment, np.arange(len(bits)))
    return np.bitwise_xor.reduceat(values[rows[:-1].repeat(lost)[fragment] + row], begins, axis=0)
