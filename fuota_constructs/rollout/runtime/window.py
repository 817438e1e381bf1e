"""Waits until the session of a wave fits the maintenance window."""

from typing import Any

from maintenance_hours import earliest_start
from operator_word import OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from session_length import session_seconds
from wave_turn import DONE, WAIT, Turn

LEAD_SECONDS = 31 * 60
"""StartFuotaTask wants 30 minutes (AWS IoT Wireless Developer Guide); a minute is for what comes before the call."""
AHEAD_SECONDS = 3600
"""So long before the session it is started: an abort before that costs no call."""


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Tell when the session starts, and wait until shortly before.

    Raises:
        WindowTooShortError: with more redundancy than was planned the session may fit no window.
    """
    now = calls.now()
    if word.is_hold:
        since, kept = waiting_since(turn.state, f"hold-{turn.attempt}", now)
        word.tell(Held=turn.gate, Wave=str(turn.wave), Reason="the operator said hold")
        return {"next": WAIT, "seconds": wait_seconds(since=since, now=now), **kept}
    if word.held:
        word.tell(Held="")
    since, kept = waiting_since(turn.state, f"window-{turn.attempt}", now)
    length = session_seconds(turn)
    start = earliest_start(turn.settings.get("window"), after=now + LEAD_SECONDS, seconds=length)
    if seconds := wait_seconds(since=since, now=now, until=start - AHEAD_SECONDS):
        return {"next": WAIT, "seconds": seconds, "startAt": start, **kept}
    return {"next": DONE, "startAt": start, **kept}
