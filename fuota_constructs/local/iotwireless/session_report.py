"""How far the sessions of FUOTA tasks are: what AWS does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.local.fleet.delta_tags import delta_of
from fuota_constructs.local.iotwireless.session import FuotaTaskStatus, task_status
from fuota_constructs.local.iotwireless.store import FuotaTask

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.sessions import Sessions
    from fuota_constructs.local.iotwireless.store import Store


def session_reports(sessions: Sessions, store: Store, now: float) -> list[dict[str, Any]]:
    """Every FUOTA task of every account and region, in the order they were made; figures that only the image gives are
    None until it was read.
    """
    sessions.deliver(now)
    return [
        {"account": state.account, "aws_region": state.region, **_report(sessions, task, now)}
        for state in store.states()
        for task in state.all(FuotaTask).values()
    ]


def _report(sessions: Sessions, task: FuotaTask, now: float) -> dict[str, Any]:
    begun = sessions.begun().get(task.id)
    status = task_status(task, now)
    total = begun.data_fragments + begun.coded_fragments if begun else None
    sent = 0
    if begun and total and task.start_time is not None:
        passed = (now if task.gone_time is None else min(now, task.gone_time)) - task.start_time
        sent = max(0, min(total, int(passed / begun.interval_seconds + 1e-9)))
    ends = task.done_time if status in (FuotaTaskStatus.WAITING, FuotaTaskStatus.IN_SESSION) else None
    return {
        "task_id": task.id,
        "name": task.details.get("Name"),
        "logical_id": task.tags.get("fuota-constructs:logical-id"),
        "status": status,
        "fragments_sent": sent,
        "fragments_total": total,
        "data_fragments": begun.data_fragments if begun else None,
        "coded_fragments": begun.coded_fragments if begun else None,
        "fragment_bytes": begun.fragment_bytes if begun else None,
        "data_rate": begun.data_rate if begun else None,
        "interval_seconds": begun.interval_seconds if begun else None,
        "image_bytes": begun.image_bytes if begun else None,
        "delta": delta_of(task.tags) if begun and begun.is_delta else None,
        "started": task.start_time,
        "done": task.done_time,
        "now": now,
        "seconds_to_start": max(0.0, task.start_time - now)
        if ends is not None and task.start_time is not None
        else None,
        "seconds_left": max(0.0, ends - now) if ends is not None else None,
        "problem": begun.problem if begun else None,
        "air": begun.air if begun else None,
        "devices": dict(begun.run.counts()) if begun and begun.run else {},
    }
