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
    reason = str(turn.state.get("reason") or "the operator said abort") if aborted else "all waves are over"
    said = word.said if word.is_abort else {}
    results = turn.state.get("results", [])
    WaveRecord(turn, calls).keep_outcome({"status": status, "reason": reason, "waves": results, "said": said})
    word.tell(Status=status, Reason=reason)
    return {"next": DONE, "status": status, "reason": reason}
