"""Takes away what a session needed: its task, and the group with its devices."""

from contextlib import suppress
from typing import Any

from look import FUOTA_DONE, GONE, LONGEST_SESSION_SECONDS, keep_statuses, task_status
from operator_word import OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_turn import AGAIN, DONE, WAIT, Turn

IN_SESSION = "In_FuotaSession"


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Take it away; what is on the air is left until its end, unless the operator wants it ended.

    A session that only waits is called off: that costs no airtime.
    """
    now = calls.now()
    since, kept = waiting_since(turn.state, f"clean-{turn.attempt}", now)
    task = turn.state.get("task")
    if task and task_status(task, calls) == FUOTA_DONE and turn.state.get("doneAt") is None:
        keep_statuses(turn, calls)  # after an abort nobody has looked how the session ended
    spared_until = float(turn.state.get("startAt") or now) + LONGEST_SESSION_SECONDS
    is_spared = not word.ends_sessions and now < spared_until
    next_ = taken_away(task, turn.state.get("group"), calls, spare_session=is_spared)
    if next_ != DONE:
        return {"next": next_, "seconds": wait_seconds(since=since, now=now) if next_ == WAIT else 0, **kept}
    word.tell(Task="", Group="")
    return {"next": DONE, "task": None, "group": None, "cursor": 0, "leftOut": 0, **kept}


def taken_away(task: str | None, group: str | None, calls: RolloutCalls, *, spare_session: bool) -> str:
    """Take a task and a group away: what is next when that takes longer."""
    if task and (status := task_status(task, calls)) != GONE:
        if status == IN_SESSION and spare_session:
            return WAIT
        calls.iotwireless.delete_fuota_task(Id=task)
        if task_status(task, calls) != GONE:
            return WAIT
    if group and not _is_empty(group, calls):
        return AGAIN
    return DONE if not group or _is_gone(group, calls) else WAIT


def _is_empty(group: str, calls: RolloutCalls) -> bool:
    """Let the devices leave, so many as there is time for; False when some are left."""
    iotwireless = calls.iotwireless
    for device in list(calls.devices(MulticastGroupId=group)):
        if calls.time_is_up():
            return False
        with suppress(iotwireless.exceptions.ResourceNotFoundException):
            iotwireless.disassociate_wireless_device_from_multicast_group(Id=group, WirelessDeviceId=device["Id"])
        calls.pace()
    return True


def _is_gone(group: str, calls: RolloutCalls) -> bool:
    iotwireless = calls.iotwireless
    try:
        with suppress(iotwireless.exceptions.ResourceNotFoundException):
            iotwireless.delete_multicast_group(Id=group)
    except iotwireless.exceptions.ConflictException:
        return False
    return True
