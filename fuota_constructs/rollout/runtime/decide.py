"""Waits for the operator: where the gate holds, where a wave wants an approval, and where somebody said hold."""

from typing import Any

from operator_word import SKIP, OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, WAIT, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Ask the operator about this gate until there is an answer: resume, approve or skip. An abort wins anyway."""
    now = calls.now()
    since, kept = waiting_since(turn.state, f"operator-{turn.attempt}", now)
    # Task and group were taken away meanwhile, for hours where the wave is large: a hold may be taken back by now.
    is_over = bool(turn.state.get("heldByWord")) and not word.is_hold
    if not word.answer and not is_over:
        reason = str(turn.state.get("reason", ""))
        if word.is_hold:
            reason = f"the operator said hold; {reason}"
        word.tell(Held=turn.gate, Wave=str(turn.wave), Reason=reason)
        return {"next": WAIT, "seconds": wait_seconds(since=since, now=now), **kept}
    word.tell(Held="")
    skipped = {"outcome": "SKIPPED", "pending": 0} if word.answer == SKIP else {}
    WaveRecord(turn, calls).keep_decision({"gate": turn.gate, **word.said})
    return {"next": DONE, "said": word.said, **skipped, **kept}
