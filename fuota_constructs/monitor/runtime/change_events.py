"""Changes as EventBridge events; `fuota_constructs/monitor/event_schema.py` is the schema of their details."""

import json
from datetime import UTC, datetime
from typing import Any

from memory import UNSEEN, Memory
from progress import DeviceChange, Progress

SOURCE = "fuota-constructs"
TASK_CHANGE = "FUOTA Task Status Change"
DEVICE_CHANGE = "FUOTA Device Status Change"
DELETED = "Deleted"
"""Our word for a task that the service no longer has; it is none of the service's statuses."""
NOT_FOUND = "NotFound"
"""Our word for a task that no poll ever found, when it is given up; it is none of the service's statuses."""


def task_event(progress: Progress) -> dict[str, Any]:
    """The event of a task whose status changed."""
    start = (progress.task.get("LoRaWAN") or {}).get("StartTime")
    detail: dict[str, Any] = {
        "fuotaTaskId": progress.task["Id"],
        "status": progress.status,
        "previousStatus": progress.before.status,
        "observedAt": _iso(progress.now),
    }
    if isinstance(start, datetime):
        detail["startTime"] = _iso(int(start.timestamp()))
    if progress.is_counted:
        detail["devices"] = {"total": progress.devices, "byStatus": dict(sorted(progress.counts.items()))}
        detail["doneWithoutSuccess"] = progress.done_without_success
    return _entry(TASK_CHANGE, detail, progress.now, [progress.task["Arn"]])


def device_event(progress: Progress, change: DeviceChange) -> dict[str, Any]:
    """The event of a device whose status in a task changed."""
    device = change.device
    detail = {
        "fuotaTaskId": progress.task["Id"],
        "wirelessDeviceId": device["Id"],
        "status": change.status,
        "previousStatus": change.previous_status,
        "observedAt": _iso(progress.now),
    }
    if dev_eui := (device.get("LoRaWAN") or {}).get("DevEui"):
        detail["devEui"] = dev_eui
    return _entry(DEVICE_CHANGE, detail, progress.now, [progress.task["Arn"], device["Arn"]])


def gone_event(task_id: str, before: Memory, *, now: int) -> dict[str, Any]:
    """The event of a task that the service no longer has, or never had."""
    detail = {
        "fuotaTaskId": task_id,
        "status": NOT_FOUND if before.status == UNSEEN else DELETED,
        "previousStatus": before.status,
        "observedAt": _iso(now),
    }
    return _entry(TASK_CHANGE, detail, now, [])


def _entry(detail_type: str, detail: dict[str, Any], now: int, resources: list[str]) -> dict[str, Any]:
    return {
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Time": datetime.fromtimestamp(now, UTC),
        "Resources": resources,
    }


def _iso(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
