"""The commands of TS003 on FPort 202, both versions: how a device learns the time that a session's start is given in.

The time is GPS time: seconds since 1980-01-06 without leap seconds, modulo 2^32.
Source: LoRa Alliance TS003-1.0.0 and TS003-2.0.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fuota_constructs.lorawan.package_messages import (
    Message,
    PackageVersionAns,
    PackageVersionReq,
    by_cid,
    decode_commands,
)

CLOCK_SYNC_PORT: Final = 202
CLOCK_SYNC_PACKAGE: Final = 1
GPS_EPOCH: Final = 315_964_800
"""The begin of GPS time in seconds since 1970-01-01."""
LEAP_SECONDS: Final = 18
"""How far GPS time is ahead of UTC since 2017-01-01 (IERS Bulletin C); none has been announced since."""


@dataclass(frozen=True)
class AppTimeReq(Message):
    """The device's own time, and that it wants to know by how much that is wrong."""

    device_time: int
    token_req: int
    ans_required: bool = False
    cid, uplink, length = 0x01, True, 5
    layout = (("device_time", 0, 32), ("token_req", 32, 4), ("ans_required", 36, 1))


@dataclass(frozen=True)
class AppTimeAns(Message):
    """Seconds to add to the device's time, signed; token_ans is the token_req it answers."""

    time_correction: int
    token_ans: int
    cid, uplink, length = 0x01, False, 5
    layout = (("time_correction", 0, 32), ("token_ans", 32, 4))
    signed = ("time_correction",)


@dataclass(frozen=True)
class DeviceAppTimePeriodicityReq(Message):
    """Asks the device to send AppTimeReq every 128 * 2^period seconds."""

    period: int
    cid, uplink, length = 0x02, False, 1
    layout = (("period", 0, 4),)


@dataclass(frozen=True)
class DeviceAppTimePeriodicityAns(Message):
    """Whether the device can do that, and its time."""

    time: int
    not_supported: bool = False
    cid, uplink, length = 0x02, True, 5
    layout = (("not_supported", 0, 1), ("time", 8, 32))


@dataclass(frozen=True)
class ForceDeviceResyncReq(Message):
    """Asks the device to send AppTimeReq, nb_transmissions times."""

    nb_transmissions: int
    cid, uplink, length = 0x03, False, 1
    layout = (("nb_transmissions", 0, 3),)


MESSAGES: Final[tuple[type[Message], ...]] = (
    PackageVersionReq,
    PackageVersionAns,
    AppTimeReq,
    AppTimeAns,
    DeviceAppTimePeriodicityReq,
    DeviceAppTimePeriodicityAns,
    ForceDeviceResyncReq,
)

_BY_CID: Final = by_cid(MESSAGES)


def decode_frame(frame: bytes, *, version: int, uplink: bool) -> list[Message]:
    """All commands of one application payload on the clock synchronization port.

    Raises MessageError for an empty frame, an unknown CID, or a cut-off command.
    """
    return decode_commands(frame, _BY_CID, document="TS003", version=version, uplink=uplink)


def gps_seconds(epoch_seconds: float) -> int:
    """GPS time modulo 2^32 of seconds since 1970-01-01, cut to whole ones."""
    return (int(epoch_seconds) - GPS_EPOCH + LEAP_SECONDS) % (1 << 32)


def time_correction(device_time: int, gps_time: int) -> int:
    """What AppTimeAns says to a device whose time is device_time: the shorter way round, -2^31 to 2^31 - 1."""
    return (gps_time - device_time + (1 << 31)) % (1 << 32) - (1 << 31)
