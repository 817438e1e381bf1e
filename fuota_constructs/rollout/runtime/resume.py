"""The first step of a wave: goes on where an earlier execution of it ended, whatever ended that.

A redrive of the rollout starts another execution of the wave that was under way (AWS Step Functions Developer Guide,
"Redrive behavior of individual states"), and the former one may even run on: stopping it with the rollout is a best
effort.
"""

from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from wave_turn import DONE, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Take charge of the wave, so that the former execution makes nothing any more; `resumed` is its last step."""
    del turn, calls
    kept = word.take_wave()
    if kept is None:
        return {"next": DONE, "resumed": ""}
    state = kept["state"]
    # What it waited for is looked at again at once.
    return {**state, "seconds": 0, "resumed": state.get("resumed", "") if kept["step"] == "resume" else kept["step"]}
