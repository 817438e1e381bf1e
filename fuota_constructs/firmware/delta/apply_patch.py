"""Apply a sequential patch, as a device does."""

from __future__ import annotations

from typing import Final

from fuota_constructs.firmware.delta.patch_sizes import PatchFormatError, crle_decompress, read_signed

COMPRESSIONS: Final = {"none": 0, "crle": 2, "heatshrink": 4}
"""The low four bits of the first byte; the high four are the kind of patch, 0 is sequential."""
WINDOW_BITS: Final = 8
LOOKAHEAD_BITS: Final = 7
"""What the C decoder is built for when nothing is said: other sizes are refused by it."""
HEATSHRINK_HEADER: Final = bytes([(WINDOW_BITS - 4) << 4 | (LOOKAHEAD_BITS - 3)])
_MOST_TARGET_BYTES: Final = 16 * 1024 * 1024


def apply_patch(base: bytes, patch: bytes) -> bytes:
    """The target that a patch makes of a base.

    Raises `PatchFormatError` for what is no such patch, or leads outside the base. A wrong base is not told: the
    format has no digest, and the result is of the right length and wrong.
    """
    if not patch or patch[0] not in COMPRESSIONS.values():
        raise PatchFormatError("it is no sequential patch with heatshrink, crle or no compression")
    size, at = read_signed(patch, 1)
    if not 0 <= size <= _MOST_TARGET_BYTES:
        raise PatchFormatError(f"it says that its target has {size} bytes")
    if not size:
        return b""
    # Differences, insertions and the numbers between them: at worst a few bytes of number for every byte of target.
    body = _decompressed(patch[0], patch[at:], most=24 * size + 64)
    _, at = read_signed(body, 0)
    target, place = bytearray(), 0
    while len(target) < size:
        length, at = read_signed(body, at)
        difference = _part(body, at, length, size - len(target))
        at += length
        if not 0 <= place <= len(base) - length:
            raise PatchFormatError(f"it reads {length} bytes at {place} of a base of {len(base)}")
        target += _sum(base[place : place + length], difference)
        place += length
        length, at = read_signed(body, at)
        target += _part(body, at, length, size - len(target))
        at += length
        adjustment, at = read_signed(body, at)
        place += adjustment
    return bytes(target)


def _part(body: bytes, at: int, length: int, most: int) -> bytes:
    part = body[at : at + length] if 0 <= length <= most else b""
    if len(part) != length:
        raise PatchFormatError(f"it has a part of {length} bytes where {most} are left")
    return part


def _sum(old: bytes, difference: bytes) -> bytes:
    """Byte by byte, modulo 256."""
    return bytes((one + other) & 0xFF for one, other in zip(old, difference, strict=True)) if any(difference) else old


def _decompressed(kind: int, data: bytes, *, most: int) -> bytes:
    if kind == COMPRESSIONS["none"]:
        return data
    if kind == COMPRESSIONS["crle"]:
        return crle_decompress(data, most)
    from heatshrink2 import decompress

    if data[:1] != HEATSHRINK_HEADER:
        raise PatchFormatError("its compression has another window than 8 or another lookahead than 7")
    body: bytes = decompress(data[1:], window_sz2=WINDOW_BITS, lookahead_sz2=LOOKAHEAD_BITS)
    return body
