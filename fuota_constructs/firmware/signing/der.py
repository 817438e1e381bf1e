"""DER, as far as keys need it: what is inside a sequence, and a number."""

from __future__ import annotations

from typing import Final, NamedTuple

INTEGER, BIT_STRING, OCTET_STRING, OBJECT_ID, SEQUENCE = 0x02, 0x03, 0x04, 0x06, 0x30
_LONG: Final = 0x80
_MOST_LENGTH_BYTES: Final = 3


class DerError(ValueError):
    """It is not DER, or not what was asked for."""


class Element(NamedTuple):
    """One element: its tag, what is in it, and all its bytes."""

    tag: int
    value: bytes
    whole: bytes


def elements(data: bytes) -> list[Element]:
    """The elements that follow each other in some bytes.

    Raises:
        DerError: they do not fill the bytes.
    """
    found, offset = [], 0
    while offset < len(data):
        start, tag = offset, data[offset]
        size = data[offset + 1] if offset + 1 < len(data) else _LONG
        offset += 2
        if size >= _LONG:
            count = size - _LONG
            if not 1 <= count <= _MOST_LENGTH_BYTES:
                raise DerError("a length that no key has")
            size = int.from_bytes(data[offset : offset + count], "big")
            offset += count
        if offset + size > len(data):
            raise DerError("it ends too early")
        found.append(Element(tag, data[offset : offset + size], data[start : offset + size]))
        offset += size
    return found


def inside(data: bytes) -> list[Element]:
    """The elements inside the sequence that these bytes are.

    Raises:
        DerError: they are not one sequence.
    """
    outer = elements(data)
    if len(outer) != 1 or outer[0].tag != SEQUENCE:
        raise DerError("another element")
    return elements(outer[0].value)


def encoded(tag: int, *parts: bytes) -> bytes:
    """An element of these parts."""
    value = b"".join(parts)
    size = len(value)
    if size < _LONG:
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG + len(length)]) + length + value


def integer(number: int) -> bytes:
    """A number that is not negative, as an element."""
    return encoded(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def ecdsa_signature(r: int, s: int) -> bytes:
    """A signature of ECDSA as DER has it."""
    return encoded(SEQUENCE, integer(r), integer(s))
