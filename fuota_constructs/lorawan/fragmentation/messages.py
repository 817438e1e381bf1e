"""The commands of TS004 on FPort 201, both versions: what a server and a device say about a fragmentation session.

Every command is one byte of CID and a payload. Multi-byte fields are little endian, so a payload read as one
little-endian integer holds every field as a run of bits: the tables below give (name, first bit, bits). Bits without a
name are reserved: sent as 0, ignored on reception.

Source: LoRa Alliance TS004-1.0.0 and TS004-2.0.0 section 3. Version 2 is not compatible with version 1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, Self

from fuota_constructs.lorawan.fragmentation.parity import VERSIONS
from fuota_constructs.lorawan.fragments import DATA_FRAGMENT_HEADER_BYTES, INDEX_BITS, MAX_ENCODED_FRAGMENTS

FRAGMENTATION_PORT: Final = 201
PACKAGE_IDENTIFIER: Final = 3

Layout = tuple[tuple[str, int, int], ...]


class MessageError(ValueError):
    """Bytes that are no TS004 command, or a field that does not fit its bits."""


@dataclass(frozen=True)
class Message:
    """One command. Subclasses name the fields; integers are unsigned, flags are bool, opaque fields are bytes."""

    cid: ClassVar[int]
    uplink: ClassVar[bool]
    versions: ClassVar[tuple[int, ...]] = VERSIONS
    length: ClassVar[int]
    layout: ClassVar[Layout]

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
        if not 0 <= value < 1 << width:
            raise MessageError(f"{type(self).__name__}.{name} is {value}: it takes 0 to {(1 << width) - 1}")
        return int(value)

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
            values[name] = (
                number.to_bytes(width // 8, "little") if kind == "bytes" else bool(number) if kind == "bool" else number
            )
        return cls(**values)


@dataclass(frozen=True)
class PackageVersionReq(Message):
    """Asks which package and version the device runs."""

    cid, uplink, length, layout = 0x00, False, 0, ()


@dataclass(frozen=True)
class PackageVersionAns(Message):
    """Package 3 is fragmentation; package_version 1 is TS004-1.0.0, 2 is TS004-2.0.0."""

    package_identifier: int
    package_version: int
    cid, uplink, length = 0x00, True, 2
    layout = (("package_identifier", 0, 8), ("package_version", 8, 8))


@dataclass(frozen=True)
class FragSessionStatusReq(Message):
    """Asks for progress: of every device (participants), or only of those that miss fragments."""

    frag_index: int
    participants: bool
    cid, uplink, length = 0x01, False, 1
    layout = (("participants", 0, 1), ("frag_index", 1, 2))


@dataclass(frozen=True)
class FragSessionStatusAns(Message):
    """Progress, version 1. missing_frag saturates at 255."""

    frag_index: int
    nb_frag_received: int
    missing_frag: int
    not_enough_matrix_memory: bool
    cid, uplink, versions, length = 0x01, True, (1,), 4
    layout = (
        ("nb_frag_received", 0, 14),
        ("frag_index", 14, 2),
        ("missing_frag", 16, 8),
        ("not_enough_matrix_memory", 24, 1),
    )


@dataclass(frozen=True)
class FragSessionStatusAnsV2(Message):
    """Progress, version 2: the status comes first."""

    frag_index: int
    nb_frag_received: int
    missing_frag: int
    memory_error: bool
    mic_error: bool
    session_does_not_exist: bool
    cid, uplink, versions, length = 0x01, True, (2,), 4
    layout = (
        ("memory_error", 0, 1),
        ("mic_error", 1, 1),
        ("session_does_not_exist", 2, 1),
        ("nb_frag_received", 8, 14),
        ("frag_index", 22, 2),
        ("missing_frag", 24, 8),
    )


_SETUP: Final = (
    ("mc_group_bit_mask", 0, 4),
    ("frag_index", 4, 2),
    ("nb_frag", 8, 16),
    ("frag_size", 24, 8),
    ("block_ack_delay", 32, 3),
    ("frag_algo", 35, 3),
    ("padding", 40, 8),
    ("descriptor", 48, 32),
)


@dataclass(frozen=True)
class FragSessionSetupReq(Message):
    """Opens a session, version 1. frag_algo (named FragmentationMatrix there): 0 is the only one defined."""

    frag_index: int
    mc_group_bit_mask: int
    nb_frag: int
    frag_size: int
    padding: int
    descriptor: bytes = bytes(4)
    frag_algo: int = 0
    block_ack_delay: int = 0
    cid, uplink, versions, length = 0x02, False, (1,), 10
    layout = _SETUP


@dataclass(frozen=True)
class FragSessionSetupReqV2(Message):
    """Opens a session, version 2: with a session counter against replay and a MIC of the data block."""

    frag_index: int
    mc_group_bit_mask: int
    nb_frag: int
    frag_size: int
    padding: int
    session_cnt: int
    mic: bytes
    descriptor: bytes = bytes(4)
    frag_algo: int = 0
    block_ack_delay: int = 0
    ack_reception: bool = False
    cid, uplink, versions, length = 0x02, False, (2,), 16
    layout = (*_SETUP, ("ack_reception", 38, 1), ("session_cnt", 80, 16), ("mic", 96, 32))


_SETUP_ANSWER: Final = (
    ("frag_algo_unsupported", 0, 1),
    ("not_enough_memory", 1, 1),
    ("frag_index_unsupported", 2, 1),
    ("wrong_descriptor", 3, 1),
    ("frag_index", 6, 2),
)


@dataclass(frozen=True)
class FragSessionSetupAns(Message):
    """What the device made of the set-up, version 1; no flag set means accepted."""

    frag_index: int
    frag_algo_unsupported: bool = False
    not_enough_memory: bool = False
    frag_index_unsupported: bool = False
    wrong_descriptor: bool = False
    cid, uplink, versions, length = 0x02, True, (1,), 1
    layout = _SETUP_ANSWER


@dataclass(frozen=True)
class FragSessionSetupAnsV2(Message):
    """What the device made of the set-up, version 2; no flag set means accepted."""

    frag_index: int
    frag_algo_unsupported: bool = False
    not_enough_memory: bool = False
    frag_index_unsupported: bool = False
    wrong_descriptor: bool = False
    session_cnt_replay: bool = False
    cid, uplink, versions, length = 0x02, True, (2,), 1
    layout = (*_SETUP_ANSWER, ("session_cnt_replay", 4, 1))


@dataclass(frozen=True)
class FragSessionDeleteReq(Message):
    """Ends a session."""

    frag_index: int
    cid, uplink, length = 0x03, False, 1
    layout = (("frag_index", 0, 2),)


@dataclass(frozen=True)
class FragSessionDeleteAns(Message):
    """The session is gone, or there was none."""

    frag_index: int
    session_does_not_exist: bool = False
    cid, uplink, length = 0x03, True, 1
    layout = (("frag_index", 0, 2), ("session_does_not_exist", 2, 1))


@dataclass(frozen=True)
class FragDataBlockReceivedReq(Message):
    """The device has the whole block (version 2, where ack_reception was asked for)."""

    frag_index: int
    mic_error: bool = False
    cid, uplink, versions, length = 0x04, True, (2,), 1
    layout = (("frag_index", 0, 2), ("mic_error", 2, 1))


@dataclass(frozen=True)
class FragDataBlockReceivedAns(Message):
    """The server has heard it (version 2)."""

    frag_index: int
    cid, uplink, versions, length = 0x04, False, (2,), 1
    layout = (("frag_index", 0, 2),)


@dataclass(frozen=True)
class DataFragment(Message):
    """One fragment; n counts from 1 over data, then coded fragments. It is the only command of its frame."""

    frag_index: int
    n: int
    payload: bytes
    cid, uplink, length = 0x08, False, DATA_FRAGMENT_HEADER_BYTES - 1
    layout = (("n", 0, INDEX_BITS), ("frag_index", INDEX_BITS, 2))

    def encode(self) -> bytes:
        """CID, FragIndex and N, then the fragment."""
        if not self.payload:
            raise MessageError("DataFragment.payload is empty: a fragment has 1 to 255 bytes")
        return super().encode() + self.payload

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The fragment from its payload. Raises MessageError where there is no fragment in it."""
        if len(payload) <= cls.length:
            raise MessageError(f"DataFragment has {len(payload)} payload bytes: it takes 2 and the fragment")
        head = int.from_bytes(payload[: cls.length], "little")
        return cls(frag_index=head >> INDEX_BITS, n=head & MAX_ENCODED_FRAGMENTS, payload=bytes(payload[cls.length :]))


