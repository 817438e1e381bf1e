"""What many devices have of one transmission, worked out together.

Fragments that arrive whole are the same bytes everywhere, so they are kept once; a device is a row of bits that says
which of them it has. A device that lost data fragments eliminates its coded fragments' rows over the lost columns only,
and puts its image together once they suffice.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fuota_constructs.local.fleet.transmission import BYTES_AT_ONCE, Transmission
from fuota_constructs.lorawan.fragmentation.arrays import combine

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from fuota_constructs.local.fleet.stack_limits import EarlyEnd


class Elimination:
    """The rows of one device over its lost columns: one integer a row, its coded fragments noted in the low bits."""

    def __init__(self, lost: npt.NDArray[np.intp], coded: int) -> None:
        self.lost = lost
        self.taken: list[int] = []  # coded fragments, from 0, in the order they came
        self.seen = 0  # coded fragments that were sent and looked at
        self._low = coded
        self._pivots: dict[int, int] = {}

    @property
    def missing(self) -> int:
        """Independent rows that are still needed."""
        return len(self.lost) - len(self._pivots)

    def add(self, row: int, mask: int) -> bool:
        """Take coded fragment `row` in; True once the rows suffice."""
        low, pivots = self._low, self._pivots
        number = mask << low | 1 << len(self.taken)
        self.taken.append(row)
        while (top := number.bit_length()) > low:
            pivot = pivots.get(top)
            if pivot is None:
                pivots[top] = number
                break
            number ^= pivot
        return len(pivots) == len(self.lost)

    def combinations(self) -> npt.NDArray[np.uint8]:
        """Which of the taken fragments add up to each lost one: a row of 0 and 1 for every lost column."""
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
        width = -(-len(self.taken) // 8)
        keep = (1 << len(self.taken)) - 1
        raw = b"".join((solved[low + place + 1] & keep).to_bytes(width, "little") for place in range(len(self.lost)))
        packed = np.frombuffer(raw, dtype=np.uint8).reshape(len(self.lost), width)
        return np.unpackbits(packed, axis=1, count=len(self.taken), bitorder="little")


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
        for device in np.flatnonzero(~whole).tolist():
            if device not in self._ends:
                self._waiting[device] = Elimination(np.flatnonzero(~arrived[device]), sent.coded)

    def missing(self, device: int) -> int:
        """How many fragments a device still needs, as MissingFrag tells it."""
        if elimination := self._waiting.get(device):
            self._look(device, elimination, self._delivered - self._sent.data)
            return elimination.missing
        if self._delivered < self._sent.data:
            return self._sent.data - self.received(device)
        if device not in self._ends:
            return 0
        return self._sent.data - self.received(device, self._sent.data)

    def received(self, device: int, until: int | None = None) -> int:
        """How many fragments reached a device, of those up to fragment `until` or of all that were sent."""
        return int(self._arrived[device, : self._delivered if until is None else until].sum())

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
        bits = np.packbits(self._sent.parity[np.ix_(rows, elimination.lost)], axis=1, bitorder="little")
        for row, packed in zip(rows.tolist(), bits, strict=True):
            if elimination.add(row, int.from_bytes(packed.tobytes(), "little")):
                return row
        return None

    def _finish(self, completed: Sequence[tuple[int, int, Elimination]]) -> None:
        sent = self._sent
        most_rows = max(1, BYTES_AT_ONCE // sent.data)
        rows_before = np.cumsum([0, *(len(elimination.taken) for _, _, elimination in completed)])
        for _, part in groupby(range(len(completed)), key=lambda place: int(rows_before[place]) // most_rows):
            chunk = [completed[place] for place in part]
            rows = np.concatenate([np.array(elimination.taken) for _, _, elimination in chunk])
            owners = np.repeat([device for device, _, _ in chunk], [len(item.taken) for _, _, item in chunk])
            values = sent.remainders(rows, self._arrived[owners, : sent.data].view(np.uint8))
            start = 0
            for device, n, elimination in chunk:
                end = start + len(elimination.taken)
                block = sent.data_words.copy()
                block[elimination.lost] = combine(elimination.combinations(), values[start:end])
                self._on_image(device, n, sent.image_of(block))
                start = end
