"""How long to wait before the next look: the longer it took already, the longer.

A machine has 25,000 events at the most, and a turn of its loops takes some nine. Looking again after a twentieth of the
time so far, a year takes 230 turns; and what happens meanwhile is seen with a delay of 5 % at the most.
"""

import math
from collections.abc import Mapping
from typing import Any

SHORTEST_SECONDS = 60
LOOKS = 20


def wait_seconds(*, since: float, now: float, until: float | None = None) -> int:
    """Whole seconds to the next look, not beyond the time that is waited for; 0 when that has come."""
    seconds = max(SHORTEST_SECONDS, math.ceil((now - since) / LOOKS))
    if until is None:
        return seconds
    return max(0, min(seconds, math.ceil(until - now)))


def waiting_since(state: Mapping[str, Any], what: str, now: float) -> tuple[float, dict[str, Any]]:
    """When this wait began, and what to keep of it in the state of the machine."""
    waits = state.get("waiting") or {}
    since = float(waits["since"]) if waits.get("for") == what else now
    return since, {"waiting": {"for": what, "since": since}}
