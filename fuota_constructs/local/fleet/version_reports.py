"""What devices report to run, as the uplink pipeline of their owner would write it into a table of a rollout.

Who has an image reports the version of its rollout with its next uplink; a cohort says where it does otherwise. Nothing
runs in the background: with every request those reports are due that were sent until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from fuota_constructs.local.iotwireless.store import WirelessDevice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.local.fleet.enrolment import Enrolment
    from fuota_constructs.local.fleet.session_run import SessionRun
    from fuota_constructs.local.iotwireless.store import FuotaTask, Store

ROLLOUT_TAG: Final = "fuota-constructs:rollout"
"""By which a task of a rollout is known."""
REPEAT_SECONDS: Final = 600.0
"""How often a device repeats what its rollout did not want to hear: more often nobody needs it."""


@dataclass(frozen=True)
class VersionTable:
    """A table of reported versions, and the version that a rollout brings."""

    account: str
    region: str
    table: str
    rollout: str
    version: str


class VersionReport(NamedTuple):
    """What one device reports, in seconds since the epoch."""

    device_id: str
    version: str
    at: float


class Begun(Protocol):
    """A session that began, with the devices that live it."""

    @property
    def task(self) -> FuotaTask: ...
    @property
    def run(self) -> SessionRun | None: ...


class _Installed(NamedTuple):
    """A device that has an image of a rollout, since when, and what the rollout wants to hear."""

    device: Device
    at: float
    wanted: str


@dataclass
class VersionReports:
    """All reports of the devices of one service."""

    store: Store
    every_seconds: float
    _tables: list[VersionTable] = field(default_factory=list)
    _installed: dict[str, _Installed] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _told: dict[str, VersionReport] = field(default_factory=dict)

    def add(self, table: VersionTable, enrolment: Enrolment, now: float) -> dict[VersionTable, list[VersionReport]]:
        """Write to a table from now on; answers with what devices reported before, where their cohort says it."""
        if table not in self._tables:
            self._tables.append(table)
        known = [
            VersionReport(member.device.id, member.device.cohort.runs, now)
            for fleet in enrolment.fleets
            for member in fleet.members
            if member.device.cohort.runs
        ]
        return {table: [report for report in known if self._is_there(report, table)]}

    def due(
        self, begun: Mapping[str, Begun], enrolment: Enrolment, now: float
    ) -> dict[VersionTable, list[VersionReport]]:
        """What devices reported since they were asked for last."""
        if not self._tables:
            return {}
        self._note(begun, enrolment, now)
        reports = list(self._reports(now))
        found = {table: [report for report in reports if self._is_there(report, table)] for table in self._tables}
        return {table: each for table, each in found.items() if each}

    def _note(self, begun: Mapping[str, Begun], enrolment: Enrolment, now: float) -> None:
        wanted = {table.rollout: table.version for table in self._tables}
        for task_id, session in begun.items():
            over, version = session.task.done_time, wanted.get(session.task.tags.get(ROLLOUT_TAG, ""))
            if task_id in self._seen or session.run is None or version is None or over is None or over > now:
                continue
            self._seen.add(task_id)
            session.run.deliver(now)
            for device_id in session.run.outcomes:
                device, at = enrolment.device(device_id), session.run.completed_at(device_id)
                if device is not None and at is not None and not device.is_brick:
                    self._installed[device_id] = _Installed(device, at, version)

    def _reports(self, now: float) -> Iterator[VersionReport]:
        for device_id, (device, since, wanted) in list(self._installed.items()):
            cohort, at = device.cohort, device.last_uplink(now, self.every_seconds)
            version = cohort.runs if device.never_reboots else cohort.reports or wanted
            if version is None or at <= since:
                continue
            told = self._told.get(device_id)
            if told is not None and told.version == version and at < told.at + REPEAT_SECONDS:
                continue
            self._told[device_id] = VersionReport(device_id, version, at)
            yield self._told[device_id]
            if version == wanted:
                del self._installed[device_id]

    def _is_there(self, report: VersionReport, table: VersionTable) -> bool:
        return report.device_id in self.store.of(table.account, table.region).all(WirelessDevice)


def table_of(document: dict[str, Any]) -> VersionTable | None:
    """The table that an admin request names, None where something of it is missing."""
    names = ("account", "aws_region", "table", "rollout", "version")
    values = [document.get(name) for name in names]
    if document.keys() != set(names) or not all(isinstance(value, str) and value for value in values):
        return None
    return VersionTable(*map(str, values))
