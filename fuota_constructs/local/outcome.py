"""What came of a rehearsal: its tasks, its devices, and how many of each cohort have the image."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fuota_constructs.local.gate import Verdict

SUCCESSFUL: Final = "Successful"


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

    @property
    def session_seconds(self) -> float:
        """How long its session was, or will be."""
        return self.done - self.started if self.done is not None and self.started is not None else 0.0


@dataclass(frozen=True)
class TaskParameters:
    """How a task is sent, as it is deployed; None where nothing was given, the data rate as the service chose it."""

    rf_region: str | None
    data_rate: int | None
    redundancy_percent: int | None
    fragment_size_bytes: int | None
    fragment_interval_ms: int | None


@dataclass(frozen=True)
class TaskImage:
    """The image of a task; None where it could not be read."""

    uri: str
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True)
class TaskOutcome(TaskProgress):
    """What became of one task, and what it was."""

    account: str
    aws_region: str
    parameters: TaskParameters
    image: TaskImage


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
class CohortOutcome:
    """What became of the devices of one cohort."""

    name: str
    devices: int
    statuses: dict[str, int]

    @property
    def succeeded(self) -> int:
        """How many have the image."""
        return self.statuses.get(SUCCESSFUL, 0)

    @property
    def failed(self) -> str:
        """The statuses of the others: the word where it is one, else each with its count."""
        others = {status: count for status, count in self.statuses.items() if status != SUCCESSFUL}
        if len(others) == 1:
            return next(iter(others))
        return ", ".join(f"{count} {status}" for status, count in others.items())


@dataclass(frozen=True)
class Outcome:
    """What came of a rehearsal. `without_target` are tasks that have neither groups nor devices."""

    tasks: tuple[TaskOutcome, ...]
    devices: tuple[DeviceOutcome, ...]
    without_target: tuple[str, ...] = ()

    @property
    def statuses(self) -> dict[str, int]:
        """Devices by FuotaDeviceStatus, the most frequent first."""
        return dict(Counter(device.status for device in self.devices).most_common())

    @property
    def succeeded(self) -> int:
        """How many devices have the image."""
        return self.statuses.get(SUCCESSFUL, 0)

    @property
    def success_ratio(self) -> float:
        """The share of devices that have the image; 0 without devices."""
        return self.succeeded / len(self.devices) if self.devices else 0.0

    @property
    def session_seconds(self) -> float:
        """From the first fragment of the first task to the end of the last."""
        ended = [task.done for task in self.tasks if task.done is not None]
        began = [task.started for task in self.tasks if task.started is not None]
        return max(ended) - min(began) if ended and began else 0.0

    @property
    def cohorts(self) -> tuple[CohortOutcome, ...]:
        """The cohorts of the fleet, in its order."""
        return cohorts_of(self.devices)

    def require(self, share: float | str = "99%") -> Verdict:
        """Pass when this share of the devices has the image, as `fuota rehearse --require` judges.

        Raises GateMissedError, an AssertionError that says which cohorts failed, with which status, how many devices,
        and what to do; ValueError for a share that is none.
        """
        __tracebackhide__ = True  # pytest shows the line of the test, not this one
        from fuota_constructs.local import gate

        return gate.require(self, share)

    def devices_of(self, task: TaskProgress) -> tuple[DeviceOutcome, ...]:
        """The devices that were in the session of a task."""
        return tuple(device for device in self.devices if device.task_id == task.task_id)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it: shares of 1, moments in ISO 8601."""
        return {
            "success_ratio": self.success_ratio,
            "statuses": self.statuses,
            "session_seconds": self.session_seconds,
            "cohorts": [{**asdict(cohort), "succeeded": cohort.succeeded} for cohort in self.cohorts],
            "tasks": [
                {**asdict(task), "started": _moment(task.started), "done": _moment(task.done)} for task in self.tasks
            ],
            "tasks_without_target": list(self.without_target),
            "devices": [{**asdict(device), "loss": device.loss} for device in self.devices],
        }


def cohorts_of(devices: Iterable[DeviceOutcome]) -> tuple[CohortOutcome, ...]:
    """Some devices by their cohort."""
    found: dict[str, Counter[str]] = {}
    for device in devices:
        found.setdefault(device.cohort, Counter())[device.status] += 1
    return tuple(CohortOutcome(name, counts.total(), dict(counts.most_common())) for name, counts in found.items())


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
