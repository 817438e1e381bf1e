"""When a session may start, so that all of it is within the maintenance window.

The window opens at a time of the day on a wall, so its place in time moves with daylight saving: the offsets to UTC
come with the settings, because a Lambda has no time zones to ask.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

DAY = 86_400


class WindowTooShortError(Exception):
    """No window is ever long enough for the session."""


def earliest_start(window: Mapping[str, Any] | None, *, after: float, seconds: float) -> float:
    """The first moment not before `after` from which so many seconds are within a window.

    Raises:
        WindowTooShortError: there is none.
    """
    if window is None:
        return after
    if seconds > window["durationSeconds"]:
        raise WindowTooShortError(
            f"the session takes {seconds:.0f} s and the maintenance window has {window['durationSeconds']} s: make the"
            " window longer, or the session shorter"
        )
    day = int((after + _offset(window, after)) // DAY) - 1
    while True:
        opens = _opens(window, day)
        start = max(after, opens)
        if start + seconds <= opens + window["durationSeconds"]:
            return start
        day += 1


def _opens(window: Mapping[str, Any], day: int) -> float:
    wall = day * DAY + window["startSecond"]
    # Twice, because the offset is that at the moment itself.
    moment = wall - _offset(window, wall)
    return float(wall - _offset(window, moment))


def _offset(window: Mapping[str, Any], moment: float) -> int:
    """Seconds the wall is ahead of UTC."""
    offsets = window["offsets"]
    place = bisect_right(offsets, moment, key=lambda entry: entry[0])
    return int(offsets[max(0, place - 1)][1])
