"""Tells what changed: each change of status or outcome at least once, and never at the price of the rollout.

An event goes out before it is noted that it did, so a step that is repeated in between tells it again. One that
EventBridge does not take is logged, and told again with the next step.
"""

from collections.abc import Mapping
from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from standing import FAILED, HELD, Standing
from status_events import rollout_event, wave_event
from status_metrics import status_metrics, untold
from wave_turn import Turn


def tell(
    turn: Turn, state: Mapping[str, Any], now_is: Standing, calls: RolloutCalls, word: OperatorWord
) -> dict[str, str]:
    """Tell what is not told yet; answers with what to note of it in the table."""
    if word.told_status == FAILED and now_is.status != FAILED and not calls.is_running(turn.execution_arn):
        return {}  # a step of its wave, which goes on a little when the machine of the rollout died: not a redrive
    now, noted = calls.now(), {}
    waits = state.get("waiting") or {}
    held_since = float(waits.get("since", now)) if now_is.status == HELD else None
    calls.say(status_metrics(turn, now_is.status, held_since=held_since, now=now))
    wave, outcome = word.told_outcome
    previous = outcome if wave == turn.wave else ""
    # The wave comes first: it is the cause of what becomes of the rollout.
    if now_is.outcome and now_is.outcome != previous:
        event = wave_event(turn, now_is.outcome, previous, state, now=now)
        if is_told(turn, event, calls):
            noted["ToldOutcome"] = f"{turn.wave}/{now_is.outcome}"
    if now_is.status != word.told_status:
        event = rollout_event(turn, now_is, word.told_status, word.said, now=now)
        if is_told(turn, event, calls):
            noted["ToldStatus"] = now_is.status
    return noted


def is_told(turn: Turn, event: Mapping[str, Any], calls: RolloutCalls) -> bool:
    """Put an event on the bus; False, and a line in the log, where EventBridge does not take it."""
    if error := calls.publish(event):
        calls.say(untold(turn, str(event["DetailType"]), error, now=calls.now()))
    return not error
