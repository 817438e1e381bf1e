"""Takes away what a session needed: its task, and the group with its devices."""

from contextlib import suppress
from typing import Any

from gather import new_group
from launch import new_task
from look import FUOTA_DONE, GONE, LONGEST_SESSION_SECONDS, keep_statuses, task_status
from operator_word import BEING_MADE, MADE_RECENTLY_SECONDS, Made, OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_turn import AGAIN, DONE, WAIT, Turn

IN_SESSION = "In_FuotaSession"


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Take it away; what is on the air is left until its end, unless the operator wants it ended.

    A session that only waits is called off: that costs no airtime.
    """
    if word.is_superseded:
        return {"next": DONE}  # it is another execution of this wave that needs the task and the group
    found = cleaned(turn, calls, on_record=word.made, ends_sessions=word.ends_sessions)
    if found["next"] == DONE:
        word.tell(Task="", Group="")
    return found


def cleaned(turn: Turn, calls: RolloutCalls, *, on_record: Made, ends_sessions: bool) -> dict[str, Any]:
    """Take away what the state knows of and what is on record, as far as that is possible now."""
    now = calls.now()
    since, kept = waiting_since(turn.state, f"clean-{turn.attempt}", now)
    made = _known(turn, calls, on_record)
    if (
        made.task
        and turn.state.get("doneAt") is None
        and turn.state.get("startAt") is not None
        and task_status(made.task, calls) == FUOTA_DONE
    ):
        keep_statuses(turn, calls, made.task)  # after an abort nobody has looked how the session ended
    spared_until = float(turn.state.get("startAt") or now) + LONGEST_SESSION_SECONDS
    next_ = _taken_away(made, calls, spare_session=not ends_sessions and now < spared_until)
    if next_ != DONE:
        left = {"task": made.task or None, "group": made.group or None, "madeAt": made.at}
        return {"next": next_, "seconds": wait_seconds(since=since, now=now) if next_ == WAIT else 0, **left, **kept}
    return {"next": DONE, "task": None, "group": None, "madeAt": None, "cursor": 0, "leftOut": 0, **kept}


def _known(turn: Turn, calls: RolloutCalls, on_record: Made) -> Made:
    """By their ids; of what may have been made without anybody hearing of it, the same request once more tells it.

    Of what was made and is gone again, too, without making another one (assumed).
    """
    task = str(turn.state.get("task") or on_record.task)
    group = str(turn.state.get("group") or on_record.group)
    at = float(turn.state.get("madeAt") or on_record.at)
    if group == BEING_MADE:
        group, at = new_group(turn, calls), calls.now()
    if task == BEING_MADE:
        task, at = new_task(turn, calls), calls.now()
    return Made(task, group, at)


def _taken_away(made: Made, calls: RolloutCalls, *, spare_session: bool) -> str:
    """Take a task and a group away: what is next when that takes longer."""
    is_recent = calls.now() - made.at < MADE_RECENTLY_SECONDS
    if made.task:
        status = task_status(made.task, calls)
        if status == IN_SESSION and spare_session:
            return WAIT
        if status != GONE:
            calls.iotwireless.delete_fuota_task(Id=made.task)
            status = task_status(made.task, calls)
        if status != GONE or is_recent:
            return WAIT
    if made.group and not _is_empty(made.group, calls):
        return AGAIN
    return DONE if not made.group or (_is_gone(made.group, calls) and not is_recent) else WAIT


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
