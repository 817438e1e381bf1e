"""A session that an app starts on schedule, and those of the same app that start before it for the same devices."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from fuota_constructs.synth_checks import CALL_LEAD_SECONDS, EarlierStart, StartPlan
from fuota_constructs.task.session_schedule import in_utc
from fuota_constructs.template.tokens import is_known, is_stand_in

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
        *,
        timed: bool,
    ) -> None:
        """Put the session beside the others of its app; the groups by their ids.

        `timed`: whether the task says how often a fragment is sent, and its plan is no guess.
        """
        self._schedule, self._task, self._path = schedule, task, task.node.path
        self._groups, self._devices, self._timed = groups, devices, timed
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
        # Who shares nothing costs no question to the CDK, and the same ids may be others in another place.
        if self._schedule.task_place.apart_from(other._schedule.task_place) or not (shared := self._shared_with(other)):
            return None
        plan = other._task.plan
        length = plan.duration_seconds if plan else other._schedule.window_seconds
        if before >= (length or 0) + CALL_LEAD_SECONDS:
            return None
        start = other._schedule.at
        ends = start + timedelta(seconds=length or 0)
        return EarlierStart(
            other._path,
            in_utc(start),
            before,
            length,
            in_utc(ends),
            shared,
            is_certain=before < 1 or (plan is not None and other._timed),
        )

    def _shared_with(self, other: ScheduledSession) -> str:
        theirs = _identities(frozenset(other._groups))
        shared = (group for id_, (group, _) in self._groups.items() if _identities(frozenset({id_})) & theirs)
        if groups := [group.node.path for group in shared]:
            return f"the group {groups[0]}" + (f" and {len(groups) - 1} more" if groups[1:] else "")
        if not (devices := self._members & other._members):
            return ""
        known = sorted(filter(is_known, devices))
        named = f", such as {known[0]}" if known else ""
        return f"{len(devices):,} of the same devices{named}"

    @property
    def _members(self) -> frozenset[str]:
        of_groups = (getattr(group, "_device_ids", ()) for group, _ in self._groups.values())
        return _identities(frozenset().union(self._devices(), *of_groups))


@functools.lru_cache(maxsize=1024)  # each session is compared with every other, and a group may have 1,000 devices
def _identities(ids: frozenset[str]) -> frozenset[str]:
    # Hexadecimal digits may be written either way; what is a token is the same token. What is not looked up yet may be
    # anything.
    return frozenset(id_.casefold() if is_known(id_) else id_ for id_ in ids if not is_stand_in(id_))
