"""Write the numbers of a detools patch, and its run-length compression (crle).

Source: detools documentation, patch format; the C decoder detools.c reads the same.
"""

from __future__ import annotations

import re
from typing import Final

_CONTINUES: Final = 0x80
_NEGATIVE: Final = 0x40
_SCATTERED, _REPEATED = 0, 1
_RUN: Final = re.compile(rb"(.)\1{5,}", re.DOTALL)  # shorter runs stay as they are


def signed(value: int) -> bytes:
    """A number with a sign: 6 bits in the first byte, 7 in each further one, least significant first."""
    rest = abs(value)
    packed = [(_NEGATIVE if value < 0 else 0) | (rest & 0x3F)]
    rest >>= 6
    while rest:
        packed.append(rest & 0x7F)
        rest >>= 7
    return bytes(byte | _CONTINUES for byte in packed[:-1]) + bytes(packed[-1:])


def _unsigned(value: int) -> bytes:
    packed = [value & 0x7F]
    while value := value >> 7:
        packed.append(value & 0x7F)
    return bytes(byte | _CONTINUES for byte in packed[:-1]) + bytes(packed[-1:])


def crle_compress(data: bytes) -> bytes:
    """Runs of six and more equal bytes as one, everything else as it is."""
    if not data:
        return bytes([_SCATTERED, 0])
    parts, at = [], 0
    for run in _RUN.finditer(data):
        if run.start() > at:
            parts += [bytes([_SCATTERED]), _unsigned(run.start() - at), data[at : run.start()]]
        parts += [bytes([_REPEATED]), _unsigned(run.end() - run.start()), run.group(1)]
        at = run.end()
    if at < len(data):
        parts += [bytes([_SCATTERED]), _unsigned(len(data) - at), data[at:]]
    return b"".join(parts)
