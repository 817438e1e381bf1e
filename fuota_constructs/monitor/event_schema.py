"""The events of `FuotaMonitor` as JSON Schema (draft 2020-12): what `detail` holds. Standard library only.

Both come from source `fuota-constructs`, at least once each: a poll that fails half-way is told again by the next one,
with a later `observedAt`. `python -m fuota_constructs.monitor.event_schema` prints them.
"""

from __future__ import annotations

import json
import sys
from typing import Any

SOURCE = "fuota-constructs"
TASK_CHANGE = "FUOTA Task Status Change"
DEVICE_CHANGE = "FUOTA Device Status Change"

_ID = {"type": "string", "minLength": 1, "maxLength": 256}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_COUNT = {"type": "integer", "minimum": 0}

TASK_CHANGE_DETAIL: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": TASK_CHANGE,
    "description": "the status of a FUOTA task is another than at the poll before; at first it is Pending",
    "type": "object",
    "required": ["fuotaTaskId", "status", "previousStatus", "observedAt"],
    "additionalProperties": False,
    "properties": {
        "fuotaTaskId": _ID,
        "status": {
            "type": "string",
            "description": "FuotaTaskStatus of the service (Pending, FuotaSession_Waiting, In_FuotaSession, FuotaDone,"
            " Delete_Waiting), Deleted when the service no longer has the task, or NotFound when it never had it",
        },
        "previousStatus": {"type": "string", "description": "as status; before NotFound it is Unseen"},
        "observedAt": {**_TIME, "description": "when the poll saw it; it happened since the poll before"},
        "startTime": {**_TIME, "description": "start of the session, when the service tells one"},
        "devices": {
            "type": "object",
            "description": "while the task waits, is in its session or done, where all its devices could be listed",
            "required": ["total", "byStatus"],
            "additionalProperties": False,
            "properties": {
                "total": _COUNT,
                "byStatus": {
                    "type": "object",
                    "description": "devices by FuotaDeviceStatus; only those statuses that some device has",
                    "additionalProperties": _COUNT,
                },
            },
        },
        "doneWithoutSuccess": {
            "type": "boolean",
            "description": "FuotaDone and no device Successful; there whenever `devices` is",
        },
    },
}

DEVICE_CHANGE_DETAIL: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": DEVICE_CHANGE,
    "description": "the status of a device in a FUOTA task is another than at the poll before; at first it is Initial",
    "type": "object",
    "required": ["fuotaTaskId", "wirelessDeviceId", "status", "previousStatus", "observedAt"],
    "additionalProperties": False,
    "properties": {
        "fuotaTaskId": _ID,
        "wirelessDeviceId": _ID,
        "devEui": {"type": "string", "pattern": "^[0-9a-fA-F]{16}$"},
        "status": {
            "type": "string",
            "description": "FuotaDeviceStatus of the service; Successful is what the device says, and the firmware"
            " may still not be running",
        },
        "previousStatus": {"type": "string"},
        "observedAt": {**_TIME, "description": "when the poll saw it; it happened since the poll before"},
    },
}

DETAILS = {TASK_CHANGE: TASK_CHANGE_DETAIL, DEVICE_CHANGE: DEVICE_CHANGE_DETAIL}
"""The schema of `detail` by `detail-type`."""

if __name__ == "__main__":
    sys.stdout.write(json.dumps(DETAILS, indent=2) + "\n")
