"""When the sessions of a rollout may be on the air."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.durations import seconds_of
from fuota_constructs.template.tokens import is_stand_in, shown

if TYPE_CHECKING:
    import aws_cdk as cdk

RULE = "rollout-window"
DAY = 86_400
FIRST_YEAR, LAST_YEAR = 2025, 2037
"""For which the offsets to UTC go with the settings: a Lambda has no time zones of its own to ask."""


@dataclass(frozen=True)
class MaintenanceWindow:
    """A part of each day, by the clock on a wall somewhere; use `MaintenanceWindow.daily`."""

    start_second: int
    duration_seconds: int
    time_zone: str

    @staticmethod
    def daily(*, start: str, duration: cdk.Duration, time_zone: str | None = None) -> MaintenanceWindow:
        """A window every day; sessions begin and end in it.

        `start`: the time of the day, `HH:MM`.
        `duration`: 1 hour to 24 hours; the planned session must fit in.
        `time_zone`: by its name in the IANA database, such as `Europe/Berlin`, whose daylight saving it follows (known
        until 2037); UTC by default.

        Raises `FuotaValidationError` (`rollout-window`) for values of a wrong kind or out of range.
        """
        start, time_zone = _looked_up(start, "00:00"), _looked_up("UTC" if time_zone is None else time_zone, "UTC")
        given = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", start) if isinstance(start, str) else None
        if given is None:
            raise FuotaValidationError(RULE, f'start is {shown(start)}; give a time of the day such as "22:00"')
        try:
            ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError, TypeError):
            raise FuotaValidationError(
                RULE, f'time_zone is {shown(time_zone)}; give a name of the IANA database, such as "Europe/Berlin"'
            ) from None
        seconds = seconds_of("duration", duration, 0, at_least=3600, at_most=DAY, rule=RULE)
        if duration is None:
            raise FuotaValidationError(RULE, "duration is missing; give one, such as cdk.Duration.hours(8)")
        return MaintenanceWindow(3600 * int(given[1]) + 60 * int(given[2]), seconds, time_zone)

    def settings(self) -> dict[str, object]:
        """The window as the machines read it."""
        return {
            "startSecond": self.start_second,
            "durationSeconds": self.duration_seconds,
            "timeZone": self.time_zone,
            "offsets": [list(each) for each in _offsets(self.time_zone)],
        }


def _looked_up(value: str, meanwhile: str) -> str:
    """The value, or what stands for it in a run of the app that only asks for what it is."""
    return meanwhile if isinstance(value, str) and is_stand_in(value) else value


@lru_cache(maxsize=16)
def _offsets(time_zone: str) -> tuple[tuple[int, int], ...]:
    """From when on the wall is so many seconds ahead of UTC."""
    zone = ZoneInfo(time_zone)

    def offset(moment: int) -> int:
        there = datetime.fromtimestamp(moment, zone).utcoffset()
        return int(there.total_seconds()) if there is not None else 0

    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR + 1))
    found = [(0, offset(first))]
    for day in range(first, last, DAY):
        if offset(day + DAY) != found[-1][1]:
            low, high = day, day + DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if offset(middle) != found[-1][1] else (middle, high)
            found.append((high, offset(high)))
    return tuple(found)
