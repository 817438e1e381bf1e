"""A session that an app starts on schedule, and those of the same app that start before it for the same devices."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from fuota_constructs.synth_checks import CALL_LEAD_SECONDS, EarlierStart, StartPlan
from fuota_constructs.template.tokens import is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef
    from constructs import IConstruct, Node

    from fuota_constructs.rules import SessionPlan
    from fuota_constructs.task.session_schedule import SessionSchedule

_OF_APP: WeakKeyDictionary[IConstruct, list[ScheduledSession]] = WeakKeyDictionary()


class PlannedTask(Protocol):
    """What is needed of a task."""

    @property
    def node(self) -> Node:
        """Its place in the construct tree."""
        ...

    @property
    def plan(self) -> SessionPlan | None:
        """Its session in figures, where they are known."""
        ...


class ScheduledSession:
    """One session; whom it is for and how long it takes are asked when they matter, at the end of the synth."""

    def __init__(
        self,
        schedule: SessionSchedule,
        task: PlannedTask,
        groups: Mapping[str, tuple[IMulticastGroupRef, object]],
        devices: Callable[[], Iterable[str]],
    ) -> None:
        """Put the session beside the others of its app; the groups by their ids."""
        self._schedule, self._task, self._path = schedule, task, task.node.path
        self._groups, self._devices = groups, devices
        self._all = _OF_APP.setdefault(task.node.root, [])
        self._all.append(self)

    def start_plan(self) -> StartPlan:
        """The start as the rules see it now, with the sessions that may still run when it is prepared."""
        earlier = (self._behind(other) for other in self._all if other is not self)
        return self._schedule.plan()._replace(of_own_task=True, earlier=tuple(filter(None, earlier)))

    def _behind(self, other: ScheduledSession) -> EarlierStart | None:
        before = (self._schedule.at - other._schedule.at).total_seconds()
        if before < 0 or (before == 0 and self._all.index(other) > self._all.index(self)):
            return None
        length = other._length
        if before >= (length or 0) + CALL_LEAD_SECONDS or not (shared := self._shared_with(other)):
            return None
        start = other._schedule.at
        ends = start + timedelta(seconds=length or 0)
        return EarlierStart(
            other._path, f"{start:%Y-%m-%d %H:%M:%S} UTC", before, length, f"{ends:%Y-%m-%d %H:%M:%S} UTC", shared
        )

    @property
    def _length(self) -> float | None:
        plan = self._task.plan
        return plan.duration_seconds if plan else self._schedule.window_seconds

    def _shared_with(self, other: ScheduledSession) -> str:
        if groups := [group.node.path for id_, (group, _) in self._groups.items() if id_ in other._groups]:
            return f"the group {groups[0]}" + (f" and {len(groups) - 1} more" if groups[1:] else "")
        if not (devices := self._members & other._members):
            return ""
        known = sorted(filter(is_known, devices))
        named = f", such as {known[0]}" if known else ""
        return f"{len(devices):,} of the same devices{named}"

    @property
    def _members(self) -> frozenset[str]:
        # Hexadecimal digits may be written either way; what is a token is the same token.
        of_groups = (getattr(group, "_device_ids", ()) for group, _ in self._groups.values())
        return frozenset(
            id_.casefold() if is_known(id_) else id_ for ids in (self._devices(), *of_groups) for id_ in ids
        )
