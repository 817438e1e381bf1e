"""Has the gate judge the waves so far, and keeps what it was told and said."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from device_outcomes import DELIVERED, LOST, OTHER_VERSION, tally
from gate import ABORT, GO_ON, HOLD, Radio, Terms, Verdict
from gate import judge as judged
from gate_metrics import gate_metrics
from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from session_length import planned_chance
from stragglers import worth_trying
from wave_record import WaveRecord, tally_of
from wave_turn import DONE, Turn

MOST_VERSIONS = 10
"""So many that devices report instead are named: what is in the table is not ours."""


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Judge the wave; the machine goes on by `verdict` when what the session needed is cleaned away."""
    record, asked = WaveRecord(turn, calls), turn.settings["gate"]
    statuses, first = record.statuses(), record.statuses_of(0)
    this = tally(statuses.values(), tries_before=turn.attempt, tries_left=turn.tries_left)
    versions = Counter(found["version"] for found in statuses.values() if found.get("applied") == OTHER_VERSION)
    checked, at_first = record.checked(), record.checked(0)
    already = len(at_first.already) if at_first else 0
    in_first = Counter(found["status"] for found in first.values())
    radio = Radio(in_first[DELIVERED], in_first[LOST], planned_chance(turn))
    judged_waves = sum(size > 0 for size in turn.state["sizes"]) - record.waves_nobody_needed()
    gateways = asked.get("gateways") or {}
    version = (turn.settings.get("applied") or {}).get("version", "")
    terms = Terms(asked["success"], asked["confidence"], judged_waves, asked["mostSilent"], version=version, **gateways)
    # Not in the group, or not in the service any more: no status says anything of them.
    left_out = max(0, turn.state["sizes"][turn.wave] - already - len(statuses))
    pending = len(worth_trying(turn, statuses))
    without_session = None if pending else left_out + this.conflicting
    verdict = judged([*map(tally_of, record.earlier_waves()), this], radio, terms, left_out=without_session)
    next_, by_word = _next(verdict, turn, word, pending)
    record.keep_gate(
        {
            "wave": turn.wave,
            "attempt": turn.attempt,
            "verdict": next_,
            "outcome": verdict.outcome,
            "reason": verdict.reason,
            "lowerBound": verdict.lower,
            "upperBound": verdict.upper,
            "radioIsWorse": verdict.radio_is_worse,
            "redundancyPercent": turn.redundancy_percent,
            "tally": asdict(this),
            "statuses": dict(Counter(found["status"] for found in statuses.values())),
            "firstSession": {"delivered": radio.delivered, "lost": radio.lost, "planned": radio.planned},
            "settings": dict(asked),
            "leftOut": left_out,
            "versions": dict(versions.most_common(MOST_VERSIONS)),
            "checked": checked.unknown if checked else [],
            "pending": pending,
        }
    )
    calls.say(gate_metrics(turn, this, verdict, now=calls.now()))
    return {
        "next": DONE,
        "verdict": next_,
        "heldByWord": by_word,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "lowerBound": verdict.lower,
        "upperBound": verdict.upper,
        "pending": pending,
        "counts": {
            "attempted": this.attempted,
            "delivered": this.delivered,
            "failed": this.lost + this.failed,
            "silent": this.silent,
            **({"applied": this.good, "already": already} if version else {}),
        },
    }


def _next(verdict: Verdict, turn: Turn, word: OperatorWord, pending: int) -> tuple[str, bool]:
    """What comes after the gate, and whether that is a hold for nothing but the operator's word."""
    if verdict.next == ABORT:
        return ABORT, False
    needs_approval = bool(turn.settings["waves"][turn.wave].get("approval")) and not pending
    if verdict.next == HOLD or needs_approval:
        return HOLD, False
    return (HOLD, True) if word.is_hold else (GO_ON, False)
