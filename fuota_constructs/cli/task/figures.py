"""A task in words, for the terminal and the page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fuota_constructs.cli.figures import Figure, count, duration, loss_words, percent
from fuota_constructs.operations import task as states
from fuota_constructs.operations.device_status import NOT_GIVEN
from fuota_constructs.operations.progress import session_length
from fuota_constructs.operations.start import show as moment
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.operations.image import Image
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.task import Device, Group

MOST_NAMES = 5
_DIGITS_SHOWN = 16
UNKNOWN_END = "AWS publishes no end, and the task leaves fragment size or interval open, or its image is not readable"


def task_lines(progress: Progress) -> list[Figure]:
    """Parameters, image, role and groups of a task."""
    task, image = progress.task, progress.image
    size = f"{count(image.size_bytes)} bytes{firmware_words(image)}" if image and image.size_bytes is not None else ""
    trouble = next((check.message for check in progress.image_checks if check.outcome != "ok"), "")
    lines = [
        Figure("Status", task.status),
        Figure("Session", *session_words(progress)),
        Figure("Parameters", parameters(progress)),
        Figure("Image", task.image, size or trouble),
        Figure("Role", task.role),
    ]
    lines += [Figure("Group", str(group), _group_words(group)) for group in progress.groups]
    if progress.plan:
        lines.append(Figure("Plan", *plan_words(progress)))
    return lines


def firmware_words(image: Image) -> str:
    """What the metadata of an image says of the firmware: written by the deployment, not read from the file."""
    named = " ".join(word for word in (image.format, image.version) if word)
    words = [named, f"content {image.digest[:_DIGITS_SHOWN]}" if image.digest else ""]
    return visible("".join(f"; {each}" for each in words if each))


def parameters(progress: Progress) -> str:
    """The transmission parameters; what is not set is said to be AWS's choice."""
    task = progress.task
    size, every = task.fragment_size_bytes, task.fragment_interval_ms
    return ", ".join(
        [
            task.rf_region or "no RfRegion",
            f"fragments of {size} bytes" if size else "fragment size not set",
            f"one every {every / 1000:g} s" if every else "interval not set",
            "redundancy not set" if task.redundancy_percent is None else f"{task.redundancy_percent} % redundancy",
            *([f"descriptor {task.descriptor}"] if task.descriptor else []),
        ]
    )


def session_words(progress: Progress) -> tuple[str, str]:
    """When the session is, and how far by the clock."""
    task, start, end = progress.task, progress.task.start_time, progress.ends_at
    if start is None:
        length = session_length(task, progress.plan)
        return "not scheduled", f"would take {duration(length.total_seconds())} by plan" if length else ""
    when = moment(start) + (f" to about {moment(end)}" if end else "")
    if task.status == states.WAITING:
        ahead = max(0.0, (start - progress.now).total_seconds())
        return when, f"starts in {_wait(progress, ahead)}" + ("" if end else f"; {UNKNOWN_END}")
    if task.status != states.IN_SESSION:
        return when, "end by plan" if end else ""
    share = time_share(progress)
    if end is None or share is None:
        return when, UNKNOWN_END
    return when, f"{share:.0%} of its time, {time_left(progress)} left by plan; AWS publishes no progress"


def time_share(progress: Progress) -> float | None:
    """How much of its planned time a running session has had; None where it does not run or its end is not known."""
    task, start, end = progress.task, progress.task.start_time, progress.ends_at
    if task.status != states.IN_SESSION or start is None or end is None:
        return None
    return min(1.0, max(0.0, (progress.now - start) / max(end - start, timedelta(seconds=1))))


def time_left(progress: Progress, *, short: bool = False) -> str:
    """How long a running session goes on, by plan."""
    end = progress.ends_at
    return "?" if end is None else _wait(progress, max(0.0, (end - progress.now).total_seconds()), short=short)


def _wait(progress: Progress, seconds: float, *, short: bool = False) -> str:
    """A time of the session, and how long that is to wait where its clock runs at another speed than ours."""
    if progress.clock_speed == 1.0:
        return duration(seconds)
    here = duration(seconds / progress.clock_speed)
    if short:
        return f"{duration(seconds)} of session time ({here} here)"
    return f"{duration(seconds)} of session time ({here} here, its clock is {progress.clock_speed:g} times as fast)"


def plan_words(progress: Progress) -> tuple[str, str]:
    """The figures of the session as planned."""
    plan = progress.plan
    if plan is None:
        return "", ""
    fragments = (
        f"{count(plan.data_fragments)} data + {count(plan.coded_fragments)} coded fragments at {plan.data_rate_text}"
    )
    if plan.cut_off:
        return f"{fragments}, {duration(plan.duration_seconds)}", f"no device gets all of it: {plan.cut_off}"
    chance = f"{percent(plan.decode_probability)} of devices succeed at {loss_words(plan)} (assumed)"
    if progress.task.redundancy_percent is None:
        chance += "; without redundancy, as AWS does not document what it adds when none is set"
    return f"{fragments}, {duration(plan.duration_seconds)}", chance


def names_of(devices: Sequence[Device], status: str) -> str:
    """A few of the devices with a status."""
    names = [str(device) for device in devices if (device.fuota_status or NOT_GIVEN) == status]
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _group_words(group: Group) -> str:
    inside = "?" if group.devices_in_group is None else f"{group.devices_in_group:,}"
    return f"{inside} devices, {group.dl_class or 'no class'}, {group.rf_region or 'no RfRegion'}, {group.status or ''}"
