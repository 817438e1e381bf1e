"""Which devices of a wave are in another session: of a FUOTA task that is scheduled or runs, or of their own group."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rollout_calls import RolloutCalls, code_of

DENIED = {"AccessDenied", "AccessDeniedException"}
LIVE = {"FuotaSession_Waiting", "In_FuotaSession"}


@dataclass
class OtherSessions:
    """By device what has it; `unknown` says what could not be looked at."""

    busy: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def other_sessions(calls: RolloutCalls, devices: Collection[str]) -> OtherSessions:
    """Look through all tasks and groups of the account and Region, so many as there is time for.

    None of them is of this rollout: what a session needed is gone before the next one is prepared.
    """
    found = OtherSessions()
    for kind, in_session in (("FUOTA task", _live_tasks(calls)), ("multicast group", _groups_in_session(calls))):
        try:
            for name, of in in_session:
                for device in calls.devices(**of):
                    if device["Id"] in devices:
                        found.busy.setdefault(device["Id"], f"{kind} {name}")
        except _NoTimeError:
            found.unknown.append(f"not every {kind} was looked at for devices that are in its session: too many")
        except calls.refusals as error:
            if code_of(error) not in DENIED:
                raise
            found.unknown.append(f"could not tell whether devices are in the session of another {kind}: not allowed")
    return found


class _NoTimeError(Exception):
    """The function has little time left."""


def _live_tasks(calls: RolloutCalls) -> Iterator[tuple[str, dict[str, str]]]:
    iotwireless = calls.iotwireless
    for task in _listed(calls, iotwireless.list_fuota_tasks, "FuotaTaskList"):
        with suppress(iotwireless.exceptions.ResourceNotFoundException):
            if iotwireless.get_fuota_task(Id=task["Id"])["Status"] in LIVE:
                yield _name(task), {"FuotaTaskId": task["Id"]}


def _groups_in_session(calls: RolloutCalls) -> Iterator[tuple[str, dict[str, str]]]:
    iotwireless = calls.iotwireless
    for group in _listed(calls, iotwireless.list_multicast_groups, "MulticastGroupList"):
        with suppress(iotwireless.exceptions.ResourceNotFoundException):
            if _is_in_session(iotwireless.get_multicast_group(Id=group["Id"])):
                yield _name(group), {"MulticastGroupId": group["Id"]}


def _is_in_session(group: Any) -> bool:
    """Whether it is in session or about to be: in the API the status is a free text, so its spelling is assumed."""
    return "session" in str(group.get("Status", "")).lower()


def _listed(calls: RolloutCalls, operation: Any, member: str) -> Iterator[Any]:
    for each in calls.pages(operation, member):
        if calls.time_is_up():
            raise _NoTimeError
        yield each
        calls.pace()


def _name(listed: Any) -> str:
    return str(listed.get("Name") or listed["Id"])
