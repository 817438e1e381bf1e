"""The commands of TS005 on FPort 200, both versions: how a device learns of a multicast group and when to listen.

Source: LoRa Alliance TS005-1.0.0 and TS005-2.0.0 section 4. The set-up commands come by unicast only: a device ignores
them on a multicast address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from fuota_constructs.lorawan.package_messages import (
    Layout,
    Message,
    MessageError,
    PackageVersionAns,
    PackageVersionReq,
    by_cid,
    decode_commands,
)

MULTICAST_SETUP_PORT: Final = 200
MULTICAST_PACKAGE: Final = 2
MOST_GROUPS: Final = 4
"""McGroupID has two bits."""
FREQUENCY_STEP_HZ: Final = 100
"""DLFrequ counts in steps of 100 Hz."""
_GROUP_BYTES: Final = 5
_TIME_TO_START_BYTES: Final = 3


@dataclass(frozen=True)
class McGroupStatusReq(Message):
    """Asks which of the groups in the mask the device has."""

    req_group_mask: int
    cid, uplink, length = 0x01, False, 1
    layout = (("req_group_mask", 0, 4),)


@dataclass(frozen=True)
class McGroupStatusAns(Message):
    """The groups the device has: how many in all, and id and address of those that were asked for."""

    nb_total_groups: int
    groups: tuple[tuple[int, int], ...] = ()
    """(McGroupID, McAddr) of each, in the order of their ids."""
    cid, uplink, length = 0x01, True, 1
    layout = (("nb_total_groups", 4, 3),)

    def encode(self) -> bytes:
        """The status byte, whose mask is the ids of the list, then five bytes a group."""
        mask = 0
        listed = b""
        for group, address in self.groups:
            if not 0 <= group < MOST_GROUPS or mask >> group & 1:
                raise MessageError(f"McGroupStatusAns.groups has McGroupID {group}: it takes 0 to 3, each once")
            if not 0 <= address < 1 << 32:
                raise MessageError(f"McGroupStatusAns.groups has McAddr {address}: it takes 32 bits")
            mask |= 1 << group
            listed += bytes([group]) + address.to_bytes(4, "little")
        head = super().encode()
        return head[:1] + bytes([head[1] | mask]) + listed

    @classmethod
    def length_in(cls, payload: bytes) -> int:
        """One byte, and five for every bit of its mask."""
        return 1 + _GROUP_BYTES * (payload[0] & 0xF).bit_count() if payload else 1

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The list from its payload. Raises MessageError where it is cut off or its ids are not those of the mask."""
        if len(payload) != cls.length_in(payload):
            raise MessageError(f"McGroupStatusAns has {len(payload)} payload bytes: it takes {cls.length_in(payload)}")
        listed = [payload[at : at + _GROUP_BYTES] for at in range(1, len(payload), _GROUP_BYTES)]
        groups = tuple((each[0] & 0x3, int.from_bytes(each[1:], "little")) for each in listed)
        if sum(1 << group for group, _ in groups) != payload[0] & 0xF:
            raise MessageError("McGroupStatusAns lists other groups than its mask says")
        return cls(nb_total_groups=payload[0] >> 4 & 0x7, groups=groups)


@dataclass(frozen=True)
class McGroupSetupReq(Message):
    """Gives the device a group: its address, its key (encrypted with McKEKey) and the frame counts to accept."""

    mc_group_id: int
    mc_addr: int
    mc_key_encrypted: bytes
    min_mc_f_count: int
    max_mc_f_count: int
    cid, uplink, length = 0x02, False, 29
    layout = (
        ("mc_group_id", 0, 2),
        ("mc_addr", 8, 32),
        ("mc_key_encrypted", 40, 128),
        ("min_mc_f_count", 168, 32),
        ("max_mc_f_count", 200, 32),
    )


@dataclass(frozen=True)
class McGroupSetupAns(Message):
    """Whether the device took the group; id_error: it has no place of that id."""

    mc_group_id: int
    id_error: bool = False
    cid, uplink, length = 0x02, True, 1
    layout = (("mc_group_id", 0, 2), ("id_error", 2, 1))


@dataclass(frozen=True)
class McGroupDeleteReq(Message):
    """Takes a group away."""

    mc_group_id: int
    cid, uplink, length = 0x03, False, 1
    layout = (("mc_group_id", 0, 2),)


@dataclass(frozen=True)
class McGroupDeleteAns(Message):
    """The group is gone, or there was none."""

    mc_group_id: int
    mc_group_undefined: bool = False
    cid, uplink, length = 0x03, True, 1
    layout = (("mc_group_id", 0, 2), ("mc_group_undefined", 2, 1))


_SESSION: Final[Layout] = (
    ("mc_group_id", 0, 2),
    ("session_time", 8, 32),
    ("session_time_out", 40, 4),
    ("dl_frequ", 48, 24),
    ("dr", 72, 8),
)


