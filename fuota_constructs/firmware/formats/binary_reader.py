"""Numbers out of bytes that may end too early: outside the file is None, never an exception."""

from __future__ import annotations


def little(data: bytes, offset: int, size: int) -> int | None:
    """An unsigned little-endian number, None where the file ends before it does."""
    part = data[offset : offset + size]
    return int.from_bytes(part, "little") if offset >= 0 and len(part) == size else None


def text(data: bytes, offset: int, size: int) -> str | None:
    """A zero-terminated text of printable ASCII; None where it is empty, cut off or something else."""
    part = data[offset : offset + size]
    if len(part) < size:
        return None
    plain = part.split(b"\0", 1)[0]
    return plain.decode("ascii") if plain and all(0x20 <= byte < 0x7F for byte in plain) else None  # noqa: PLR2004  # printable ASCII


def fill_at_end(data: bytes) -> int:
    """Length of the run of equal 0x00 or 0xFF bytes at the end."""
    if not data or data[-1:] not in (b"\x00", b"\xff"):
        return 0
    return len(data) - len(data.rstrip(data[-1:]))
