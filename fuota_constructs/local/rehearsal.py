"""A rehearsal: a fleet of simulated devices, the sessions of every task of a local cloud, and what came of them."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.overview import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.fleet import Fleet

LEAD: Final = dt.timedelta(minutes=31)
"""Sessions start 30 minutes ahead or later (AWS IoT Wireless Developer Guide); one more for the calls in between."""

STEPS: Final = 60
"""In how many looks a session is followed when it runs as fast as it computes."""

SUCCESSFUL: Final = "Successful"
UNDER_WAY: Final = ("FuotaSession_Waiting", "In_FuotaSession")
DELIVERY_SECONDS: Final = 600.0
"""How long one look may take: the devices decode while it waits."""


@dataclass(frozen=True)
class TaskProgress:
    """How far the session of one task is; moments in epoch seconds, counts of devices by FuotaDeviceStatus."""

    task_id: str
    name: str
    status: str
    fragments_sent: int
    fragments_total: int | None
    data_fragments: int | None
    started: float | None
    done: float | None
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
        self._devices: set[str] = set()

    def enrol(self, fleet: Fleet) -> int:
        """Make the devices of a fleet and put them into multicast groups; answers how many there are.

        The groups are those the fleet names, else those of the tasks that are Pending, in every account and Region.
        """
        content = fleet.as_dict()
        if fleet.groups is None:
            content["groups"] = sorted({group for task in self._pending() for group in self._groups_of(task)})
            if not content["groups"]:
                raise LocalCloudError(
                    "no FUOTA task that is Pending has a multicast group that devices could join: give it"
                    " multicast_groups"
                )
        made = self._cloud.admin("fleet", method="POST", content=content, timeout_seconds=DELIVERY_SECONDS)
        self._devices |= {device for cohort in made["cohorts"] for device in cohort["device_ids"]}
        return int(made["devices"])

    def start(self) -> list[str]:
        """Start the session of every task that is Pending and has a multicast group; answers their ids.

        Raises LocalCloudError when there is none, when two of them share a group (a device can be in one session at a
        time), and when the service refuses.
        """
        tasks = {task["task_id"]: task for task in self._pending()}
        groups = {task_id: self._groups_of(task) for task_id, task in tasks.items()}
        ready = [task_id for task_id in tasks if groups[task_id]]
        if not ready:
            raise LocalCloudError("no FUOTA task that is Pending has a multicast group: there is nothing to start")
        for one, other in itertools.combinations(ready, 2):
            if shared := groups[one] & groups[other]:
                raise LocalCloudError(
                    f"the tasks {_name(tasks[one])} and {_name(tasks[other])} share the multicast group"
                    f" {min(shared)}: its devices can be in one session at a time, so rehearse them one by one"
                )
        start_time = dt.datetime.fromtimestamp(self._cloud.admin("clock")["now"], dt.UTC) + LEAD
        for task_id in ready:
            try:
                self._client(tasks[task_id]).start_fuota_task(Id=task_id, LoRaWAN={"StartTime": start_time})
            except ClientError as error:
                raise LocalCloudError(f"{_name(tasks[task_id])} could not be started: {error}") from error
            self._started.append(task_id)
        return ready

    def follow(self, *, speed: float | None = None) -> Iterator[tuple[TaskProgress, ...]]:
        """Let session time pass until every started task is done; yields how far they are after each step.

        `speed` is session seconds per second; by default as fast as the devices can be computed.
        """
        self._cloud.admin("clock", method="POST", content={"advance_seconds": LEAD.total_seconds()})
        if speed is not None:
            self._cloud.admin("clock", method="POST", content={"speed": speed})
        try:
            yield from self._steps(speed)
        finally:
            if speed is not None:
                self._cloud.admin("clock", method="POST", content={"speed": 1})

    def _steps(self, speed: float | None) -> Iterator[tuple[TaskProgress, ...]]:
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
                name=_name(session),
                status=session["status"],
                fragments_sent=session["fragments_sent"],
                fragments_total=session["fragments_total"],
                data_fragments=session["data_fragments"],
                started=session["started"],
                done=session["done"],
                seconds_left=session["seconds_left"],
                problem=session["problem"],
                devices=session["devices"],
            )
            for session in self._sessions()
            if session["task_id"] in self._started
        )

    def outcome(self) -> Outcome:
        """What has come of it until now, for the devices this rehearsal made."""
        listed = self._cloud.admin("fleet?devices=1", timeout_seconds=DELIVERY_SECONDS)
        tasks = self.progress()
        ended = [task.done for task in tasks if task.done is not None]
        began = [task.started for task in tasks if task.started is not None]
        return Outcome(
            tasks=tasks,
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
                if device["id"] in self._devices
            ),
            session_seconds=max(ended) - min(began) if ended and began else 0.0,
        )

    def _sessions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._cloud.admin("sessions", timeout_seconds=DELIVERY_SECONDS)["sessions"]
        return found

    def _pending(self) -> list[dict[str, Any]]:
        return [session for session in self._sessions() if session["status"] == "Pending"]

    def _client(self, task: dict[str, Any]) -> Any:
        return self._cloud.client("iotwireless", account=task["account"], region=task["aws_region"])

    def _groups_of(self, task: dict[str, Any]) -> set[str]:
        listing = self._client(task).list_multicast_groups_by_fuota_task
        return {group["Id"] for group in pages(listing, "MulticastGroupList", Id=task["task_id"])}


def _name(session: dict[str, Any]) -> str:
    return str(session["name"] or session["task_id"])
