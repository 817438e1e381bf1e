"""The multicast package (TS005) of a device: the groups it was told of, their keys, and when it listens to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.fleet.cipher import encrypt
from fuota_constructs.lorawan.multicast.keys import mc_app_s_key, mc_key, mc_nwk_s_key
from fuota_constructs.lorawan.multicast.messages import (
    FREQUENCY_STEP_HZ,
    MOST_GROUPS,
    MULTICAST_PACKAGE,
    McClassBSessionAns,
    McClassBSessionAnsV2,
    McClassBSessionReq,
    McClassCSessionAns,
    McClassCSessionAnsV2,
    McClassCSessionReq,
    McGroupDeleteAns,
    McGroupDeleteReq,
    McGroupSetupAns,
    McGroupSetupReq,
    McGroupStatusAns,
    McGroupStatusReq,
)
from fuota_constructs.lorawan.package_messages import Message, PackageVersionAns, PackageVersionReq

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.fleet.device_clock import DeviceClock
    from fuota_constructs.lorawan.regions import Region

BEACON_SECONDS: Final = 128
"""SessionTimeOut counts 2^n s in class C, 2^n beacon periods in class B (TS005-1.0.0)."""
MOST_SECONDS_TO_START: Final = (1 << 24) - 1


@dataclass
class ClassSession:
    """A multicast session of class B or C: the device listens from start to end, in epoch seconds.

    In class B it hears one frame in so many seconds, on average: those from one ping slot to the next.
    """

    dl_class: str
    start: float
    end: float
    seconds_a_ping_slot: int | None = None


@dataclass
class McGroup:
    """What a device keeps of a group; it takes frames whose count is from min_f_count to below max_f_count."""

    mc_addr: int
    mc_app_s_key: bytes
    mc_nwk_s_key: bytes
    min_f_count: int
    max_f_count: int
    session: ClassSession | None = None


class MulticastPackage:
    """The groups of one device, by McGroupID, of which it knows those below `most_groups`.

    `dl_class` is the only class it has, None both; `region` what its radio is built for, None anything. With
    `class_b_as_class_c` it takes a class B session for one of class C, its time-out in seconds.
    """

    def __init__(
        self,
        version: int,
        clock: DeviceClock,
        transport_key: bytes,
        *,
        dl_class: str | None,
        region: Region | None,
        class_b_as_class_c: bool = False,
        most_groups: int = MOST_GROUPS,
    ) -> None:
        self.groups: dict[int, McGroup] = {}
        self._mc_ke_key = transport_key
        self.region = region
        self._version = version
        self._clock = clock
        self._dl_class = dl_class
        self._most_groups = most_groups
        # Assumed: who takes class B for class C hears the ping slots, because it listens all the time.
        self._class_b_seconds = 1 if class_b_as_class_c else BEACON_SECONDS

    def answer(self, command: Message, now: float) -> Message | None:
        """Take a command of TS005."""
        match command:
            case PackageVersionReq():
                return PackageVersionAns(package_identifier=MULTICAST_PACKAGE, package_version=self._version)
            case McGroupStatusReq() | McGroupSetupReq() | McGroupDeleteReq():
                return self._group(command)
            case McClassCSessionReq():
                return self._start(command, now, "ClassC", 1 << command.session_time_out)
            case McClassBSessionReq():
                return self._start(command, now, "ClassB", self._class_b_seconds << command.session_time_out)
        return None

    def _group(self, asked: McGroupStatusReq | McGroupSetupReq | McGroupDeleteReq) -> Message:
        if isinstance(asked, McGroupStatusReq):
            listed = [(number, group.mc_addr) for number, group in sorted(self.groups.items())]
            return McGroupStatusAns(len(listed), tuple(each for each in listed if asked.req_group_mask >> each[0] & 1))
        if isinstance(asked, McGroupDeleteReq):
            gone = self.groups.pop(asked.mc_group_id, None)
            return McGroupDeleteAns(asked.mc_group_id, mc_group_undefined=gone is None)
        return self._set_up(asked)

    def _set_up(self, asked: McGroupSetupReq) -> McGroupSetupAns:
        there = self.groups.get(asked.mc_group_id)
        taken = there is not None and there.mc_addr != asked.mc_addr
        if taken or asked.mc_group_id >= self._most_groups:
            # All ids may be taken: assumed, a group has to be deleted before another takes its place. TS005 lets a
            # device support fewer than four groups, which says the same of those it has no place for.
            return McGroupSetupAns(asked.mc_group_id, id_error=True)
        key = mc_key(encrypt, self._mc_ke_key, asked.mc_key_encrypted)
        self.groups[asked.mc_group_id] = McGroup(
            asked.mc_addr,
            mc_app_s_key(encrypt, key, asked.mc_addr),
            mc_nwk_s_key(encrypt, key, asked.mc_addr),
            asked.min_mc_f_count,
            asked.max_mc_f_count,
        )
        return McGroupSetupAns(asked.mc_group_id)

    def _start(
        self, asked: McClassCSessionReq | McClassBSessionReq, now: float, dl_class: str, seconds: int
    ) -> Message | None:
        if self._dl_class not in (None, dl_class):
            return None  # TS005 has no word for it
        group, left = self.groups.get(asked.mc_group_id), asked.session_time - self._clock.time(now)
        errors: dict[str, Any] = {
            "dr_error": self.region is not None and self.region.data_rate(asked.dr) is None,
            "freq_error": not self._has_frequency(asked.dl_frequ * FREQUENCY_STEP_HZ),
            "mc_group_undefined": group is None,
        }
        if left <= 0:
            # TS005-1.0.0 has no bit for it: as LoRaMac-node, which sets that of an undefined group.
            errors["mc_group_undefined" if self._version == 1 else "start_missed"] = True
        if group is not None and not any(errors.values()):
            # 2^(7 - Periodicity) ping slots in the 128 s of a beacon period. Whoever takes class B for class C listens
            # all the time, but nothing is sent outside of them.
            slot = 1 << asked.periodicity if isinstance(asked, McClassBSessionReq) else None
            group.session = ClassSession(dl_class, int(now) + left, int(now) + left + seconds, slot)
            errors["time_to_start"] = min(left, MOST_SECONDS_TO_START)
        kinds: dict[tuple[str, int], Callable[..., Message]] = {
            ("ClassC", 1): McClassCSessionAns,
            ("ClassC", 2): McClassCSessionAnsV2,
            ("ClassB", 1): McClassBSessionAns,
            ("ClassB", 2): McClassBSessionAnsV2,
        }
        return kinds[dl_class, self._version](mc_group_id=asked.mc_group_id, **errors)

    def _has_frequency(self, hertz: int) -> bool:
        return self.region is None or self.region.has_downlink_at(hertz)
