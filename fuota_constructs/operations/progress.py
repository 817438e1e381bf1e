"""How far a task is: the task, who it is for, and what each device reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fuota_constructs import rules
from fuota_constructs.lorawan.session_plan import CLASS_B
from fuota_constructs.operations.device_status import NOT_GIVEN, status_named
from fuota_constructs.operations.groups import with_session
from fuota_constructs.operations.image import Image, read_image
from fuota_constructs.operations.task import Device, Group, Task, read_groups, task_devices

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.checks import Check
    from fuota_constructs.operations.device_status import DeviceStatus


@dataclass(frozen=True, slots=True)
class Progress:
    """A task at one moment."""

    task: Task
    groups: tuple[Group, ...]
    devices: tuple[Device, ...]
    now: datetime
    image: Image | None
    image_checks: tuple[Check, ...]
    plan: rules.SessionPlan | None
    clock_speed: float = 1.0
    """Seconds of the session in one of ours: over 1 in a local cloud whose clock was told to run faster."""

    @property
    def counts(self) -> dict[str, int]:
        """How many devices have each status: updated first, then open, then failed, the largest first."""
        found = Counter(device.fuota_status or NOT_GIVEN for device in self.devices)
        order = {"updated": 0, "open": 1, "failed": 2}
        return dict(sorted(found.items(), key=lambda item: (order[_status(item[0]).kind], -item[1], item[0])))

    @property
    def statuses(self) -> list[tuple[DeviceStatus, int]]:
        """The same with what each means."""
        return [(_status(name), count) for name, count in self.counts.items()]

    def count_of(self, kind: str) -> int:
        """How many devices count as that."""
        return sum(count for status, count in self.statuses if status.kind == kind)

    @property
    def ends_at(self) -> datetime | None:
        """When the last fragment is sent, by the plan; None while that is not known."""
        if self.task.start_time is None:
            return None
        length = session_length(self.task, self.plan)
        return None if length is None else self.task.start_time + length


def read_progress(aws: Aws, task: Task) -> Progress:
    """Everything about a task that can be read."""
    seconds, speed = aws.clock()
    now = datetime.fromtimestamp(seconds, UTC)
    begins = min(now, task.start_time or now)
    # In class B only the group's own session says how often devices listen.
    groups = tuple(
        with_session(aws, group, begins)[0] if group.dl_class == CLASS_B else group
        for group in read_groups(aws, task.id)
    )
    devices = task_devices(aws, task.id)
    found, checks = look_at_image(aws, task.image)
    plan = rules.session_plan(task_plan(task, groups, devices, found, aws.region))
    return Progress(task, groups, devices, now, found, tuple(checks), plan, speed)


def look_at_image(aws: Aws, uri: str) -> tuple[Image | None, list[Check]]:
    """The image and what was found; an S3 that cannot be asked is a warning like any other."""
    try:
        return read_image(aws, uri)
    except ClientError as failure:
        from fuota_constructs.operations.checks import warning

        return None, [warning("image", f"could not check {uri}: {failure.response['Error'].get('Code')}", "")]


def task_plan(
    task: Task, groups: tuple[Group, ...], devices: tuple[Device, ...], image: Image | None, aws_region: str | None
) -> rules.TaskPlan:
    """A task as the rules of `cdk synth` see it, with the image as it is in the bucket."""
    return rules.TaskPlan(
        name=task.name,
        description=task.description,
        rf_region=task.rf_region,
        redundancy_percent=task.redundancy_percent,
        fragment_size_bytes=task.fragment_size_bytes,
        fragment_interval_ms=task.fragment_interval_ms,
        descriptor=task.descriptor or None,
        image_bytes=image.size_bytes if image else None,
        multicast_groups=tuple(
            rules.GroupPlan(
                label=str(group),
                rf_region=group.rf_region,
                dl_class=group.dl_class,
                data_rate=group.data_rate,
                frequency_hz=group.frequency_hz,
                gateways=group.gateways,
                gateway_spacing_seconds=group.gateway_spacing_seconds,
                ping_slot_period=group.ping_slot_period,
                gateway_ids=group.gateway_ids,
            )
            for group in groups
        ),
        wireless_devices=() if groups else tuple(device.id for device in devices),
        aws_region=aws_region,
    )


def session_length(task: Task, plan: rules.SessionPlan | None) -> timedelta | None:
    """How long sending takes; None where the task leaves fragment size or interval to undocumented defaults."""
    if plan is None or task.fragment_interval_ms is None or task.fragment_size_bytes is None:
        return None
    return timedelta(seconds=plan.duration_seconds)


def _status(name: str) -> DeviceStatus:
    return status_named(None if name == NOT_GIVEN else name)
