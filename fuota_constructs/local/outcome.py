"""What came of a rehearsal as a whole: how many devices have the image, of all and of each cohort."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fuota_constructs.local import gate
from fuota_constructs.local.task_outcome import CohortOutcome, DeviceOutcome, TaskOutcome, cohorts_of

if TYPE_CHECKING:
    from fuota_constructs.local.gate import Verdict
    from fuota_constructs.local.task_outcome import TaskProgress


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
        return sum(device.has_image for device in self.devices)

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
            "cohorts": [
                {
                    **asdict(cohort),
                    "troubles": [{**asdict(trouble), "devices": devices} for trouble, devices in cohort.troubles],
                }
                for cohort in self.cohorts
            ],
            "tasks": [
                _renamed(
                    {**asdict(task), "started": _moment(task.started), "done": _moment(task.done)},
                    started="started_at",
                    done="done_at",
                )
                for task in self.tasks
            ],
            "tasks_without_target": list(self.without_target),
            "devices": [{**asdict(device), "loss_share": device.loss} for device in self.devices],
        }


def _renamed(document: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in document.items()}


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
