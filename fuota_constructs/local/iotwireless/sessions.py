"""The FUOTA sessions that began: the image they read, the fragments they are made of, the devices that listen.

Nothing runs in the background. Every request first lets the sessions begin whose time has come, in their order, so what
a session finds does not depend on who asks when; devices hear what was sent until now when somebody asks for them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.fleet.delta_tags import is_delta
from fuota_constructs.local.iotwireless.session import FuotaTaskStatus, SessionPolicy, task_status
from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup
from fuota_constructs.lorawan.fragments import (
    MAX_ENCODED_FRAGMENTS,
    MAX_FRAGMENT_BYTES,
    data_fragments,
    encoded_fragments,
    interval_seconds,
)
from fuota_constructs.lorawan.regions import region

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.fleet.enrolment import Enrolment
    from fuota_constructs.local.fleet.session_parameters import SessionParameters
    from fuota_constructs.local.fleet.session_run import SessionRun
    from fuota_constructs.local.fleet.session_set_up import Receiver
    from fuota_constructs.local.fleet.version_reports import VersionReport, VersionReports, VersionTable
    from fuota_constructs.local.iotwireless.multicast_air import MulticastAir
    from fuota_constructs.local.iotwireless.store import RegionalState, Store
    from fuota_constructs.lorawan.regions import DataRate, Region


@dataclass
class BegunSession:
    """A session whose start time has come."""

    task: FuotaTask
    image_bytes: int | None
    data_fragments: int
    coded_fragments: int
    fragment_bytes: int
    interval_seconds: float
    data_rate: int | None
    problem: str | None = None
    run: SessionRun | None = None
    is_delta: bool = False
    air: dict[str, Any] | None = None
    """What of it is not sent, or may not be: `session_air.air_report`."""


class Sessions:
    """All sessions of one service."""

    def __init__(
        self, store: Store, policy: SessionPolicy, image_source: Callable[[str, str, str, str], bytes] | None
    ) -> None:
        self.image_source = image_source
        self._store = store
        self._policy = policy
        self._begun: dict[str, BegunSession] = {}
        self._enrolment: Enrolment | None = None
        self._air: MulticastAir | None = None
        self._version_reports: VersionReports | None = None

    @property
    def has_fleet(self) -> bool:
        """Whether there are simulated devices."""
        return self._enrolment is not None and bool(self._enrolment.fleets)

    @property
    def enrolment(self) -> Enrolment:
        """The devices of fleets."""
        if self._enrolment is None:
            from fuota_constructs.local.fleet.enrolment import Enrolment

            self._enrolment = Enrolment(self._store)
        return self._enrolment

    def begun(self) -> dict[str, BegunSession]:
        """The sessions that began, by task, oldest first."""
        return self._begun

    @property
    def air(self) -> MulticastAir:
        """What devices of fleets know of their groups."""
        if self._air is None:
            from fuota_constructs.local.iotwireless.multicast_air import MulticastAir

            self._air = MulticastAir(self._store, self._policy, self.enrolment)
        return self._air

    @property
    def version_reports(self) -> VersionReports:
        """What devices of fleets report to run."""
        if self._version_reports is None:
            from fuota_constructs.local.fleet.version_reports import VersionReports

            self._version_reports = VersionReports(self._store, self._policy.uplink_interval_seconds)
        return self._version_reports

    def versions_due(self, now: float) -> dict[VersionTable, list[VersionReport]]:
        """The reports that were sent until now, where somebody wants them."""
        if self._version_reports is None:
            return {}
        return self._version_reports.due(self._begun, self.enrolment, now)

    def clear(self) -> None:
        """Forget all sessions and fleets."""
        self._begun.clear()
        self._enrolment = self._air = self._version_reports = None

    def notice(self, now: float) -> None:
        """Let devices be told what a request changed for them."""
        if self.has_fleet:
            self.air.notice(now)

    def advance(self, now: float) -> None:
        """Begin the sessions whose time has come."""
        due = [
            (task.start_time, task.serial, task, state)
            for state in self._store.states()
            for task in state.all(FuotaTask).values()
            if task.start_time is not None
            and task.start_time <= now
            and task.id not in self._begun
            and task.gone_time is None
        ]
        for start, _, task, state in sorted(due, key=lambda item: item[:2]):
            self._begun[task.id] = self._begin(task, state, start)

    def device_status(self, task: FuotaTask, device_id: str, now: float) -> str:
        """FuotaDeviceStatus of a device in a task.

        A device that no fleet made receives everything: Successful once the task is FuotaDone, if there was an image.
        What it makes of a delta nobody knows: MICError.
        """
        begun = self._begun.get(task.id)
        if begun is not None and begun.run is not None and device_id in begun.run.outcomes:
            begun.run.deliver(self._until(task, now))
            return begun.run.outcomes[device_id].status
        if begun is not None and begun.problem is not None:
            return "Initial"
        if self._enrolment is not None and self._enrolment.device(device_id) is not None:
            return "Initial"
        status = self._policy.fuota_device_status(task, now)
        return "MICError" if status == "Successful" and begun is not None and begun.is_delta else status

    def heard(self, device_id: str, now: float) -> float | None:
        """When a device of a fleet sent its last uplink, which a brick does not do any more once it has the image.

        None for a device that no fleet made: nobody knows when those send.
        """
        member = self._enrolment.device(device_id) if self._enrolment is not None else None
        if member is None:
            return None
        last = member.last_uplink(now, self._policy.uplink_interval_seconds)
        if not member.is_brick:
            return last
        had = []
        for begun in self._begun.values():
            if begun.run is not None and device_id in begun.run.outcomes:
                begun.run.deliver(self._until(begun.task, now))
                had.append(begun.run.completed_at(device_id))
        return min([last, *(moment for moment in had if moment is not None)])

    def deliver(self, now: float) -> None:
        """Let every device hear what was sent until now."""
        for begun in self._begun.values():
            if begun.run is not None:
                begun.run.deliver(self._until(begun.task, now))

    def _until(self, task: FuotaTask, now: float) -> float:
        # A deleted task sends no more.
        return now if task.gone_time is None else min(now, task.gone_time - self._policy.deletion_seconds)

    def _begin(self, task: FuotaTask, state: RegionalState, start: float) -> BegunSession:
        size: int = task.details.get("FragmentSizeBytes", self._policy.fragment_size_bytes)
        interval: int = task.details.get("FragmentIntervalMS", self._policy.fragment_interval_ms)
        redundancy: int = task.details.get("RedundancyPercent", 0)
        image, problem = self._read_image(task, state)
        image_bytes = len(image) if image is not None else self._policy.image_size_bytes
        data = data_fragments(image_bytes, size)
        total = encoded_fragments(image_bytes, size, redundancy)
        rf_region = region(_rf_region(task, state) or "")
        rate, without_rate = _sent_rate(task, state, rf_region, size) if rf_region else (None, None)
        begun = BegunSession(
            task=task,
            image_bytes=image_bytes if problem is None else None,
            data_fragments=data,
            coded_fragments=total - data,
            fragment_bytes=size,
            interval_seconds=float(max(1, interval_seconds(interval))),
            data_rate=rate.index if rate else None,
            problem=problem,
            is_delta=image is not None and is_delta(image, task.tags),
        )
        if problem is None:
            begun.problem = _cannot_be_sent(size, total) or without_rate
        if begun.problem is not None:
            begun.data_fragments = begun.coded_fragments = 0
            task.done_time = start  # documented: a wrong link or a missing permission ends as FuotaDone
            return begun
        task.done_time = start + total * begun.interval_seconds
        if not self.has_fleet:
            return begun
        from fuota_constructs.local.fleet.session_parameters import SessionParameters, descriptor_bytes
        from fuota_constructs.local.fleet.session_run import SessionRun

        parameters = SessionParameters(
            image=image if image is not None else random.Random(0).randbytes(image_bytes),  # noqa: S311  # no secret
            fragment_bytes=size,
            data_fragments=data,
            coded_fragments=total - data,
            interval_seconds=begun.interval_seconds,
            start=start,
            descriptor=descriptor_bytes(task.details.get("Descriptor")),
            multicast=bool(task.multicast_group_ids),
            region=rf_region,
            data_rate=rate,
            tags=dict(task.tags),
        )
        receivers, begun.air = self._receivers(task, state, parameters, redundancy)
        if receivers:
            begun.run = SessionRun(parameters, receivers, conflicting=self._in_other_sessions(task, state, start))
            everybody = device_ids_of_task(state, task)
            if len(receivers) == len(everybody) and not any(
                outcome.listening for outcome in begun.run.outcomes.values()
            ):
                task.done_time = start  # documented: "no response from devices or groups" ends as FuotaDone
        return begun

    def _read_image(self, task: FuotaTask, state: RegionalState) -> tuple[bytes | None, str | None]:
        if self.image_source is None:
            return None, None
        uri, role = task.details["FirmwareUpdateImage"], task.details["FirmwareUpdateRole"]
        try:
            image = self.image_source(uri, role, state.account, state.region)
        except Exception as error:  # noqa: BLE001  # whatever it is, the session ends as it does on AWS: FuotaDone
            return None, str(error) or type(error).__name__
        return (image, None) if image else (None, f"{uri} is empty")

    def _receivers(
        self, task: FuotaTask, state: RegionalState, parameters: SessionParameters, redundancy: int
    ) -> tuple[list[Receiver], dict[str, Any] | None]:
        """Who a session is for, and what of it is not sent to groups, or may not be."""
        from fuota_constructs.local.fleet.session_set_up import Receiver
        from fuota_constructs.local.iotwireless.session_air import air_report, session_of_group

        found: dict[str, Receiver] = {}
        groups = [state.get(MulticastGroup, group_id) for group_id in task.multicast_group_ids]
        rate, plans = parameters.data_rate, []
        for group in groups:
            served = self.air.served(group.id)
            order = self.air.order_for_task(
                task, group, seconds=parameters.seconds, data_rate=rate.index if rate else None
            )
            plan = session_of_group(group, order, parameters, redundancy)
            plans += [plan] if plan else []
            for device_id in group.wireless_device_ids:
                if (member := served.members.get(device_id)) is not None:
                    number = member.mc_group_id if member.ready(parameters.start) else None
                    found.setdefault(device_id, Receiver(member.device, served, number, plan))
        for device_id in task.wireless_device_ids:
            if (device := self.enrolment.device(device_id)) is not None:
                found.setdefault(device_id, Receiver(device))
        return list(found.values()), air_report(plans, groups)

    def _in_other_sessions(self, task: FuotaTask, state: RegionalState, start: float) -> set[str]:
        running = [
            other
            for other in state.all(FuotaTask).values()
            if other.id != task.id
            and other.id in self._begun
            and task_status(other, start) == FuotaTaskStatus.IN_SESSION
        ]
        return set().union(*(device_ids_of_task(state, other) for other in running))


def device_ids_of_task(state: RegionalState, task: FuotaTask) -> set[str]:
    """Give the devices a task is for: its own and those of its groups."""
    groups = [state.get(MulticastGroup, group_id) for group_id in task.multicast_group_ids]
    return set(task.wireless_device_ids).union(*(group.wireless_device_ids for group in groups))


def _rf_region(task: FuotaTask, state: RegionalState) -> str | None:
    wanted: Any = task.details.get("LoRaWAN", {}).get("RfRegion")
    groups = (state.get(MulticastGroup, group_id) for group_id in task.multicast_group_ids)
    return wanted or next((group.details["LoRaWAN"].get("RfRegion") for group in groups), None)


def _sent_rate(
    task: FuotaTask, state: RegionalState, rf_region: Region, size: int
) -> tuple[DataRate | None, str | None]:
    """The data rate of a session, else why there is none.

    Documented: the fragment size chooses it. Assumed: a DlDr of the group's own session, or of its default one, goes
    first, the slowest where groups differ, and a session that it cannot carry ends at once.
    """
    groups = [state.get(MulticastGroup, group_id) for group_id in task.multicast_group_ids]
    named = [index for group in groups if (index := _named_rate(group)) is not None]
    if not named:
        rate = rf_region.slowest_data_rate(size)
        return (
            rate,
            None if rate else f"FragmentSizeBytes is {size}; no downlink data rate of {rf_region.name} carries that",
        )
    rate = rf_region.data_rate(min(named))
    if rate is None:
        return None, f"DlDr of the multicast group is {min(named)}, which is no downlink data rate of {rf_region.name}"
    if rate.max_fragment_bytes < size:
        most = rate.max_fragment_bytes
        return (
            rate,
            f"FragmentSizeBytes is {size}; {rf_region.name} {rate}, DlDr of the multicast group, carries {most}",
        )
    return rate, None


def _named_rate(group: MulticastGroup) -> int | None:
    default: dict[str, Any] = group.details["LoRaWAN"].get("DefaultSessionParameters", {})
    rate: int | None = (group.session or {}).get("DlDr", default.get("DlDr"))
    return rate


def _cannot_be_sent(size: int, total: int) -> str | None:
    """Why no device could receive such a session (assumed: it ends at once)."""
    if size > MAX_FRAGMENT_BYTES:  # also in a region of which nothing is known
        return f"FragmentSizeBytes is {size}; no LoRaWAN data rate carries more than {MAX_FRAGMENT_BYTES}"
    if total > MAX_ENCODED_FRAGMENTS:
        return f"the session has {total} fragments; the 14-bit index of TS004 counts to {MAX_ENCODED_FRAGMENTS}"
    return None
