"""What the admin routes /_fuota/fleet answer."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.fleet.fleet import Fleet
from fuota_constructs.local.fleet.loss import FleetError

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.enrolment import Enrolled
    from fuota_constructs.local.iotwireless.sessions import Sessions


def add_fleet(sessions: Sessions, document: dict[str, Any], now: float) -> dict[str, Any]:
    """Make the devices of a fleet. Raises FleetError."""
    try:
        import numpy  # noqa: F401  # only whether it is there
    except ImportError:
        raise FleetError(
            "fleets need numpy in the local cloud's Python: pip install 'fuota-constructs[local]'"
        ) from None
    document = dict(document)
    account, aws_region, profile = (
        _text(document.pop(name, None), name) for name in ("account", "aws_region", "device_profile_id")
    )
    device_ids = document.pop("device_ids", None)
    fleet = Fleet.from_dict(document)
    if device_ids is None:
        enrolled = sessions.enrolment.add(fleet, now, account=account, region=aws_region, profile_id=profile)
    else:
        enrolled = sessions.enrolment.take(fleet, device_ids, account=account, region=aws_region)
    return {
        "devices": len(enrolled.members),
        "cohorts": [
            {
                "name": cohort.name,
                "count": sum(member.device.cohort is cohort for member in enrolled.members),
                "device_ids": [member.device.id for member in enrolled.members if member.device.cohort is cohort],
            }
            for cohort in fleet.cohorts
        ],
        "groups": sorted({member.group_id for member in enrolled.members if member.group_id}),
    }


def fleet_report(sessions: Sessions, now: float, *, devices: bool, task_id: str | None) -> dict[str, Any]:
    """How far the devices of all fleets are, in their latest session or in that of one task."""
    sessions.deliver(now)
    latest: dict[str, dict[str, Any]] = {}
    for begun in sessions.begun().values():
        if begun.run is None or task_id not in (None, begun.task.id):
            continue
        fragments = begun.run.fragments()
        sent = begun.run.sent(now)
        for device_id, outcome in begun.run.outcomes.items():
            received, missing = fragments.get(device_id, (0, begun.data_fragments))
            latest[device_id] = {
                "status": outcome.status,
                "task_id": begun.task.id,
                "sent": sent if device_id in fragments else 0,
                "received": received,
                "missing": 0 if outcome.has_image else missing,
                "completed_at": begun.run.completed_at(device_id),
                "completed_after_fragments": outcome.fragment if outcome.has_image else None,
                "has_image": outcome.has_image,
                "trouble": outcome.trouble._asdict() if outcome.trouble else None,
            }
    nothing: dict[str, Any] = {
        "status": "Initial",
        "task_id": None,
        "sent": 0,
        "received": 0,
        "missing": None,
        "completed_at": None,
        "completed_after_fragments": None,
        "has_image": False,
        "trouble": None,
    }
    rows = [
        (number, member, latest.get(member.device.id, nothing))
        for number, fleet in enumerate(sessions.enrolment.fleets, 1)
        for member in fleet.members
    ]
    cohorts: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for number, member, row in rows:
        cohorts.setdefault((number, member.device.cohort.name), []).append(row)
    report = {
        "now": now,
        **_figures([row for _, _, row in rows]),
        "cohorts": [
            {"fleet": number, "name": name, **_figures(members), "troubles": _troubles(members)}
            for (number, name), members in cohorts.items()
        ],
    }
    if devices:
        report["list"] = [{**_identity(member), "fleet": number, **row} for number, member, row in rows]
    return report


def _identity(member: Enrolled) -> dict[str, Any]:
    device = member.device
    return {
        "id": device.id,
        "name": member.name,
        "dev_eui": member.dev_eui,
        "cohort": device.cohort.name,
        "group_id": member.group_id,
        "ts004": device.version,
        "stack": device.build.text if device.build else None,
        "firmware_sha256": device.firmware.sha256 if device.firmware else None,
    }


def _figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    times = sorted(row["completed_at"] for row in rows if row["completed_at"] is not None)
    sent, received = (sum(row[name] for row in rows) for name in ("sent", "received"))
    return {
        "devices": len(rows),
        "statuses": dict(Counter(row["status"] for row in rows)),
        "with_image": sum(row["has_image"] for row in rows),
        "received": received,
        "missing": sum(row["missing"] or 0 for row in rows),
        "lost_share": 1 - received / sent if sent else None,
        "completed_at": {"first": times[0], "median": statistics.median(times), "last": times[-1]} if times else None,
    }


def _troubles(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What their stack has to do with it, each cause with how many devices it has."""
    found = {row["trouble"]["cause"]: row["trouble"] for row in rows if row["trouble"]}
    counts = Counter(row["trouble"]["cause"] for row in rows if row["trouble"])
    return [{**found[cause], "devices": count} for cause, count in counts.most_common()]


def _text(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise FleetError(f"{name} is {json.dumps(value)}; give a text")
    return value
