"""Waits for the end of a session, and keeps how it ended for each device."""

from datetime import datetime
from typing import Any

from device_outcomes import INITIAL, Fared
from operator_word import OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, WAIT, Turn

FUOTA_DONE = "FuotaDone"
LONGEST_SESSION_SECONDS = 2 * 86_400 + 3600
"""The longest of the service, that of class B, and an hour: what is not done then never will be."""
GONE = "Deleted"


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Look whether the task is done; statuses come at the end of a session, so there is no hurry before it."""
    del word
    now, start = calls.now(), float(turn.state["startAt"])
    since, kept = waiting_since(turn.state, f"session-{turn.attempt}", now)
    if seconds := wait_seconds(since=since, now=now, until=float(turn.state["endAt"])):
        return {"next": WAIT, "seconds": seconds, **kept}
    status = task_status(turn.state["task"], calls)
    if status not in {FUOTA_DONE, GONE} and now < start + LONGEST_SESSION_SECONDS:
        return {"next": WAIT, "seconds": wait_seconds(since=float(turn.state["endAt"]), now=now), **kept}
    if status != GONE:
        keep_statuses(turn, calls, turn.state["task"])
    return {"next": DONE, "taskStatus": status, "doneAt": now, **kept}


def task_status(task: str, calls: RolloutCalls) -> str:
    """The status of the task; somebody may have deleted it."""
    iotwireless = calls.iotwireless
    try:
        status: str = iotwireless.get_fuota_task(Id=task)["Status"]
    except iotwireless.exceptions.ResourceNotFoundException:
        return GONE
    return status


def keep_statuses(turn: Turn, calls: RolloutCalls, task: str) -> None:
    """Keep the status of each device, and when it was last heard."""
    found: dict[str, Fared] = {
        device["Id"]: {"status": device.get("FuotaDeviceStatus") or INITIAL, "heard": heard(device)}
        for device in calls.devices(FuotaTaskId=task)
    }
    WaveRecord(turn, calls).keep_statuses(found)


def heard(device: Any) -> float | None:
    """When a device was last heard, in seconds since the epoch; None when nobody tells."""
    text = device.get("LastUplinkReceivedAt")
    return datetime.fromisoformat(text).timestamp() if text else None
