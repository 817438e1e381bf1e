"""How the application packages of LoRaWAN (TS003 to TS006) write their commands: one byte of CID and a payload.

Multi-byte fields are little endian, so a payload read as one little-endian integer holds every field as a run of bits:
a command's `layout` gives (name, first bit, bits). Bits without a name are reserved: sent as 0, ignored on reception.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from fuota_constructs.lorawan.fragments import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Layout = tuple[tuple[str, int, int], ...]


class MessageError(ValueError):
    """Bytes that are no command of the package, or a field that does not fit its bits."""


@dataclass(frozen=True)
class Message:
    """One command. Subclasses name the fields; integers are unsigned but for those in `signed` (two's complement),
    flags are bool, opaque fields are bytes.
    """

    cid: ClassVar[int]
    uplink: ClassVar[bool]
    versions: ClassVar[tuple[int, ...]] = VERSIONS
    length: ClassVar[int]
    layout: ClassVar[Layout]
    signed: ClassVar[tuple[str, ...]] = ()

    def encode(self) -> bytes:
        """CID and payload, as sent. Raises MessageError where a field does not fit."""
        packed = 0
        for name, first, width in self.layout:
            packed |= self._number(name, width) << first
        return bytes([self.cid]) + packed.to_bytes(self.length, "little")

    def _number(self, name: str, width: int) -> int:
        value = getattr(self, name)
        if isinstance(value, bytes):
            if len(value) * 8 != width:
                raise MessageError(f"{type(self).__name__}.{name} has {len(value)} bytes: it takes {width // 8}")
            return int.from_bytes(value, "little")
        least = -1 << width - 1 if name in self.signed else 0
        if not least <= value < least + (1 << width):
            raise MessageError(
                f"{type(self).__name__}.{name} is {value}: it takes {least} to {least + (1 << width) - 1}"
            )
        return int(value) % (1 << width)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The command from its payload (without the CID). Raises MessageError where the length is wrong."""
        if len(payload) != cls.length:
            raise MessageError(f"{cls.__name__} has {len(payload)} payload bytes: it takes {cls.length}")
        packed = int.from_bytes(payload, "little")
        kinds = {field.name: field.type for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, first, width in cls.layout:
            number = packed >> first & (1 << width) - 1
            kind = kinds[name]
            if name in cls.signed and number >> width - 1:
                number -= 1 << width
            values[name] = (
                number.to_bytes(width // 8, "little") if kind == "bytes" else bool(number) if kind == "bool" else number
            )
        return cls(**values)

    @classmethod
    def length_in(cls, payload: bytes) -> int:
        """Bytes of this command's payload at the beginning of `payload`: for most commands always the same."""
        del payload
        return cls.length


@dataclass(frozen=True)
class PackageVersionReq(Message):
    """Asks which package and version the device runs."""

    cid, uplink, length, layout = 0x00, False, 0, ()


@dataclass(frozen=True)
class PackageVersionAns(Message):
    """Package 2 is multicast set-up, 3 fragmentation; package_version 1 is 1.0.0 of its document, 2 is 2.0.0."""

    package_identifier: int
    package_version: int
    cid, uplink, length = 0x00, True, 2
    layout = (("package_identifier", 0, 8), ("package_version", 8, 8))


def by_cid(messages: Iterable[type[Message]]) -> dict[tuple[int, bool, int], type[Message]]:
    """The commands of a package by version, direction and CID."""
    return {(version, message.uplink, message.cid): message for message in messages for version in message.versions}


def decode_commands(
    frame: bytes, known: Mapping[tuple[int, bool, int], type[Message]], *, document: str, version: int, uplink: bool
) -> list[Message]:
    """All commands of one application payload; `document` is the name of the package's document in messages.

    Raises MessageError for an empty frame, an unknown CID, or a cut-off command.
    """
    if not frame:
        raise MessageError("the frame is empty: a command starts with its CID")
    found: list[Message] = []
    rest = bytes(frame)
    while rest:
        kind = known.get((version, uplink, rest[0]))
        if kind is None:
            direction = "uplink" if uplink else "downlink"
            raise MessageError(f"CID 0x{rest[0]:02x} is no {direction} command of {document} version {version}")
        end = 1 + kind.length_in(rest[1:])
        found.append(kind.decode(rest[1:end]))
        rest = rest[end:]
    return found
