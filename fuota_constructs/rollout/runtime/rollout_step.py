"""The Lambda entry: one step of a machine. Every step can be repeated; what it finds done it leaves as it is.

A step answers with what is next, and what the machine is to keep. The word `abort` wins in every step.
"""

from collections.abc import Callable, Mapping
from typing import Any

import check
import choose
import clean
import decide
import died
import finish
import gather
import judge
import launch
import look
import news
import ready
import resume
import settle
import stragglers
import window
from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from standing import standing
from wave_turn import ABORT, Turn

STEPS: Mapping[str, Callable[[Turn, RolloutCalls, OperatorWord], dict[str, Any]]] = {
    "choose": choose.run,
    "resume": resume.run,
    "check": check.run,
    "gather": gather.run,
    "ready": ready.run,
    "window": window.run,
    "launch": launch.run,
    "look": look.run,
    "settle": settle.run,
    "judge": judge.run,
    "clean": clean.run,
    "decide": decide.run,
    "stragglers": stragglers.run,
    "finish": finish.run,
}
WHATEVER_IS_SAID = ("choose", "resume", "clean", "finish")
"""The first two take charge, the others are what an abort leads to."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Do one step; or, called by a rule, tell of an execution that died."""
    if event.get("source") == died.SOURCE:
        died.tell_end(event, RolloutCalls(context))
        return {}
    return step(Turn.of(event), RolloutCalls(context))


def step(turn: Turn, calls: RolloutCalls) -> dict[str, Any]:
    """Do one step, with the side effects given; answers with the state of the machine."""
    word = OperatorWord(turn, calls)
    if word.is_abort and turn.step not in WHATEVER_IS_SAID:
        found = {"next": ABORT}
    else:
        found = STEPS[turn.step](turn, calls, word)
    if found["next"] == ABORT:
        found = {**found, "outcome": "ABORTED", "reason": OperatorWord(turn, calls).why_it_ends}
    state = {**turn.state, "seconds": 0, **found}
    noted = {} if turn.step == "finish" else _progress(turn, state, calls.now())
    if (now_is := standing(turn, state, word)) is not None:
        noted |= news.tell(turn, state, now_is, calls, word)
    if turn.wave_execution:
        state["turns"] = int(state.get("turns", 0)) + 1
        word.keep(state, noted)
    elif noted:
        word.tell(**noted)
    return state


def _progress(turn: Turn, state: Mapping[str, Any], now: float) -> dict[str, str]:
    """What the rollout does, and when it looks again, in seconds since the epoch: for who asks how far it is."""
    moments = {"Until": now + state["seconds"] if state["seconds"] else None}
    keys = {"StartAt": "startAt", "EndAt": "endAt", "DoneAt": "doneAt", "VersionsBy": "versionsBy"}
    moments |= {name: state.get(key) for name, key in keys.items()}
    joined = state.get("cursor") if turn.step == "gather" else 0  # of a large wave, for hours
    return {
        "Step": turn.step,
        "Wave": str(turn.wave),
        "Attempt": str(turn.attempt),
        **{name: "" if moment is None else f"{moment:.0f}" for name, moment in moments.items()},
        "Joined": f"{joined:,} of {state['members']:,}" if joined else "",
    }
