"""Tells of an execution that died: Step Functions says so to EventBridge, whose rule calls the function with it.

A machine that is stopped, or whose step fails for good, takes no further step that could tell.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

import news
from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from standing import ABORTED, FAILED, INCONCLUSIVE, RUNNING, Standing
from status_events import rollout_event
from wave_turn import Turn

SOURCE = "aws.states"
HOW = {"ABORTED": "its execution was stopped", "FAILED": "its execution failed", "TIMED_OUT": "its execution timed out"}
"""By the status of an execution that died."""


def tell_end(event: Mapping[str, Any], calls: RolloutCalls) -> None:
    """Tell the end of the execution that a `Step Functions Execution Status Change` is about."""
    arn = event["detail"]["executionArn"]
    # As it is now: somebody may have redriven it meanwhile, and the event of one that was stopped does not say why.
    found = calls.execution(arn)
    if found.get("status") not in HOW:
        return
    turn = Turn("died", found["name"], arn, _settings(found), {})
    word = OperatorWord(turn, calls)
    end = _end(found, word)
    if not word.is_about_us:
        # It never took charge: there is nothing to say of waves, and the rollout's metrics are of the one that has.
        news.is_told(turn, rollout_event(turn, end, "", {}, now=calls.now()), calls)
        return
    wave, outcome = word.told_outcome
    if outcome == RUNNING:
        turn = Turn("died", turn.execution, arn, turn.settings, {"wave": wave})
        end = Standing(end.status, end.reason, ABORTED if end.status == ABORTED else INCONCLUSIVE)
    if noted := news.tell(turn, {}, end, calls, word):
        word.tell(**noted)


def _end(found: Mapping[str, Any], word: OperatorWord) -> Standing:
    said = ": ".join(str(found[name]) for name in ("error", "cause") if found.get(name))
    if word.says_abort or (found["status"] == ABORTED and found.get("error") == "Aborted"):
        return Standing(ABORTED, said or "the operator said abort")
    return Standing(FAILED, f"{HOW[found['status']]}{': ' if said else ''}{said}")


def _settings(found: Mapping[str, Any]) -> dict[str, Any]:
    """The input of the execution, which may be anything where somebody started it by hand; the name is ours."""
    try:
        settings = json.loads(found["input"])
    except ValueError:
        settings = None
    return {**(settings if isinstance(settings, dict) else {}), "rollout": os.environ["ROLLOUT"]}
