"""The server's side of TS005: it sets devices up for multicast groups and sessions, over their uplinks.

A class A device hears a downlink right after an uplink of its own, and answers with the next one. All of an exchange is
worked out when its cause comes (a device joins a group, a session is scheduled); what it leads to counts from the time
that its last answer arrives.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fuota_constructs.local.fleet.cipher import decrypt, encrypt
from fuota_constructs.local.fleet.frames import commands_in
from fuota_constructs.local.fleet.multicast_package import BEACON_SECONDS
from fuota_constructs.lorawan.clock_sync import (
    CLOCK_SYNC_PORT,
    AppTimeAns,
    AppTimeReq,
    ForceDeviceResyncReq,
    gps_seconds,
    time_correction,
)
from fuota_constructs.lorawan.multicast.keys import mc_key_encrypted, mc_nwk_s_key
from fuota_constructs.lorawan.multicast.messages import (
    FREQUENCY_STEP_HZ,
    MOST_GROUPS,
    MULTICAST_SETUP_PORT,
    McClassBSessionReq,
    McClassCSessionReq,
    McGroupDeleteReq,
    McGroupSetupAns,
    McGroupSetupReq,
)
from fuota_constructs.lorawan.package_messages import PackageVersionAns, PackageVersionReq

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.lorawan.package_messages import Message

_LONGEST_SESSION_TIME_OUT: Final = 15
"""SessionTimeOut has 4 bits."""
MAX_F_COUNT: Final = (1 << 32) - 1
_PACKAGE_ASKED: Final = PackageVersionReq().encode()
_RESYNC: Final = ForceDeviceResyncReq(nb_transmissions=1).encode()


@dataclass
class Member:
    """A device in a group, as the server knows it; times are epoch seconds."""

    device: Device
    asked: float
    """When the answer to PackageVersionReq came, or was to come."""
    settled: float
    """When the answer to McGroupSetupReq came; as `asked` where the device has no such package."""
    version: int | None
    mc_group_id: int | None
    """None where the device refused it."""
    accepted: float | None = None
    """When the answer came that accepts the group's latest class session."""

    def ready(self, now: float) -> bool:
        """Whether the device is set up for the group."""
        return self.mc_group_id is not None and self.settled <= now


@dataclass(frozen=True)
class SessionOrder:
    """A class session of a group: start in epoch seconds, SessionTimeOut and Periodicity as TS005 writes them."""

    dl_class: str
    start: float
    time_out: int
    frequency_hz: int
    data_rate: int
    periodicity: int = 0

    def request(self, mc_group_id: int) -> bytes:
        """The command that orders it."""
        time, dl_frequ = gps_seconds(self.start), self.frequency_hz // FREQUENCY_STEP_HZ
        if self.dl_class == "ClassB":
            return McClassBSessionReq(
                mc_group_id, time, self.time_out, dl_frequ, self.data_rate, self.periodicity
            ).encode()
        return McClassCSessionReq(mc_group_id, time, self.time_out, dl_frequ, self.data_rate).encode()


@dataclass
class ServedGroup:
    """A group: its address, its key, and how many frames it has had. Address and key are made of its id."""

    id: str
    members: dict[str, Member] = field(default_factory=dict)
    f_count: int = 0

    def __post_init__(self) -> None:
        digest = hashlib.sha256(f"multicast group {self.id}".encode()).digest()
        self.mc_addr = int.from_bytes(digest[:4], "little")
        self.mc_key = digest[4:20]
        self.mc_nwk_s_key = mc_nwk_s_key(encrypt, self.mc_key, self.mc_addr)


def session_time_out(dl_class: str, seconds: float) -> int:
    """The least SessionTimeOut that lasts so long, or the most there is: 2^15 s or 2^15 beacon periods."""
    units = seconds / (BEACON_SECONDS if dl_class == "ClassB" else 1)
    return min(_LONGEST_SESSION_TIME_OUT, max(0, math.ceil(math.log2(max(units, 1)))))


