"""Makes the FUOTA task of a session and starts it."""

from datetime import UTC, datetime
from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from session_length import session_seconds
from wave_turn import ABORT, AGAIN, DONE, Turn

LEAST_LEAD_SECONDS = 30 * 60 + 15
PENDING = "Pending"


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Make the task and start it, once: the token finds the task of a call whose answer was lost."""
    iotwireless = calls.iotwireless
    task_id = turn.state.get("task") or word.make_on_record(
        "Task", lambda: new_task(turn, calls), iotwireless.delete_fuota_task
    )
    if not task_id:
        return {"next": ABORT}
    task = iotwireless.get_fuota_task(Id=task_id)
    if task["Status"] != PENDING:  # it was started, and the answer was lost
        started = (task.get("LoRaWAN") or {}).get("StartTime")
        start = started.timestamp() if isinstance(started, datetime) else float(turn.state["startAt"])
        return _launched(turn, task_id, start)
    start = float(turn.state["startAt"])
    if start - calls.now() < LEAST_LEAD_SECONDS:  # too late for that: the window is asked again
        return {"next": AGAIN, "task": task_id}
    attached = iotwireless.list_multicast_groups_by_fuota_task(Id=task_id)["MulticastGroupList"]
    if turn.state["group"] not in [each["Id"] for each in attached]:
        iotwireless.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=turn.state["group"])
    iotwireless.start_fuota_task(Id=task_id, LoRaWAN={"StartTime": datetime.fromtimestamp(start, UTC)})
    return _launched(turn, task_id, start)


def _launched(turn: Turn, task_id: str, start: float) -> dict[str, Any]:
    return {"next": DONE, "task": task_id, "startAt": start, "endAt": start + session_seconds(turn)}


def new_task(turn: Turn, calls: RolloutCalls) -> str:
    """Make the task of this attempt, or tell the one that was made."""
    image, session = turn.settings["image"], turn.settings["session"]
    descriptor = {"Descriptor": session["descriptor"]} if session.get("descriptor") else {}
    made: str = calls.iotwireless.create_fuota_task(
        Name=turn.name,
        LoRaWAN={"RfRegion": session["rfRegion"]},
        FirmwareUpdateImage=image["uri"],
        FirmwareUpdateRole=image["role"],
        FragmentSizeBytes=int(session["fragmentSizeBytes"]),
        FragmentIntervalMS=int(session["fragmentIntervalMs"]),
        RedundancyPercent=turn.redundancy_percent,
        Tags=turn.tags,
        ClientRequestToken=turn.token("task"),
        **descriptor,
    )["Id"]
    return made
