"""When sessions begin and end, and what status that gives tasks, groups and devices.

Every status is computed from the clock when somebody asks: there are no threads, so hours of session take as long
as moving the clock. Replace SessionPolicy to decide otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.store import FuotaTask
from fuota_constructs.lorawan.fragments import encoded_fragments, interval_seconds

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.store import MulticastGroup, RegionalState


class FuotaTaskStatus(StrEnum):
    """FuotaTaskStatus of the service's model."""

    PENDING = "Pending"
    WAITING = "FuotaSession_Waiting"
    IN_SESSION = "In_FuotaSession"
    DONE = "FuotaDone"
    DELETE_WAITING = "Delete_Waiting"


class MulticastGroupStatus(StrEnum):
    """The four documented states of a group; a free string in the model, so the spelling is assumed."""

    PENDING = "Pending"
    SESSION_ATTEMPTING = "Session_attempting"
    IN_SESSION = "In_session"
    DELETE_WAITING = "Delete_waiting"


@dataclass(frozen=True)
class SessionPolicy:
    """How long things take.

    Documented (AWS IoT Wireless Developer Guide): a session starts 30 minutes ahead or later; a multicast session
    within 48 hours. Assumed: everything else, because AWS documents neither defaults nor durations.
    """

    minimum_lead_seconds: float = 30 * 60
    default_lead_seconds: float = 30 * 60  # assumed: when no start time is given
    longest_multicast_lead_seconds: float = 48 * 60 * 60
    deletion_seconds: float = 2.0  # assumed: Delete_Waiting "takes time"
    image_size_bytes: int = 100_000  # assumed: the service does not look at the image before the session
    fragment_size_bytes: int = 220  # assumed: seen once in a field log (github Lora-net/SWL2001 #101)
    fragment_interval_ms: int = 3000  # assumed: as above
    default_multicast_timeout_seconds: int = 4096  # assumed
    uplink_interval_seconds: float = 120.0  # assumed: how often a simulated device sends, and so can be spoken to

    def session_seconds(self, task: FuotaTask) -> float:
        """Give the length of a session: fragments and redundancy, one interval each (rounded to whole seconds)."""
        size: int = task.details.get("FragmentSizeBytes", self.fragment_size_bytes)
        interval: int = task.details.get("FragmentIntervalMS", self.fragment_interval_ms)
        redundancy: int = task.details.get("RedundancyPercent", 0)
        fragments = encoded_fragments(self.image_size_bytes, size, redundancy)
        return fragments * float(max(1, interval_seconds(interval)))

    def fuota_device_status(self, task: FuotaTask, now: float) -> str:
        """Give the FuotaDeviceStatus of every device of a task: all of them receive the whole image."""
        return "Successful" if task_status(task, now) == FuotaTaskStatus.DONE else "Initial"


def task_status(task: FuotaTask, now: float) -> FuotaTaskStatus:
    """Give the status of a FUOTA task."""
    if task.gone_time is not None:
        return FuotaTaskStatus.DELETE_WAITING
    if task.start_time is None or task.done_time is None:
        return FuotaTaskStatus.PENDING
    if now < task.start_time:
        return FuotaTaskStatus.WAITING
    return FuotaTaskStatus.IN_SESSION if now < task.done_time else FuotaTaskStatus.DONE


def group_status(group: MulticastGroup, state: RegionalState, now: float) -> MulticastGroupStatus:
    """Give the status of a multicast group: its own session's, or that of a FUOTA task that uses it."""
    if group.gone_time is not None:
        return MulticastGroupStatus.DELETE_WAITING
    task_statuses = {task_status(task, now) for task in tasks_of_group(group, state)}
    if FuotaTaskStatus.IN_SESSION in task_statuses:
        return MulticastGroupStatus.IN_SESSION
    if group.session is not None and group.session_end_time is not None and now < group.session_end_time:
        started = now >= group.session["SessionStartTime"]
        return MulticastGroupStatus.IN_SESSION if started else MulticastGroupStatus.SESSION_ATTEMPTING
    if FuotaTaskStatus.WAITING in task_statuses:
        return MulticastGroupStatus.SESSION_ATTEMPTING
    return MulticastGroupStatus.PENDING


def tasks_of_group(group: MulticastGroup, state: RegionalState) -> list[FuotaTask]:
    """List the FUOTA tasks a group is associated with."""
    return [task for task in state.all(FuotaTask).values() if group.id in task.multicast_group_ids]
