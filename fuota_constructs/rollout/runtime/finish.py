"""The last step of a rollout: how it ended, for the operator and for the evidence."""

from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Note the end; the next rollout may begin."""
    aborted = word.is_abort or turn.state.get("outcome") == "ABORTED"
    status = "ABORTED" if aborted else "SUCCEEDED"
    of_last = str(turn.state.get("reason") or "")
    if aborted:
        reason = of_last or "the operator said abort"
    elif turn.state.get("outcome") == "INCONCLUSIVE" and of_last:
        reason = f"all waves are over; {of_last}"
    else:
        reason = "all waves are over"
    said = word.said if word.is_abort else {}
    results = turn.state.get("results", [])
    WaveRecord(turn, calls).keep_outcome({"status": status, "reason": reason, "waves": results, "said": said})
    word.tell(Status=status, Reason=reason)
    return {"next": DONE, "status": status, "reason": reason}
