"""A device whose memory or decoder goes its own way: it takes every fragment one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fuota_constructs.lorawan.fragmentation import Decoder, FragmentationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.local.fleet.radio import Arrived
    from fuota_constructs.local.fleet.transmission import Transmission


class OwnMemory:
    """One device of a transmission with faults, or with room for few lost fragments.

    `on_image(n, image)` is told a complete image, None where its fragments contradict each other; `on_memory_error(n)`
    that memory failed at fragment n.
    """

    def __init__(
        self,
        transmission: Transmission,
        device: Device,
        arrived: Arrived,
        random: np.random.Generator,
        *,
        on_image: Callable[[int, bytes | None], None],
        on_memory_error: Callable[[int], None],
    ) -> None:
        self._sent = transmission
        self._arrived = arrived
        self._on_image = on_image
        self._on_memory_error = on_memory_error
        self._decoder = Decoder(
            transmission.data,
            transmission.fragment_bytes,
            padding=transmission.padding,
            version=transmission.version,
        )
        lost, most = transmission.data - int(arrived[: transmission.data].sum()), device.cohort.max_lost_fragments
        self._too_many = lost if most is not None and lost > most else 0
        self._delivered = 0
        self._over = False
        held = np.flatnonzero(arrived[: transmission.data])
        turned, failing = (int(random.choice(held)) + 1 if len(held) else 0 for _ in range(2))
        self._turned = turned if "corrupt-fragment" in device.cohort.faults else 0
        self._failing = failing if "write-error" in device.cohort.faults else 0

    def deliver(self, until: int) -> None:
        """Let the device hear what was sent up to fragment `until`."""
        for n in range(self._delivered + 1, until + 1):
            if self._over:
                break
            self._delivered = n
            self._take(n)
        self._delivered = max(self._delivered, until)

    @property
    def received(self) -> int:
        """How many fragments reached the device."""
        return int(self._arrived[: self._delivered].sum())

    @property
    def missing(self) -> int:
        """How many fragments the device still needs."""
        return self._too_many if self._too_many and self._delivered >= self._sent.data else self._decoder.missing

    def _take(self, n: int) -> None:
        sent = self._sent
        if self._arrived[n - 1]:
            # No room for the matrix that so many lost fragments take (TS004 A.2): the first coded fragment needs it.
            if n == self._failing or (self._too_many and n > sent.data):
                self._over = True
                self._on_memory_error(n)
                return
            payload = sent.fragment(n).payload
            if n == self._turned:
                payload = bytes([payload[0] ^ 1]) + payload[1:]
            if self._decoder.add(n, payload):
                self._over = True
                self._on_image(n, self._image())

    def _image(self) -> bytes | None:
        try:
            return self._decoder.image()
        except FragmentationError:
            return None
