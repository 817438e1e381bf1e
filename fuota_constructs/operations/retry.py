"""For whom a task is to be done again, and with which redundancy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.fragments import data_fragments, encoded_fragments
from fuota_constructs.lorawan.redundancy import smallest_redundancy_percent
from fuota_constructs.lorawan.session_plan import CLASS_C, DEFAULT_TARGET, cut_off_of
from fuota_constructs.operations import task as states
from fuota_constructs.operations.device_status import NOT_GIVEN, status_named
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.task import group_devices
from fuota_constructs.operations.verdict import longer_interval, loss_to_plan_for

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.task import Device

IN_VAIN: Final = frozenset({"Package_Not_Supported", "FragAlgo_unsupported", "Not_enough_memory", "Wrong_descriptor"})
"""What the same image with more redundancy does not mend: device, image or descriptor have to change first."""

_LOSS: Final = "MissingFrag"


class NotToBeRetriedError(OperationError):
    """There is nothing to be done again, or not now."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The devices to send to again, those it would be in vain for, and the parameters.

    `by_class` has the devices of each class of multicast group; empty where the task was for devices alone.
    `redundancy_percent` is what the loss that was met needs (`planned_loss`), or that of the task where nothing was
    lost; `enough` is False where no redundancy makes up for that loss. `interval_seconds` is the interval at
    which all fragments are sent, and `interval_remark` says so, where that of the task was too short for it. `too_long`
    says who would end such a session before its last fragment. `sent_at` has of each class the data rate and frequency
    that its groups name.
    """

    devices: tuple[Device, ...]
    left_out: tuple[Device, ...]
    by_class: dict[str, tuple[Device, ...]]
    redundancy_percent: int | None
    planned_loss: float | None = None
    enough: bool = True
    interval_seconds: int | None = None
    interval_remark: str = ""
    too_long: str = ""
    sent_at: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)

    @property
    def before(self) -> tuple[str, ...]:
        """What to look at before, for each status of the devices."""
        names = dict.fromkeys(device.fuota_status for device in self.devices)
        return tuple(_look_at(name, sum(device.fuota_status == name for device in self.devices)) for name in names)

    @property
    def in_vain(self) -> tuple[str, ...]:
        """Why the others are left out, for each status."""
        names = dict.fromkeys(device.fuota_status for device in self.left_out)
        return tuple(_look_at(name, sum(device.fuota_status == name for device in self.left_out)) for name in names)


def retry_of(aws: Aws, progress: Progress) -> Retry:
    """The retry of a task that is done; without devices where all have the image. Raises NotToBeRetriedError."""
    task = progress.task
    match task.status:
        case states.DONE:
            pass
        case states.PENDING:
            raise NotToBeRetriedError("its session has not begun: start it first")
        case states.WAITING | states.IN_SESSION:
            raise NotToBeRetriedError(f"it is {task.status}: a device is in one session at a time, so wait for its end")
        case states.DELETING:
            raise NotToBeRetriedError("it is being deleted, and its devices are not to be relied on: make a new task")
        case _:
            raise NotToBeRetriedError(f"it is {task.status}, which AWS did not document when this was written")
    if not progress.devices:
        raise NotToBeRetriedError("it has no devices, or its groups have none: add devices, then make a new task")
    without = [device for device in progress.devices if status_named(device.fuota_status).kind != "updated"]
    left_out = tuple(device for device in without if device.fuota_status in IN_VAIN)
    devices = tuple(device for device in without if device.fuota_status not in IN_VAIN)
    redundancy, loss, enough = _redundancy(progress, devices)
    by_class, sent_at = _by_class(aws, progress, devices), _sent_at(progress)
    again = Retry(devices, left_out, by_class, redundancy, loss, enough, sent_at=sent_at)
    plan = progress.plan
    if plan is None:
        return again
    if plan.unsent:
        slower = plan.smallest_interval_seconds
        again = replace(again, interval_seconds=slower, interval_remark=longer_interval(plan))
    fragments = encoded_fragments(plan.image_bytes, plan.fragment_bytes, redundancy or 0)
    interval = again.interval_seconds or plan.interval_seconds
    return replace(again, too_long=cut_off_of(plan.dl_class, fragments * interval) or "")


def _sent_at(progress: Progress) -> dict[str, tuple[int | None, int | None]]:
    """Of groups of a class that name different ones, the slowest data rate, which reaches furthest."""
    found: dict[str, tuple[int | None, int | None]] = {}
    for dl_class in dict.fromkeys(group.dl_class or CLASS_C for group in progress.groups):
        groups = [group for group in progress.groups if (group.dl_class or CLASS_C) == dl_class]
        rates = [group.data_rate for group in groups if group.data_rate is not None]
        frequencies = {group.frequency_hz for group in groups}
        found[dl_class] = (min(rates, default=None), frequencies.pop() if len(frequencies) == 1 else None)
    return found


def _by_class(aws: Aws, progress: Progress, devices: tuple[Device, ...]) -> dict[str, tuple[Device, ...]]:
    classes = list(dict.fromkeys(group.dl_class or CLASS_C for group in progress.groups))
    if len(classes) <= 1:
        return dict.fromkeys(classes, devices) if devices else {}
    found: dict[str, list[Device]] = {}
    left = {device.id: device for device in devices}
    for group in progress.groups:
        members = {device.id for device in group_devices(aws, group.id)} & left.keys()
        found.setdefault(group.dl_class or CLASS_C, []).extend(left.pop(each) for each in list(left) if each in members)
    if left:  # taken out of its group since: in the class of most
        found[max(found, key=lambda name: len(found[name]))].extend(left.values())
    return {name: tuple(members) for name, members in found.items() if members}


def _redundancy(progress: Progress, devices: tuple[Device, ...]) -> tuple[int | None, float | None, bool]:
    task, image = progress.task, progress.image
    size = task.fragment_size_bytes
    if not any(device.fuota_status == _LOSS for device in devices) or not (image and image.size_bytes and size):
        return task.redundancy_percent, None, True
    loss = loss_to_plan_for(progress)
    needed = smallest_redundancy_percent(data_fragments(image.size_bytes, size), loss, DEFAULT_TARGET)
    if needed is None:
        return task.redundancy_percent, loss, False
    return max(needed, task.redundancy_percent or 0), loss, True


def _look_at(name: str | None, count: int) -> str:
    status = status_named(name)
    remedy = f": {status.remedy}" if status.remedy else ""
    if status.kind == "open":
        remedy = ": check when they were last heard, their class and their multicast set-up"
    said = f"{count:,} {name or NOT_GIVEN}, {status.meaning}{remedy}"
    return said.replace("start a new FUOTA task for these devices, with", "send again, with").replace(
        ": start a new FUOTA task for these devices", ""
    )
