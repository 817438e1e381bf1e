"""Changes as EventBridge events; `fuota_constructs/rollout/event_schema.py` is the schema of their details."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standing import ABORTED, HELD, RUNNING, Standing
from wave_turn import Turn

SOURCE = "fuota-constructs"
ROLLOUT_CHANGE = "FUOTA Rollout Status Change"
WAVE_CHANGE = "FUOTA Rollout Wave Status Change"

_COUNTS = ("attempted", "delivered", "failed", "silent", "applied", "already")


def rollout_event(
    turn: Turn, now_is: Standing, previous: str, said: Mapping[str, str], *, now: float
) -> dict[str, Any]:
    """The event of a rollout whose status is another one."""
    detail = _about(turn, now)
    if now_is.outcome:
        detail |= _wave(turn)
    detail["status"] = now_is.status
    if previous:
        detail["previousStatus"] = previous
    if now_is.reason:
        detail["reason"] = now_is.reason
    if now_is.status == HELD:
        detail["wantsApproval"] = now_is.wants_approval
    # It goes on because of a word, or ends because of one; a word of before is no reason for anything else.
    if said and ((now_is.status == RUNNING and previous == HELD) or (now_is.status == ABORTED and _is_abort(said))):
        detail["said"] = {name.lower(): text for name, text in said.items()}
    return _entry(ROLLOUT_CHANGE, turn, detail, now)


def wave_event(turn: Turn, outcome: str, previous: str, state: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """The event of a wave whose outcome is another one; what it proved is there once a gate has judged it."""
    detail = {**_about(turn, now), **_wave(turn), "outcome": outcome}
    if previous:
        detail["previousOutcome"] = previous
    if outcome != RUNNING and state.get("reason"):
        detail["reason"] = str(state["reason"])
    sizes = state.get("sizes") or []
    if turn.wave < len(sizes):
        detail["targets"] = int(sizes[turn.wave])
    counts = state.get("counts") or {}
    if outcome != RUNNING and counts:
        detail |= {name: int(counts[name]) for name in _COUNTS if name in counts}
        detail |= {name: float(state[name]) for name in ("lowerBound", "upperBound")}
    if state:
        detail |= {"attempts": int(state.get("attempt", 0)) + 1, "redundancyPercent": turn.redundancy_percent}
    return _entry(WAVE_CHANGE, turn, detail, now)


def _is_abort(said: Mapping[str, str]) -> bool:
    return said.get("Word") == "abort"


def _about(turn: Turn, now: float) -> dict[str, Any]:
    observed = datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"rollout": turn.settings["rollout"], "execution": turn.execution, "observedAt": observed}


def _wave(turn: Turn) -> dict[str, Any]:
    return {"wave": str(turn.wave_settings.get("name") or f"wave {turn.wave + 1}"), "waveNumber": turn.wave + 1}


def _entry(detail_type: str, turn: Turn, detail: dict[str, Any], now: float) -> dict[str, Any]:
    return {
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Time": datetime.fromtimestamp(now, UTC),
        "Resources": [turn.machine_arn, turn.execution_arn],
    }
