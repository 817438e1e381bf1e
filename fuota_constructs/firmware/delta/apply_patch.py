"""Apply a sequential patch as a device does: a reader of the format of its own, which shares nothing with the writer.

Standard library only. Source: detools documentation (patch format, heatshrink and crle compression) and its C decoder,
detools.c, which devices are built with; heatshrink_decoder.c for the bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Compression = Literal["heatshrink", "crle", "none"]

COMPRESSIONS: Final[dict[int, Compression]] = {0: "none", 2: "crle", 4: "heatshrink"}
"""The low four bits of the first byte; the high four are the kind of patch, 0 is sequential."""
_WINDOW_8_LOOKAHEAD_7: Final = 0x44
_MOST_TARGET_BYTES: Final = 16 * 1024 * 1024
_AT_ONCE: Final = 4096
_CONTINUES, _NEGATIVE = 0x80, 0x40


class PatchFormatError(ValueError):
    """The bytes are no patch that this format's decoders read."""


class PatchFacts(NamedTuple):
    """What a patch says of itself: neither its base nor its target is among it."""

    compression: Compression
    target_bytes: int
    """Bytes of what it makes."""
    base_bytes: int
    """How far it reads in its base: a shorter base is a wrong one."""


class _Step(NamedTuple):
    """Take so many bytes at a place in the base and add the differences, then append the extra bytes."""

    place: int
    differences: bytes
    extra: bytes


def apply_patch(base: bytes, patch: bytes) -> bytes:
    """The target that a patch makes of a base.

    Raises `PatchFormatError` for what is no such patch, or leads outside the base. A wrong base is not told: the
    format has no digest, and the result is of the right length and wrong.
    """
    target = bytearray()
    for place, differences, extra in _steps(patch):
        if place + len(differences) > len(base):
            raise PatchFormatError(f"it reads {len(differences)} bytes at {place} of a base of {len(base)}")
        target += _sum(base[place : place + len(differences)], differences)
        target += extra
    return bytes(target)


def read_patch(patch: bytes) -> PatchFacts:
    """What a patch says, read to its end without a base. Raises `PatchFormatError` for what is none."""
    compression, size, _ = _header(patch)
    furthest = max((step.place + len(step.differences) for step in _steps(patch)), default=0)
    return PatchFacts(compression, size, furthest)


def is_patch(data: bytes) -> bool:
    """Whether a file is such a patch: the format has no magic, but each part of it has to lead to the next one."""
    try:
        return read_patch(data).target_bytes > 0
    except PatchFormatError:
        return False


def _header(patch: bytes) -> tuple[Compression, int, int]:
    if not patch or patch[0] not in COMPRESSIONS:
        raise PatchFormatError("it is no sequential patch with heatshrink, crle or no compression")
    head = _Stream(patch[each : each + 1] for each in range(1, len(patch)))
    size = head.signed()
    if not 0 <= size <= _MOST_TARGET_BYTES:
        raise PatchFormatError(f"it says that its target has {size} bytes")
    return COMPRESSIONS[patch[0]], size, 1 + head.taken


def _steps(patch: bytes) -> Iterator[_Step]:
    compression, left, at = _header(patch)
    if not left:
        return
    body = _Stream(_DECOMPRESS[compression](patch[at:]))
    if body.signed():
        raise PatchFormatError("it is made with a linker map (data format), which decoders on devices do not read")
    place = 0
    while left:
        differences = body.part(left)
        if place < 0:
            raise PatchFormatError(f"it reads before its base, at {place}")
        extra = body.part(left - len(differences))
        left -= len(differences) + len(extra)
        yield _Step(place, differences, extra)
        place += len(differences) + body.signed()


def _sum(old: bytes, difference: bytes) -> bytes:
    """Byte by byte, modulo 256."""
    return bytes((one + other) & 0xFF for one, other in zip(old, difference, strict=True)) if any(difference) else old


class _Stream:
    """Decompressed bytes, no more of them than are asked for: what is behind the target is never looked at."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._here, self._at = chunks, b"", 0
        self.taken = 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        parts = []
        while (missing := size - (len(self._here) - self._at)) > 0:
            parts.append(self._here[self._at :])
            size -= len(parts[-1])
            self.taken += len(parts[-1])
            self._here, self._at = next(self._chunks, b""), 0
            if not self._here:
                raise PatchFormatError(f"it ends {missing} bytes too early")
        parts.append(self._here[self._at : self._at + size])
        self._at += size
        self.taken += size
        return b"".join(parts)

    def part(self, most: int) -> bytes:
        """A length and so many bytes."""
        length = self.signed()
        if not 0 <= length <= most:
            raise PatchFormatError(f"it has a part of {length} bytes where {most} are left")
        return self.take(length)

    def signed(self) -> int:
        """A number: sign and 6 bits in the first byte, 7 in each further one, least significant first."""
        (byte,) = self.take(1)
        negative, value, shift = byte & _NEGATIVE, byte & 0x3F, 6
        while byte & _CONTINUES:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if value > _MOST_TARGET_BYTES:
                raise PatchFormatError(f"it has the number {value}")
        return -value if negative else value


def _plain(data: bytes) -> Iterator[bytes]:
    yield data


def _crle(data: bytes) -> Iterator[bytes]:
    """Segments: 0, a length and so many bytes, or 1, a length and the byte that is repeated."""
    at = 0
    while at < len(data):
        kind, length, shift = data[at], 0, 0
        while True:
            at += 1
            if at == len(data) or shift > 28:  # noqa: PLR2004  # more bits than any length has
                raise PatchFormatError("its compressed data ends in the middle of a number")
            length |= (data[at] & 0x7F) << shift
            shift += 7
            if not data[at] & _CONTINUES:
                break
        at += 1
        taken = data[at : at + (length if kind == 0 else 1)]
        if kind > 1 or length > _MOST_TARGET_BYTES or len(taken) != (length if kind == 0 else 1):
            raise PatchFormatError(f"its compressed data has a segment of kind {kind} and {length} bytes")
        at += len(taken)
        yield taken if kind == 0 else taken * length


def _heatshrink(data: bytes) -> Iterator[bytes]:
    """Bits: 1 and a byte, or 0, how far back (8 bits, less 1) and how many bytes to take there (7 bits, less 1).

    The byte before them says window and lookahead, in half bytes from 4 and from 3 on. What lies before the begin is 0.
    """
    if not data or data[0] != _WINDOW_8_LOOKAHEAD_7:
        raise PatchFormatError("its compression has another window than 8 or another lookahead than 7")
    out, told, bits, held = bytearray(256), 256, 0, 0
    coming = iter(data[1:])
    while True:
        while held < 16:  # noqa: PLR2004  # as many as the longer of the two takes
            byte = next(coming, None)
            if byte is None:
                break
            bits, held = bits << 8 | byte, held + 8
        if held >= 9 and bits >> held - 1:  # noqa: PLR2004  # bits of a literal, of a copy
            held -= 9
            out.append(bits >> held & 0xFF)
        elif held >= 16 and not bits >> held - 1:  # noqa: PLR2004  # bits of a literal, of a copy
            held -= 16
            back, length = (bits >> held + 7 & 0xFF) + 1, (bits >> held & 0x7F) + 1
            found = out[-back:][:length]
            out += (found * (length // back + 1))[:length] if length > back else found
        else:
            break
        bits &= (1 << held) - 1
        if len(out) - told >= _AT_ONCE:
            yield bytes(out[told:])
            out, told = out[-256:], 256
    if len(out) > told:
        yield bytes(out[told:])


_DECOMPRESS: Final = {"none": _plain, "crle": _crle, "heatshrink": _heatshrink}
