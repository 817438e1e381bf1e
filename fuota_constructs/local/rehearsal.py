"""A rehearsal: a fleet of simulated devices, the sessions of every task of a local cloud, and what came of them."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.fleet import Fleet

LEAD: Final = dt.timedelta(minutes=31)
"""Sessions start 30 minutes ahead or later (AWS IoT Wireless Developer Guide); one more for the calls in between."""

STEPS: Final = 60
"""In how many looks a session is followed when it runs as fast as it computes."""

SUCCESSFUL: Final = "Successful"
DONE: Final = "FuotaDone"
UNDER_WAY: Final = ("FuotaSession_Waiting", "In_FuotaSession")
DELIVERY_SECONDS: Final = 600.0
"""How long one look may take: the devices decode while it waits."""


@dataclass(frozen=True)
class TaskProgress:
    """How far the session of one task is; counts of devices by FuotaDeviceStatus."""

    task_id: str
    name: str
    status: str
    fragments_sent: int
    fragments_total: int | None
    data_fragments: int | None
    seconds_left: float | None
    problem: str | None
    devices: dict[str, int]


@dataclass(frozen=True)
class DeviceOutcome:
    """What became of one simulated device."""

    id: str
    cohort: str
    task_id: str | None
    status: str
    sent: int
    received: int
    completed_after_fragments: int | None

    @property
    def loss(self) -> float | None:
        """The share of the fragments sent to it that it lost; None when none was."""
        return 1 - self.received / self.sent if self.sent else None


@dataclass(frozen=True)
class Outcome:
    """What came of a rehearsal."""

    tasks: tuple[TaskProgress, ...]
    devices: tuple[DeviceOutcome, ...]
    session_seconds: float

    @property
    def statuses(self) -> dict[str, int]:
        """Devices by FuotaDeviceStatus, the most frequent first."""
        return dict(Counter(device.status for device in self.devices).most_common())

    @property
    def success_ratio(self) -> float:
        """The share of devices that have the image; 0 without devices."""
        return self.statuses.get(SUCCESSFUL, 0) / len(self.devices) if self.devices else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return {
            "success_ratio": self.success_ratio,
            "statuses": self.statuses,
            "session_seconds": self.session_seconds,
            "tasks": [asdict(task) for task in self.tasks],
            "devices": [{**asdict(device), "loss": device.loss} for device in self.devices],
        }


class Rehearsal:
    """The tasks deployed to a local cloud, with devices that receive."""

    def __init__(self, cloud: LocalCloud) -> None:
        """Nothing happens yet: add devices, start, then follow."""
        self._cloud = cloud
        self._started: list[str] = []
        self._began = 0.0

    def enrol(self, fleet: Fleet) -> int:
        """Make the devices of a fleet and put them into the multicast groups; answers how many there are.

        The groups are those the fleet names, else every group of the one account and Region that has any.
        """
        places = [place for place in self._cloud.admin("host")["places"] if self._has_groups(place)]
        if not places:
            raise LocalCloudError(
                "the app has no multicast group that devices could join: give its FuotaTask multicast_groups"
            )
        made = 0
        for place in places:
            content = {**fleet.as_dict(), "account": place["account"], "aws_region": place["region"]}
            answer = self._cloud.admin("fleet", method="POST", content=content, timeout_seconds=DELIVERY_SECONDS)
            made += answer["devices"]
        return made

    def start(self) -> list[str]:
        """Start the session of every task that is Pending and has a target; answers their ids."""
        self._began = self._cloud.admin("clock")["now"]
        start_time = dt.datetime.fromtimestamp(self._began, dt.UTC) + LEAD
        pending = [session for session in self._sessions() if session["status"] == "Pending"]
        for session in pending:
            client = self._cloud.client("iotwireless", account=session["account"], region=session["aws_region"])
            client.start_fuota_task(Id=session["task_id"], LoRaWAN={"StartTime": start_time})
            self._started.append(session["task_id"])
        if not self._started:
            raise LocalCloudError("the app has no FUOTA task that could be started")
        return list(self._started)

    def follow(self, *, speed: float | None = None) -> Iterator[tuple[TaskProgress, ...]]:
        """Let session time pass until every started task is done; yields how far they are after each step.

        `speed` is session seconds per second; by default as fast as the devices can be computed.
        """
        self._cloud.admin("clock", method="POST", content={"advance_seconds": LEAD.total_seconds()})
        if speed is not None:
            self._cloud.admin("clock", method="POST", content={"speed": speed})
        step = None
        while True:
            progress = self.progress()
            yield progress
            if all(task.status not in UNDER_WAY for task in progress):
                return
            left = max(task.seconds_left or 0.0 for task in progress)
            if speed is not None:
                time.sleep(min(1.0, max(0.05, left / speed)))
                continue
            step = step or max(1.0, left / STEPS)
            self._cloud.admin("clock", method="POST", content={"advance_seconds": min(step, left + 1.0)})

    def progress(self) -> tuple[TaskProgress, ...]:
        """How far the started tasks are."""
        return tuple(
            TaskProgress(
                task_id=session["task_id"],
                name=session["name"] or session["task_id"],
                status=session["status"],
                fragments_sent=session["fragments_sent"],
                fragments_total=session["fragments_total"],
                data_fragments=session["data_fragments"],
                seconds_left=session["seconds_left"],
                problem=session["problem"],
                devices=session["devices"],
            )
            for session in self._sessions()
            if session["task_id"] in self._started
        )

    def outcome(self) -> Outcome:
        """What has come of it until now."""
        listed = self._cloud.admin("fleet?devices=1", timeout_seconds=DELIVERY_SECONDS)
        return Outcome(
            tasks=self.progress(),
            devices=tuple(
                DeviceOutcome(
                    id=device["id"],
                    cohort=device["cohort"],
                    task_id=device["task_id"],
                    status=device["status"],
                    sent=device["sent"],
                    received=device["received"],
                    completed_after_fragments=device["completed_after_fragments"],
                )
                for device in listed["list"]
            ),
            session_seconds=listed["now"] - self._began - LEAD.total_seconds(),
        )

    def _sessions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._cloud.admin("sessions", timeout_seconds=DELIVERY_SECONDS)["sessions"]
        return found

    def _has_groups(self, place: dict[str, str]) -> bool:
        client = self._cloud.client("iotwireless", account=place["account"], region=place["region"])
        return bool(client.list_multicast_groups()["MulticastGroupList"])
