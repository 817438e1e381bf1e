"""What one poll sees of a task: its status, how its devices fare, and what changed since the poll before. No AWS."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memory import DEVICES_REMEMBERED, FIRST_DEVICE_STATUS, FIRST_TASK_STATUS, Memory, digest_of

WAITING, IN_SESSION, DONE = "FuotaSession_Waiting", "In_FuotaSession", "FuotaDone"
UNCOUNTED_STATUSES = (FIRST_TASK_STATUS, "Delete_Waiting")
"""In these a task is not on its way to any device: its devices are not listed and no metric is written.

In one that AWS adds one day it may be: without metrics no alarm would see how it ends.
"""

SUCCESSFUL = "Successful"
ASSUMED_LEAD_SECONDS = 30 * 60
"""Assumed for a session whose StartTime the service does not tell; 30 minutes is the least it allows."""


@dataclass(frozen=True)
class DeviceChange:
    """A device whose status is another than at the poll before."""

    device: Mapping[str, Any]
    status: str
    previous_status: str


@dataclass(frozen=True)
class Progress:
    """One look at a task, beside what was remembered of the look before."""

    task: Mapping[str, Any]
    now: int
    before: Memory
    remembered: Memory
    counts: Mapping[str, int]
    changes: tuple[DeviceChange, ...]
    unremembered: bool
    all_listed: bool = True
    """False where the time was up before the last page: then figures of the whole fleet would be wrong."""

    @classmethod
    def of(
        cls, task: Mapping[str, Any], devices: Iterable[Mapping[str, Any]], before: Memory | None, *, now: int
    ) -> "Progress":
        """Look at a task as GetFuotaTask gives it; `devices` is only read while they matter."""
        status = task["Status"]
        last = before or Memory(FIRST_TASK_STATUS, now)
        counts: Counter[str] = Counter()
        seen: dict[bytes, str] = dict(last.devices)
        changes: list[DeviceChange] = []
        too_many = False
        for device in () if status in UNCOUNTED_STATUSES else devices:
            # Assumed: a device without a status is one the session has not reached.
            now_is = device.get("FuotaDeviceStatus") or FIRST_DEVICE_STATUS
            counts[now_is] += 1
            digest = digest_of(device["Id"])
            was = last.devices.get(digest, FIRST_DEVICE_STATUS)
            if now_is != was and not too_many:
                changes.append(DeviceChange(device, now_is, was))
                seen[digest] = now_is
                # Counting goes on; changes that cannot be told are not collected, or a large fleet fills the memory.
                too_many = len(seen) > DEVICES_REMEMBERED
        return cls(
            task=task,
            now=now,
            before=last,
            remembered=Memory(
                status,
                last.since if status == last.status else now,
                # Those back in Initial are not kept: it is what a device without a memory is in.
                last.devices if too_many else _past_initial(seen),
            ),
            counts=dict(counts),
            changes=() if too_many else tuple(changes),
            unremembered=too_many,
        )

    def remembered_after(self, told: int) -> Memory:
        """What to remember when the task's change and only the first of its devices' changes have been told."""
        devices = dict(self.before.devices)
        devices.update((digest_of(change.device["Id"]), change.status) for change in self.changes[:told])
        return Memory(self.remembered.status, self.remembered.since, _past_initial(devices))

    @property
    def status(self) -> str:
        """The status of the task."""
        return str(self.task["Status"])

    @property
    def is_counted(self) -> bool:
        """Whether the task is on its way to devices, or has been, and all of them were seen."""
        return self.status not in UNCOUNTED_STATUSES and self.all_listed

    @property
    def is_settled(self) -> bool:
        """Whether the task is done, and nothing changed since the poll before."""
        return self.status == DONE and self.before.status == DONE and not self.changes

    @property
    def devices(self) -> int:
        """How many devices the task has."""
        return sum(self.counts.values())

    @property
    def successful(self) -> int:
        """How many devices have the whole image."""
        return self.counts.get(SUCCESSFUL, 0)

    @property
    def failed(self) -> int:
        """How many devices ended in a failure; one in `Initial` did when its task is done: nothing comes any more."""
        waiting = 0 if self.status == DONE else self.counts.get(FIRST_DEVICE_STATUS, 0)
        return self.devices - self.successful - waiting

    @property
    def done_without_success(self) -> bool:
        """Whether the task is done and no device has the image; `FuotaDone` alone does not mean that any has.

        A device that has it and left the task's group since is no longer listed, and is remembered.
        """
        return self.status == DONE and SUCCESSFUL not in {*self.counts, *self.remembered.devices.values()}

    @property
    def seconds_in_status(self) -> int:
        """Seconds since a poll first saw the task in its status."""
        return max(0, self.now - self.remembered.since)

    @property
    def seconds_past_start(self) -> int:
        """Seconds since the session should have begun, while the task still waits for it; else 0."""
        if self.status != WAITING:
            return 0
        start = (self.task.get("LoRaWAN") or {}).get("StartTime")
        begins = start.timestamp() if isinstance(start, datetime) else self.remembered.since + ASSUMED_LEAD_SECONDS
        return max(0, int(self.now - begins))


def _past_initial(devices: Mapping[bytes, str]) -> dict[bytes, str]:
    """Those back in Initial are not kept: it is what a device without a memory is in."""
    return {digest: status for digest, status in devices.items() if status != FIRST_DEVICE_STATUS}
