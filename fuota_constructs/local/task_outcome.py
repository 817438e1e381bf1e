"""What became of the tasks and devices of a rehearsal, one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SUCCESSFUL: Final = "Successful"


@dataclass(frozen=True)
class TaskAir:
    """What of a session is not sent, or may not be: why, what to do, and the rule that warns of it.

    With no fragment unsent it is a doubt: all were taken as sent, and whether a duty cycle lets them is not known.
    """

    fragments_unsent: int
    cause: str
    remedy: str
    rule: str


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
    """How a task is sent, as it is deployed; None where nothing was given, the data rate as the service chose it.

    From `dl_class` on it is what its multicast groups say, the first of them.
    """

    rf_region: str | None
    data_rate: int | None
    redundancy_percent: int | None
    fragment_size_bytes: int | None
    fragment_interval_ms: int | None
    dl_class: str | None = None
    frequency_hz: int | None = None
    gateways: int = 1
    gateway_spacing_ms: int = 0


@dataclass(frozen=True)
class TaskGroup:
    """How a multicast group is sent to, by its session, else by its default one; None where nobody said."""

    dl_class: str
    data_rate: int | None
    frequency_hz: int | None
    ping_slot_period: int | None


@dataclass(frozen=True)
class TaskDelta:
    """SHA-256 of base and target of a delta, as the tags of its task say; None where they do not."""

    base_sha256: str | None
    target_sha256: str | None


@dataclass(frozen=True)
class TaskImage:
    """The image of a task; None where it could not be read. `delta` is None for a whole image.

    `firmware` is format and version, as the deployment left them at the object; None where it left none.
    """

    uri: str
    size_bytes: int | None
    sha256: str | None
    delta: TaskDelta | None = None
    firmware: str | None = None


@dataclass(frozen=True)
class TaskOutcome(TaskProgress):
    """What became of one task, and what it was."""

    account: str
    aws_region: str
    parameters: TaskParameters
    image: TaskImage
    air: TaskAir | None = None


@dataclass(frozen=True)
class Trouble:
    """What the stack of a device has to do with its outcome, what to do, and the rule that warns of it, if one does.

    `about` is `stack`, `delta`: what it makes of a patch, or `radio`: what is sent to it.
    """

    cause: str
    remedy: str
    rule: str
    about: str = "stack"


@dataclass(frozen=True)
class DeviceOutcome:
    """What became of one simulated device: `status` is what it reports, `has_image` what is true.

    `firmware_sha256` is what it has in flash now, None where nobody said.
    """

    id: str
    cohort: str
    task_id: str | None
    status: str
    sent: int
    received: int
    completed_after_fragments: int | None
    has_image: bool
    stack: str | None = None
    trouble: Trouble | None = None
    firmware_sha256: str | None = None

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
    succeeded: int
    without_image: dict[str, int]
    stack: str | None = None
    troubles: tuple[tuple[Trouble, int], ...] = ()

    @property
    def failed(self) -> str:
        """The statuses of those without the image: the word where it is one, else each with its count."""
        others = self.without_image
        if len(others) == 1:
            return next(iter(others))
        return ", ".join(f"{count} {status}" for status, count in others.items())

    @property
    def explained(self) -> str:
        """The same, with what their stack has to do with it."""
        causes = [trouble.cause for trouble, _ in self.troubles]
        return "; ".join(filter(None, [self.failed, *causes]))


def cohorts_of(devices: Iterable[DeviceOutcome]) -> tuple[CohortOutcome, ...]:
    """Some devices by their cohort."""
    found: dict[str, list[DeviceOutcome]] = {}
    for device in devices:
        found.setdefault(device.cohort, []).append(device)
    return tuple(_cohort(name, members) for name, members in found.items())


def _cohort(name: str, members: list[DeviceOutcome]) -> CohortOutcome:
    troubles = Counter(device.trouble for device in members if device.trouble is not None)
    return CohortOutcome(
        name,
        len(members),
        statuses=dict(Counter(device.status for device in members).most_common()),
        succeeded=sum(device.has_image for device in members),
        without_image=dict(Counter(device.status for device in members if not device.has_image).most_common()),
        stack=members[0].stack,
        troubles=tuple(troubles.most_common()),
    )
