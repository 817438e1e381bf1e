"""What the devices of fleets are told over the air about multicast groups and their sessions, and how far that is.

Nothing runs in the background: after every request it is noticed who came into a group or left it, and which sessions
were scheduled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.fleet.multicast_server import (
    MulticastServer,
    SessionOrder,
    session_time_out,
)
from fuota_constructs.local.iotwireless.session import (
    MulticastGroupStatus,
    SessionPolicy,
    group_status,
)
from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup
from fuota_constructs.lorawan.regions import region

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.enrolment import Enrolment
    from fuota_constructs.local.fleet.multicast_server import Member, ServedGroup
    from fuota_constructs.local.iotwireless.store import RegionalState, Store

_LEAST_PING_SLOT_EXPONENT: Final = 5
"""A ping slot period is 2^(5 + Periodicity) slots (TS005)."""
_DEFAULT_PING_SLOT_PERIOD: Final = 128  # assumed, as the planner does
_ANY_FREQUENCY_HZ: Final = 868_100_000  # of a group without RfRegion: assumed


class MulticastAir:
    """The multicast groups of one service, as its simulated devices learn of them."""

    def __init__(self, store: Store, policy: SessionPolicy, enrolment: Enrolment) -> None:
        self._store = store
        self._policy = policy
        self._enrolment = enrolment
        self._server = MulticastServer(policy.uplink_interval_seconds)
        self._seen: dict[str, tuple[int, int]] = {}  # by group: its devices and all fleets, in number
        self._ordered: set[tuple[str, float]] = set()  # groups, and the start of a session of their own
        self._scheduled: dict[str, float] = {}  # by task: when its start was scheduled

    def notice(self, now: float) -> None:
        """Set up who came into a group, take the group from who left it, and order the sessions that were scheduled."""
        there = {group.id: group for state in self._store.states() for group in state.all(MulticastGroup).values()}
        for group_id, served in self._server.groups.items():
            if served.members and (group_id not in there or there[group_id].gone_time is not None):
                self._members(served, [], now)
        for group in there.values():
            marker = (len(group.wireless_device_ids), len(self._enrolment.fleets))
            if group.gone_time is None and self._seen.get(group.id) != marker:
                self._seen[group.id] = marker
                self._members(self._server.group(group.id), group.wireless_device_ids, now)
            if group.session is not None:
                self._order_session(group, now)
        for state in self._store.states():
            for task in state.all(FuotaTask).values():
                if task.start_time is not None and task.id not in self._scheduled:
                    self._scheduled[task.id] = now
                    for group_id in task.multicast_group_ids:
                        self._server.tell_time(group_id, now)

    def order_for_task(
        self, task: FuotaTask, group: MulticastGroup, *, seconds: float, data_rate: int | None
    ) -> SessionOrder:
        """Order the class session of a task, as long as it takes: by now the image is known, and so is that.

        Assumed: the service knew when the start was scheduled, and has told the devices since then.
        """
        assert task.start_time is not None  # noqa: S101  # a task that begins has a start
        default = group.details["LoRaWAN"].get("DefaultSessionParameters", {})
        session = {**default, **(group.session or {}), "SessionTimeout": seconds}
        if data_rate is not None:
            session["DlDr"] = data_rate
        order = _order(group, session, task.start_time)
        self._server.order(group.id, order, self._scheduled[task.id])
        return order

    def member(self, group_id: str, device_id: str) -> Member | None:
        """A device in a group; None where no fleet made it."""
        served = self._server.groups.get(group_id)
        return served.members.get(device_id) if served else None

    def served(self, group_id: str) -> ServedGroup:
        """A group as it is on the air."""
        return self._server.group(group_id)

    def status(self, group: MulticastGroup, state: RegionalState, member: Member, now: float) -> str:
        """MulticastDeviceStatus: a free string in the model; its states are documented, their spelling is assumed."""
        if now < member.asked:
            return "Package_attempting"
        if member.version is None:
            return "Package_unsupported"
        if not member.ready(now):
            return "Multicast_setup_attempting"  # assumed: for good, where the device has no place for the group
        status = group_status(group, state, now)
        if status not in (MulticastGroupStatus.SESSION_ATTEMPTING, MulticastGroupStatus.IN_SESSION):
            return "Multicast_setup_ready"
        accepted = member.accepted is not None and member.accepted <= now
        if status == MulticastGroupStatus.IN_SESSION and accepted:
            return "In_session"
        return "Session_attempting"

    def _members(self, served: ServedGroup, device_ids: list[str], now: float) -> None:
        there = dict.fromkeys(device_ids)
        for device_id in [each for each in served.members if each not in there]:
            self._server.leave(served.id, device_id, now)
        for device_id in there:
            if device_id not in served.members and (device := self._enrolment.device(device_id)) is not None:
                self._server.join(served.id, device, now)

    def _order_session(self, group: MulticastGroup, now: float) -> None:
        session = group.session or {}
        start = float(session["SessionStartTime"])
        if now < start and (group.id, start) not in self._ordered:
            self._ordered.add((group.id, start))
            self._server.order(group.id, _order(group, session, start), now)


def _order(group: MulticastGroup, session: dict[str, Any], start: float) -> SessionOrder:
    """What is not given: frequency and data rate of RX2 or the ping slot."""
    dl_class = group.details["LoRaWAN"].get("DlClass", "ClassC")
    found = region(group.details["LoRaWAN"].get("RfRegion") or "")
    frequency, rate = _ANY_FREQUENCY_HZ, 0
    if found is not None:
        class_b = dl_class == "ClassB"
        lowest = found.downlink_frequencies_hz[0] if found.downlink_frequencies_hz else _ANY_FREQUENCY_HZ
        frequency = (found.class_b_frequency_hz if class_b else found.class_c_frequency_hz) or lowest
        rate = found.class_b_data_rate if class_b else found.class_c_data_rate
    period = session.get("PingSlotPeriod", _DEFAULT_PING_SLOT_PERIOD)
    return SessionOrder(
        dl_class=dl_class,
        start=start,
        time_out=session_time_out(dl_class, session["SessionTimeout"]),
        frequency_hz=session.get("DlFreq", frequency),
        data_rate=session.get("DlDr", rate),
        periodicity=max(0, math.ceil(math.log2(period)) - _LEAST_PING_SLOT_EXPONENT),
    )