@dataclass(frozen=True)
class McClassCSessionReq(Message):
    """Listen as class C from session_time (GPS seconds modulo 2^32) for 2^session_time_out seconds.

    `dl_frequ` is the frequency in steps of 100 Hz, `dr` the data rate.
    """

    mc_group_id: int
    session_time: int
    session_time_out: int
    dl_frequ: int
    dr: int
    cid, uplink, length = 0x04, False, 10
    layout = _SESSION


@dataclass(frozen=True)
class McClassBSessionReq(Message):
    """Listen as class B from session_time for 2^session_time_out beacon periods of 128 s.

    A beacon period has 2^(7 - periodicity) ping slots.
    """

    mc_group_id: int
    session_time: int
    session_time_out: int
    dl_frequ: int
    dr: int
    periodicity: int = 0
    cid, uplink, length = 0x05, False, 10
    layout = (*_SESSION, ("periodicity", 44, 3))


@dataclass(frozen=True)
class _ClassSessionAns(Message):
    """What the device made of a session; time_to_start (seconds) only without an error."""

    mc_group_id: int
    dr_error: bool = False
    freq_error: bool = False
    mc_group_undefined: bool = False
    time_to_start: int | None = None
    uplink, length = True, 1
    layout: ClassVar[Layout] = (
        ("mc_group_id", 0, 2),
        ("dr_error", 2, 1),
        ("freq_error", 3, 1),
        ("mc_group_undefined", 4, 1),
    )
    errors: ClassVar[int] = 0b1_1100

    def encode(self) -> bytes:
        """The status, and the time where no error is set."""
        status = super().encode()
        refused = bool(status[1] & self.errors)
        if refused != (self.time_to_start is None):
            raise MessageError(
                f"{type(self).__name__}.time_to_start is {self.time_to_start}: sent without an error, and only then"
            )
        if self.time_to_start is None:
            return status
        if not 0 <= self.time_to_start < 1 << 24:
            raise MessageError(f"{type(self).__name__}.time_to_start is {self.time_to_start}: it takes 0 to 16777215")
        return status + self.time_to_start.to_bytes(_TIME_TO_START_BYTES, "little")

    @classmethod
    def length_in(cls, payload: bytes) -> int:
        """One byte with an error, four without."""
        return 1 if payload and payload[0] & cls.errors else 1 + _TIME_TO_START_BYTES

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """The answer from its payload. Raises MessageError where it is cut off."""
        if len(payload) != cls.length_in(payload):
            raise MessageError(f"{cls.__name__} has {len(payload)} payload bytes: it takes {cls.length_in(payload)}")
        flags = {name: bool(payload[0] >> first & 1) for name, first, _ in cls.layout if name != "mc_group_id"}
        time = int.from_bytes(payload[1:], "little") if len(payload) > 1 else None
        return cls(mc_group_id=payload[0] & 0x3, time_to_start=time, **flags)


@dataclass(frozen=True)
class McClassCSessionAns(_ClassSessionAns):
    """The answer to McClassCSessionReq, version 1."""

    cid, versions = 0x04, (1,)


@dataclass(frozen=True)
class McClassBSessionAns(_ClassSessionAns):
    """The answer to McClassBSessionReq, version 1."""

    cid, versions = 0x05, (1,)


@dataclass(frozen=True)
class _ClassSessionAnsV2(_ClassSessionAns):
    start_missed: bool = False
    layout = (*_ClassSessionAns.layout, ("start_missed", 5, 1))
    errors = 0b11_1100


@dataclass(frozen=True)
class McClassCSessionAnsV2(_ClassSessionAnsV2):
    """The answer to McClassCSessionReq, version 2: the start may already be past."""

    cid, versions = 0x04, (2,)


@dataclass(frozen=True)
class McClassBSessionAnsV2(_ClassSessionAnsV2):
    """The answer to McClassBSessionReq, version 2: the start may already be past."""

    cid, versions = 0x05, (2,)


MESSAGES: Final[tuple[type[Message], ...]] = (
    PackageVersionReq,
    PackageVersionAns,
    McGroupStatusReq,
    McGroupStatusAns,
    McGroupSetupReq,
    McGroupSetupAns,
    McGroupDeleteReq,
    McGroupDeleteAns,
    McClassCSessionReq,
    McClassCSessionAns,
    McClassCSessionAnsV2,
    McClassBSessionReq,
    McClassBSessionAns,
    McClassBSessionAnsV2,
)

_BY_CID: Final = by_cid(MESSAGES)


def decode_frame(frame: bytes, *, version: int, uplink: bool) -> list[Message]:
    """All commands of one application payload on the multicast set-up port.

    Raises MessageError for an empty frame, an unknown CID, or a cut-off command.
    """
    return decode_commands(frame, _BY_CID, document="TS005", version=version, uplink=uplink)
