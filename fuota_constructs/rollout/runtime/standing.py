"""How a rollout and its wave stand after a step, in the words that an operator reads. Pure, no calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gate import GO_ON
from operator_word import OperatorWord
from wave_turn import DONE, SKIP, Turn

RUNNING, HELD = "RUNNING", "HELD"
SUCCEEDED, ABORTED, FAILED = "SUCCEEDED", "ABORTED", "FAILED"
INCONCLUSIVE = "INCONCLUSIVE"
JUDGED_STEPS = ("judge", "clean", "decide")
"""Those after which a verdict stands, as long as devices are not tried again."""


@dataclass(frozen=True)
class Standing:
    """The status of a rollout and why; `outcome` is that of its wave, empty where there is none yet or any more."""

    status: str
    reason: str = ""
    outcome: str = ""
    wants_approval: bool = False


def standing(turn: Turn, state: Mapping[str, Any], word: OperatorWord) -> Standing | None:
    """How it stands after a step; None while the execution has not taken charge, and when it is not in charge.

    What a wave resumes, its next step tells.
    """
    if turn.step == "choose":
        return Standing(RUNNING) if state["next"] == DONE else None
    if not word.is_about_us or word.is_superseded or turn.step == "resume":
        return None
    if turn.step == "finish":
        return Standing(str(state["status"]), str(state["reason"]))
    outcome = _outcome(turn, state)
    if word.is_abort or not word.held:
        return Standing(RUNNING, outcome=outcome)
    wants = turn.step == "decide" and bool(turn.wave_settings.get("approval")) and not state.get("pending")
    return Standing(HELD, word.reason, outcome, wants)


def _outcome(turn: Turn, state: Mapping[str, Any]) -> str:
    judged = str(state.get("outcome") or "")
    if judged == ABORTED or (turn.step == "check" and state.get("next") == SKIP):
        return judged
    is_tried_again = bool(state.get("pending")) and state.get("verdict") == GO_ON
    if turn.step in JUDGED_STEPS and judged and not is_tried_again:
        return judged
    return RUNNING
