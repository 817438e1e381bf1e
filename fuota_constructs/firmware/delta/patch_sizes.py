"""How a detools patch writes numbers, and its run-length compression (crle).

Source: detools documentation, patch format; the C decoder detools.c reads the same.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_CONTINUES: Final = 0x80
_NEGATIVE: Final = 0x40
_SCATTERED, _REPEATED = 0, 1
_RUN: Final = re.compile(rb"(.)\1{5,}", re.DOTALL)  # shorter runs stay as they are


class PatchFormatError(ValueError):
    """The bytes are no patch that this format's decoders read."""


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


class Number(NamedTuple):
    """A number that was read, and the offset behind it."""

    value: int
    end: int


def read_signed(data: bytes, at: int) -> Number:
    """Read what `signed` wrote."""
    return _read(data, at, signed=True)


def _read(data: bytes, at: int, *, signed: bool) -> Number:
    value = shift = 0
    negative, bits = False, 6 if signed else 7
    for end in range(at, len(data)):
        byte = data[end]
        if end == at and signed:
            negative = bool(byte & _NEGATIVE)
        value |= (byte & ((1 << bits) - 1)) << shift
        shift += bits
        bits = 7
        if not byte & _CONTINUES:
            return Number(-value if negative else value, end + 1)
    raise PatchFormatError("it ends in the middle of a number")


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


def crle_decompress(data: bytes, most: int) -> bytes:
    """Undo `crle_compress`; more than `most` bytes are refused before they are made."""
    parts, at, size = [], 0, 0
    while at < len(data):
        kind = data[at]
        length, at = _read(data, at + 1, signed=False)
        size += length
        if kind not in (_SCATTERED, _REPEATED) or size > most:
            raise PatchFormatError(f"its compressed data has a segment of kind {kind} and {length} bytes")
        taken = length if kind == _SCATTERED else 1
        part = data[at : at + taken]
        if len(part) < taken:
            raise PatchFormatError("its compressed data ends in the middle of a segment")
        parts.append(part if kind == _SCATTERED else part * length)
        at += taken
    return b"".join(parts)
