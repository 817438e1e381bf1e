"""The last step of a rollout: how it ended, for the operator and for the evidence."""

from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Note the end; the next rollout may begin."""
    aborted = word.is_abort or turn.state.get("outcome") == "ABORTED"
    of_last = str(turn.state.get("reason") or "")
    if not aborted and _has_nobody_anything(turn):
        aborted, reason = True, "; ".join(filter(None, ["no device got the image", of_last]))
    elif aborted:
        reason = of_last if turn.state.get("outcome") == "ABORTED" and of_last else word.why_it_ends
    else:
        reason = _over(turn, of_last)
    status = "ABORTED" if aborted else "SUCCEEDED"
    said = word.said if word.is_abort else {}
    results = turn.state.get("results", [])
    WaveRecord(turn, calls).keep_outcome({"status": status, "reason": reason, "waves": results, "said": said})
    word.tell(Status=status, Reason=reason)
    return {"next": DONE, "status": status, "reason": reason}


def _has_nobody_anything(turn: Turn) -> bool:
    """Whether the operator let each wave go of which nobody got the image: that is no success."""
    counts = [result.get("counts") or {} for result in turn.state.get("results", [])]
    return not any(int(each.get("delivered", 0)) + int(each.get("already", 0)) for each in counts)


def _over(turn: Turn, of_last: str) -> str:
    """Why a rollout is over that nobody aborted: it may have had nobody to send anything to."""
    counts = [result.get("counts") or {} for result in turn.state.get("results", [])]
    already = sum(int(each.get("already", 0)) for each in counts)
    devices = f"{already} devices reported version {turn.settings['applied']['version']} already" if already else ""
    if devices and not any(int(each.get("attempted", 0)) for each in counts):
        return f"nobody was sent anything: {devices}"
    what_it_proved = of_last if turn.state.get("outcome") == "INCONCLUSIVE" else ""
    return "; ".join(filter(None, ["all waves are over", what_it_proved, devices]))
