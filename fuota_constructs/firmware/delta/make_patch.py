"""Make a sequential patch: bsdiff finds what is alike, this writes it down as detools does."""

from __future__ import annotations

import bz2
import dataclasses
import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, Final

from fuota_constructs.firmware.delta.apply_patch import Compression, PatchFormatError, apply_patch
from fuota_constructs.firmware.delta.patch_numbers import crle_compress, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NUMBERS: Final[dict[Compression, int]] = {"none": 0, "crle": 2, "heatshrink": 4}
"""The first byte: the low four bits are the compression, the high four the kind of patch, 0 for sequential."""
_WINDOW_BITS, _LOOKAHEAD_BITS = 8, 7
"""What the C decoder is built for when nothing is said: it refuses other sizes."""
_REPETITIVE_BYTES: Final = 64 * 1024
_REPETITIVE_RATIO: Final = 100


class DeltaError(ValueError):
    """No patch can be made of these two files; the message says why."""


@dataclasses.dataclass(frozen=True)
class Patch:
    """A patch, and what it is for."""

    data: bytes
    """What is sent to the devices."""
    compression: Compression
    """What the device must be able to read."""
    base_sha256: str
    """Digest of the file the devices must have, in hex."""
    target_sha256: str
    """Digest of the file they have afterwards, in hex."""
    target_bytes: int
    """Bytes of that file."""

    @property
    def ratio(self) -> float:
        """How many times smaller than the whole image it is."""
        return self.target_bytes / len(self.data)


def make_patch(base: bytes, target: bytes, *, compressions: Sequence[Compression] = ("heatshrink", "crle")) -> Patch:
    """A patch from `base` to `target`, in the compression that makes it smallest, verified by applying it.

    `compressions`: those that the device can read, of `"heatshrink"` (window 8, lookahead 7), `"crle"` (no RAM for a
    window, best for tiny changes) and `"none"`. Raises `DeltaError` for files that are nothing but repetition, and
    ImportError where the packages of the extra `delta` are missing.
    """
    body = _body(base, target)
    made = {kind: _packed(kind, len(target), body) for kind in compressions}
    kind = min(made, key=lambda each: len(made[each]))
    if not _gives(base, made[kind], target):
        raise DeltaError("the patch was made and does not give the target back: please report this, with both files")
    return Patch(
        data=made[kind],
        compression=kind,
        base_sha256=hashlib.sha256(base).hexdigest(),
        target_sha256=hashlib.sha256(target).hexdigest(),
        target_bytes=len(target),
    )


def _gives(base: bytes, patch: bytes, target: bytes) -> bool:
    try:
        return apply_patch(base, patch) == target
    except PatchFormatError:
        return False


def _packed(kind: Compression, target_bytes: int, body: bytes) -> bytes:
    header = bytes([_NUMBERS[kind]]) + signed(target_bytes)
    return header + _COMPRESS[kind](body) if target_bytes else header


def _heatshrink(body: bytes) -> bytes:
    from heatshrink2 import compress

    packed: bytes = compress(body, window_sz2=_WINDOW_BITS, lookahead_sz2=_LOOKAHEAD_BITS)
    return bytes([(_WINDOW_BITS - 4) << 4 | (_LOOKAHEAD_BITS - 3)]) + packed


_COMPRESS: Final[dict[Compression, Callable[[bytes], bytes]]] = {
    "heatshrink": _heatshrink,
    "crle": crle_compress,
    "none": bytes,
}


def _body(base: bytes, target: bytes) -> bytes:
    """What the patch says, uncompressed: differences to add, bytes to insert, how far to move on in the base."""
    parts = [signed(0)]  # no data sections of a linker map
    for name, data in (("base", base), ("target", target)):
        if len(data) > _REPETITIVE_BYTES and len(zlib.compress(data, 1)) * _REPETITIVE_RATIO < len(data):
            raise DeltaError(f"the {name} is {len(data)} bytes of repetition: that is no firmware; check the file")
    for difference, extra, adjustment in _differences(base, target):
        parts += [signed(len(difference)), difference, signed(len(extra)), extra, signed(adjustment)]
    return b"".join(parts)


def _differences(base: bytes, target: bytes) -> list[tuple[bytes, bytes, int]]:
    """What bsdiff says, read back from its file: BSDIFF40, three lengths, then control, differences and extra bytes."""
    import bsdiff4

    patch: bytes = bsdiff4.diff(base, target)
    control_bytes, difference_bytes = struct.unpack_from("<QQ", patch, 8)
    control = bz2.decompress(patch[32 : 32 + control_bytes])
    differences = bz2.decompress(patch[32 + control_bytes : 32 + control_bytes + difference_bytes])
    extras = bz2.decompress(patch[32 + control_bytes + difference_bytes :])
    found, difference_at, extra_at = [], 0, 0
    for at in range(0, len(control), 24):
        difference, extra, adjustment = (_offset(control[at + part : at + part + 8]) for part in (0, 8, 16))
        found.append(
            (
                differences[difference_at : difference_at + difference],
                extras[extra_at : extra_at + extra],
                adjustment,
            )
        )
        difference_at += difference
        extra_at += extra
    return found


def _offset(eight: bytes) -> int:
    """Sign and magnitude, little endian."""
    number = int.from_bytes(eight, "little")
    return -(number & ~(1 << 63)) if number >> 63 else number
