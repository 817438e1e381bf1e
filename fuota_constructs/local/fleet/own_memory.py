"""A device whose memory or decoder goes its own way: it takes every fragment one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fuota_constructs.local.fleet.radio import in_order_of_arrival
from fuota_constructs.local.fleet.stack_decoder import End, MbedDecoder, StackDecoder, stack_decoder
from fuota_constructs.local.fleet.stack_limits import Counted
from fuota_constructs.lorawan.fragmentation import Decoder, FragmentationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.local.fleet.radio import Arrived
    from fuota_constructs.local.fleet.transmission import Transmission


class OwnMemory:
    """One device of a transmission with faults, with fragments out of order, or with rows of an earlier session.

    `on_image(n, image)` is told a complete image, None where its fragments contradict each other; `on_end(n, end)` that
    memory or decoder failed at the time of fragment n.
    """

    def __init__(
        self,
        transmission: Transmission,
        device: Device,
        arrived: Arrived,
        random: np.random.Generator,
        *,
        on_image: Callable[[int, bytes | None], None],
        on_end: Callable[[int, End], None],
    ) -> None:
        self._sent = transmission
        self._device = device
        self._arrived = arrived
        self._on_image = on_image
        self._on_end = on_end
        cohort, build, data = device.cohort, device.build, transmission.data
        self._decoder: Decoder | StackDecoder
        if build is None:
            self._decoder = Decoder(
                data, transmission.fragment_bytes, padding=transmission.padding, version=transmission.version
            )
        else:
            self._decoder = stack_decoder(
                build, data, transmission.fragment_bytes, transmission.version, device.rows_since_boot
            )
        lost, most = data - int(arrived[:data].sum()), None if build else cohort.max_lost_fragments
        self._too_many = lost if most is not None and lost > most else 0
        self._delivered = 0
        self._over = False
        held = np.flatnonzero(arrived[:data])
        turned, failing = (int(random.choice(held)) + 1 if len(held) else 0 for _ in range(2))
        self._turned = turned if "corrupt-fragment" in cohort.faults else 0
        self._failing = failing if "write-error" in cohort.faults else 0
        self._coming = in_order_of_arrival(arrived, random, late=cohort.late, repeated=cohort.repeated)
        self._taken: list[int] = []

    def deliver(self, until: int) -> None:
        """Let the device hear what was sent up to fragment `until`."""
        while self._coming and self._coming[0][0] <= until:
            time, n = self._coming.pop(0)
            if not self._over:
                self._delivered = time
                self._taken.append(n)
                self._take(time, n)
        self._delivered = max(self._delivered, until)
        if isinstance(self._decoder, MbedDecoder):
            self._device.rows_since_boot = self._decoder.rows_since_boot

    @property
    def received(self) -> int:
        """How many fragments reached the device."""
        return int(self._arrived[: self._delivered].sum())

    @property
    def missing(self) -> int:
        """How many fragments the device still needs."""
        return self._too_many if self._too_many and self._delivered >= self._sent.data else self._decoder.missing

    @property
    def counted(self) -> Counted:
        """What its stack has counted."""
        lost = 0 if isinstance(self._decoder, Decoder) else self._decoder.lost
        return Counted(self._taken[-1] if self._taken else 0, lost, len(self._taken))

    def _take(self, time: int, n: int) -> None:
        # No room for the matrix that so many lost fragments take (TS004 A.2): the first coded fragment needs it.
        if n == self._failing or (self._too_many and n > self._sent.data):
            self._over = True
            self._on_end(time, End.NOT_WRITTEN if n == self._failing else End.OVERFLOW)
            return
        payload = self._sent.fragment(n).payload
        if n == self._turned:
            payload = bytes([payload[0] ^ 1]) + payload[1:]
        if isinstance(self._decoder, Decoder):
            end = End.DONE if self._decoder.add(n, payload) else None
        else:
            end = self._decoder.take(n, payload)
        if end is not None:
            self._over = True
            if end is End.DONE:
                self._on_image(time, self._image())
            else:
                self._on_end(time, end)

    def _image(self) -> bytes | None:
        if not isinstance(self._decoder, Decoder):
            block = self._decoder.block
            return block[: len(block) - self._sent.padding]
        try:
            return self._decoder.image()
        except FragmentationError:
            return None
