"""What became of the tasks and devices of a rehearsal, one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def cohorts_of(devices: Iterable[DeviceOutcome]) -> tuple[CohortOutcome, ...]:
    """Some devices by their cohort."""
    found: dict[str, Counter[str]] = {}
    for device in devices:
        found.setdefault(device.cohort, Counter())[device.status] += 1
    return tuple(CohortOutcome(name, counts.total(), dict(counts.most_common())) for name, counts in found.items())
