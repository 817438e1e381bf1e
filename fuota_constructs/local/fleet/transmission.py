"""What is sent in one session: the fragments of an image, as bytes, and what they are made of."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from fuota_constructs.lorawan.fragmentation import encode, padding
from fuota_constructs.lorawan.fragmentation.arrays import Bytes, combine, parity_bits, to_words
from fuota_constructs.lorawan.fragmentation.messages import DataFragment, decode_frame

UNICAST_FRAG_INDEX: Final = 0
MULTICAST_FRAG_INDEX: Final = 1
"""AWS uses fragmentation index 0 for unicast and 1 for multicast (re:Post QU1yXW345YQ06-qscqq7j2eA)."""

BYTES_AT_ONCE: Final = 16_000_000


class Transmission:
    """All frames of a session of TS004 `version`, encoded once and decoded once for all that hear them whole."""

    def __init__(self, image: bytes, fragment_bytes: int, coded: int, *, version: int, frag_index: int) -> None:
        self.image = image
        self.digest = hashlib.sha256(image).digest()
        self.fragment_bytes = fragment_bytes
        self.version = version
        self.frag_index = frag_index
        self.padding = padding(len(image), fragment_bytes)
        payloads = encode(image, fragment_bytes, coded, version=version)
        self.frames = [
            DataFragment(frag_index=frag_index, n=n, payload=payload).encode() for n, payload in enumerate(payloads, 1)
        ]
        self.coded = coded
        self.data = len(payloads) - coded
        heard = [self.fragment(n).payload for n in range(1, len(payloads) + 1)]
        self.data_words = to_words(heard[: self.data], fragment_bytes)
        self.coded_words = to_words(heard[self.data :], fragment_bytes)
        self.parity: Bytes = parity_bits(self.data, range(1, coded + 1), version)
        packed = np.packbits(self.parity, axis=1, bitorder="little")
        self.rows = [int.from_bytes(row.tobytes(), "little") for row in packed]
        """The same, an integer a row: bit j is set where data fragment j (from 0) takes part."""

    def fragment(self, n: int) -> DataFragment:
        """Fragment n as a device reads it from its frame."""
        (fragment,) = decode_frame(self.frames[n - 1], version=self.version, uplink=False)
        assert isinstance(fragment, DataFragment)  # noqa: S101  # for mypy: our encoder made it
        return fragment

    def remainders(self, rows: Bytes, masks: Bytes) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
        """Coded fragments (rows, from 0) less the data fragments that `masks` says the device holds."""
        known = combine(self.parity[rows] & masks, self.data_words)
        return np.bitwise_xor(known, self.coded_words[rows])

    def image_of(self, block: np.ndarray[tuple[int, int], np.dtype[np.uint64]]) -> bytes:
        """The image in a block of data fragments."""
        raw = block.view(np.uint8)[:, : self.fragment_bytes].tobytes()
        return raw[: len(raw) - self.padding]
