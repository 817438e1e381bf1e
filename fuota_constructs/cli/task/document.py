"""The JSON of `fuota status`, `preflight` and `report`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fuota_constructs.cli.task.banner import level_of
from fuota_constructs.operations.device_status import status_named

if TYPE_CHECKING:
    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.preflight import Preflight
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict


def progress_content(progress: Progress, verdict: Verdict, place: Place) -> dict[str, Any]:
    """A task with everything that was read of it, and where; every device is in it."""
    plan = progress.plan
    return {
        "read_at": progress.now,
        "place": place.as_dict(),
        "task": asdict(progress.task),
        "verdict": {
            "level": level_of(progress, verdict),
            "outcome": verdict.outcome,
            "summary": verdict.summary,
            "causes": list(verdict.causes),
            "remedies": list(verdict.remedies),
            "final": verdict.is_final,
        },
        "next_steps": place.commands(verdict.next_steps),
        "session": {
            "starts_at": progress.task.start_time,
            "ends_at_by_plan": progress.ends_at,
            "image_bytes": progress.image.size_bytes if progress.image else None,
            "firmware_version": progress.image.version if progress.image else None,
            "firmware_format": progress.image.format if progress.image else None,
            "firmware_digest": progress.image.digest if progress.image else None,
            "plan": plan.as_dict() if plan else None,
            "clock_speed": progress.clock_speed,
        },
        "multicast_groups": [asdict(group) for group in progress.groups],
        "devices_by_status": progress.counts,
        "devices": [{**asdict(device), "kind": status_named(device.fuota_status).kind} for device in progress.devices],
    }


def preflight_content(found: Preflight, place: Place) -> dict[str, Any]:
    """Checks, as they were made."""
    task = found.progress.task
    return {
        "place": place.as_dict(),
        "task": {"id": task.id, "name": task.name, "arn": task.arn},
        "ready": not found.errors,
        "checks": [check._asdict() for check in found.checks],
        "next_steps": place.commands(found.next_steps),
    }
