"""The JSON of `fuota status`, `preflight` and `report`: names in snake case, times in ISO 8601, units in the names."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fuota_constructs.operations.device_status import status_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fuota_constructs.operations.checks import Check
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict


def progress_content(progress: Progress, verdict: Verdict) -> dict[str, Any]:
    """A task with everything that was read of it; every device is in it."""
    plan = progress.plan
    return {
        "read_at": progress.now,
        "task": asdict(progress.task),
        "verdict": {
            "outcome": verdict.outcome,
            "summary": verdict.summary,
            "causes": list(verdict.causes),
            "remedies": list(verdict.remedies),
            "final": verdict.is_final,
        },
        "session": {
            "starts_at": progress.task.start_time,
            "ends_at_by_plan": progress.ends_at,
            "image_bytes": progress.image.size_bytes if progress.image else None,
            "plan": plan.as_dict() if plan else None,
        },
        "multicast_groups": [asdict(group) for group in progress.groups],
        "devices_by_status": progress.counts,
        "devices": [{**asdict(device), "kind": status_named(device.fuota_status).kind} for device in progress.devices],
    }


def checks_content(checks: Iterable[Check]) -> list[dict[str, str]]:
    """Checks, as they were made."""
    return [check._asdict() for check in checks]


def as_text(content: dict[str, Any]) -> str:
    """Indented JSON."""
    return json.dumps(content, indent=2, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
