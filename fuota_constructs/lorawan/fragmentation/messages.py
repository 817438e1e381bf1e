"""The commands of TS004 on FPort 201, both versions: what a server and a device say about a fragmentation session.

Source: LoRa Alliance TS004-1.0.0 and TS004-2.0.0 section 3. Version 2 is not compatible with version 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from fuota_constructs.lorawan.fragments import DATA_FRAGMENT_HEADER_BYTES, INDEX_BITS, MAX_ENCODED_FRAGMENTS
from fuota_constructs.lorawan.package_messages import (
    Message,
    MessageError,
    PackageVersionAns,
    PackageVersionReq,
    by_cid,
    decode_commands,
)

FRAGMENTATION_PORT: Final = 201
PACKAGE_IDENTIFIER: Final = 3


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
        if self.n == 0:
            raise MessageError("DataFragment.n is 0: fragments count from 1")
        return super().encode() + self.payload

    @classmethod
    def length_in(cls, payload: bytes) -> int:
        """It goes on to the end of its frame."""
        return len(payload)

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The fragment from its payload. Raises MessageError where there is no fragment in it."""
        if len(payload) <= cls.length:
            raise MessageError(f"DataFragment has {len(payload)} payload bytes: it takes 2 and the fragment")
        head = int.from_bytes(payload[: cls.length], "little")
        if not head & MAX_ENCODED_FRAGMENTS:
            raise MessageError("DataFragment has index 0: fragments count from 1")
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

_BY_CID: Final = by_cid(MESSAGES)


def decode_frame(frame: bytes, *, version: int, uplink: bool) -> list[Message]:
    """All commands of one application payload on the fragmentation port.

    Raises MessageError for an empty frame, an unknown CID, a cut-off command, or a DataFragment that is not alone.
    """
    found = decode_commands(frame, _BY_CID, document="TS004", version=version, uplink=uplink)
    if len(found) > 1 and any(isinstance(each, DataFragment) for each in found):
        raise MessageError("a DataFragment shares its frame: it must be the only command")
    return found