MESSAGES: Final[tuple[type[Message], ...]] = (
    PackageVersionReq,
    PackageVersionAns,
    FragSessionStatusReq,
    FragSessionStatusAns,
    FragSessionStatusAnsV2,
    FragSessionSetupReq,
    FragSessionSetupReqV2,
    FragSessionSetupAns,
    FragSessionSetupAnsV2,
    FragSessionDeleteReq,
    FragSessionDeleteAns,
    FragDataBlockReceivedReq,
    FragDataBlockReceivedAns,
    DataFragment,
)

_BY_CID: Final = {
    (version, message.uplink, message.cid): message for message in MESSAGES for version in message.versions
}


def decode_frame(frame: bytes, *, version: int, uplink: bool) -> list[Message]:
    """All commands of one application payload on the fragmentation port.

    Raises MessageError for an empty frame, an unknown CID, a cut-off command, or a DataFragment that is not alone.
    """
    if not frame:
        raise MessageError("the frame is empty: a command starts with its CID")
    found: list[Message] = []
    rest = bytes(frame)
    while rest:
        kind = _BY_CID.get((version, uplink, rest[0]))
        if kind is None:
            direction = "uplink" if uplink else "downlink"
            raise MessageError(f"CID 0x{rest[0]:02x} is no {direction} command of TS004 version {version}")
        if kind is DataFragment:
            if found:
                raise MessageError("a DataFragment shares its frame: it must be the only command")
            return [DataFragment.decode(rest[1:])]
        found.append(kind.decode(rest[1 : 1 + kind.length]))
        rest = rest[1 + kind.length :]
    return found