class MulticastServer:
    """All groups of one service; devices send an uplink every `uplink_seconds`, each at times of its own."""

    def __init__(self, uplink_seconds: float) -> None:
        self.groups: dict[str, ServedGroup] = {}
        self._uplink_seconds = uplink_seconds
        self._next: dict[str, float] = {}  # by device: its first uplink that carries no exchange yet
        self._ids: dict[str, dict[str, int]] = {}  # by device: McGroupID of each of its groups

    def group(self, group_id: str) -> ServedGroup:
        """A group, made when it is first asked for."""
        return self.groups.setdefault(group_id, ServedGroup(group_id))

    def join(self, group_id: str, device: Device, now: float) -> None:
        """Set a device up for a group: PackageVersionReq, McGroupSetupReq."""
        group = self.group(group_id)
        first = self._uplink(device, now)
        asked = first + self._uplink_seconds
        said = self._ask(device, MULTICAST_SETUP_PORT, _PACKAGE_ASKED, first)
        versions = [answer.package_version for answer in said if isinstance(answer, PackageVersionAns)]
        self._next[device.id] = asked
        if not versions:
            group.members[device.id] = Member(device, asked, asked, None, None)
            return
        ids = self._ids.setdefault(device.id, {})
        # Where all four are taken the server asks for one of them all the same, and the device says no.
        number = next((each for each in range(MOST_GROUPS) if each not in ids.values()), len(ids) % MOST_GROUPS)
        request = McGroupSetupReq(
            mc_group_id=number,
            mc_addr=group.mc_addr,
            mc_key_encrypted=mc_key_encrypted(decrypt, device.mc_ke_key, group.mc_key),
            min_mc_f_count=group.f_count,
            max_mc_f_count=MAX_F_COUNT,
        )
        (answer,) = self._ask(device, MULTICAST_SETUP_PORT, request.encode(), asked)
        assert isinstance(answer, McGroupSetupAns)  # noqa: S101  # for mypy: so do our devices answer
        settled = self._next[device.id] = asked + self._uplink_seconds
        member = Member(device, asked, settled, versions[0], None if answer.id_error else number)
        group.members[device.id] = member
        if not answer.id_error:
            ids[group_id] = number

    def leave(self, group_id: str, device_id: str, now: float) -> None:
        """Take a group away from a device: McGroupDeleteReq."""
        member = self.groups[group_id].members.pop(device_id)
        if member.mc_group_id is not None:
            request = McGroupDeleteReq(member.mc_group_id).encode()
            self._ask(member.device, MULTICAST_SETUP_PORT, request, self._uplink(member.device, now))
            self._next[device_id] += self._uplink_seconds
            del self._ids[device_id][group_id]

    def tell_time(self, group_id: str, now: float) -> None:
        """Tell the devices of a group the time, who do not know it: a session's start is one."""
        for member in self.group(group_id).members.values():
            if member.mc_group_id is not None:
                self._tell_time(member.device, now)

    def order(self, group_id: str, order: SessionOrder, now: float) -> None:
        """Order a class session of a group: McClassBSessionReq or McClassCSessionReq to every device of it."""
        self.tell_time(group_id, now)
        for member in self.group(group_id).members.values():
            member.accepted = None
            if member.mc_group_id is None:
                continue
            at = self._uplink(member.device, now)
            said = self._ask(member.device, MULTICAST_SETUP_PORT, order.request(member.mc_group_id), at)
            self._next[member.device.id] = answered = at + self._uplink_seconds
            if any(getattr(answer, "time_to_start", None) is not None for answer in said):
                member.accepted = answered

    def _tell_time(self, device: Device, now: float) -> None:
        """ForceDeviceResyncReq, AppTimeReq, AppTimeAns."""
        if device.clock.synchronized:
            return
        at = self._uplink(device, now)
        self._next[device.id] = heard = at + self._uplink_seconds
        for asked in self._ask(device, CLOCK_SYNC_PORT, _RESYNC, at):
            if isinstance(asked, AppTimeReq):
                # The device's time is that of its frame: so is the server's, which the gateways stamp.
                answer = AppTimeAns(time_correction(asked.device_time, gps_seconds(at)), asked.token_req)
                self._ask(device, CLOCK_SYNC_PORT, answer.encode(), heard)
                self._next[device.id] = heard + self._uplink_seconds

    def _uplink(self, device: Device, now: float) -> float:
        """The next uplink of a device that may carry a new exchange."""
        if self._next.get(device.id, -math.inf) >= now:
            return self._next[device.id]
        every = self._uplink_seconds
        phase = device.phase * every
        self._next[device.id] = at = phase + (math.floor((now - phase) / every) + 1) * every
        return at

    @staticmethod
    def _ask(device: Device, port: int, frame: bytes, now: float) -> tuple[Message, ...]:
        uplink = device.answer(frame, port=port, now=now)
        return commands_in(uplink, port=port, version=device.version, uplink=True)
