"""The JSON of `fuota rollout`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.cli.rollout.banner import causes_of, commands, level_of, remedies_of, summary_of
from fuota_constructs.operations.rollout_next import next_of

if TYPE_CHECKING:
    from fuota_constructs.cli.rollout.access import FoundRollout
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollout_waves import WaveStatus


def rollout_content(status: RolloutStatus) -> dict[str, Any]:
    """A rollout and its waves, as a status and a rehearsal have it."""
    return {
        "name": status.rollout.name,
        "execution": status.execution,
        "status": status.status,
        "reason": status.reason,
        "started_at": status.started_at,
        "ended_at": status.ended_at,
        "waves": [_wave(wave) for wave in status.waves],
    }


def status_content(status: RolloutStatus, found: FoundRollout) -> dict[str, Any]:
    """A rollout with everything that was read of it, and where."""
    coming = next_of(status)
    return {
        "read_at": status.now,
        "place": found.place.as_dict(),
        "state_machine_arn": status.rollout.machine_arn,
        **rollout_content(status),
        "verdict": {
            "level": level_of(status),
            "summary": summary_of(status),
            "causes": list(causes_of(status)),
            "remedies": list(remedies_of(status)),
        },
        "next": {"text": coming.text, "at": coming.at},
        "said": _said(status.said) if status.said else None,
        "next_steps": list(commands(status, found)),
    }


def _wave(wave: WaveStatus) -> dict[str, Any]:
    return {
        "name": wave.name,
        "outcome": wave.outcome,
        "reason": wave.reason,
        "targets": wave.targets,
        "attempted": wave.attempted,
        "delivered": wave.delivered,
        "failed": wave.failed,
        "silent": wave.silent,
        "refused": wave.refused,
        "conflicting": wave.conflicting,
        "left_out": wave.left_out,
        "already": wave.already,
        "applied": wave.applied,
        "other_version": wave.other_version,
        "unreported": wave.unreported,
        "lower_bound": wave.lower_bound,
        "upper_bound": wave.upper_bound,
        "redundancy_percent": wave.redundancy_percent,
        "attempts": wave.attempts,
        "devices_by_status": dict(sorted(wave.devices_by_status.items())),
        "decisions": [_said(each) for each in wave.decisions],
    }


def _said(said: dict[str, Any]) -> dict[str, str]:
    return {name: str(said[name]) for name in ("word", "who", "when")}
