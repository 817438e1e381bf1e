"""When a session may start."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from maintenance_hours import WindowTooShortError, earliest_start

HOUR = 3600
BERLIN = ZoneInfo("Europe/Berlin")
# Winter time until 29 March 2026, 01:00 UTC; summer time until 25 October, 01:00 UTC.
OFFSETS = [[0, HOUR], [1_774_746_000, 2 * HOUR], [1_792_890_000, HOUR]]
NIGHT = {"startSecond": 22 * HOUR, "durationSeconds": 8 * HOUR, "offsets": OFFSETS}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("after", "hours", "start"),
    [
        ("2026-01-10T12:00", 2, "2026-01-10T22:00"),  # waits for the evening
        ("2026-01-10T23:00", 2, "2026-01-10T23:00"),  # at once
        ("2026-01-11T03:59", 2, "2026-01-11T03:59"),  # the window of yesterday is still open
        ("2026-01-11T04:01", 2, "2026-01-11T22:00"),  # and too short by now
        ("2026-07-10T12:00", 8, "2026-07-10T22:00"),  # in summer, too
        ("2026-03-28T21:00", 2, "2026-03-28T22:00"),  # the night in which an hour is missing
        ("2026-03-29T12:00", 2, "2026-03-29T22:00"),
        ("2026-10-24T23:30", 2, "2026-10-24T23:30"),
        ("2026-10-25T12:00", 2, "2026-10-25T22:00"),
    ],
)
def test_the_whole_session_is_within_the_window(after, hours, start) -> None:
    assert earliest_start(NIGHT, after=at(after), seconds=hours * HOUR) == at(start)


def test_without_a_window_it_may_start_at_once() -> None:
    assert earliest_start(None, after=12.5, seconds=HOUR) == 12.5


def test_fails_for_a_session_that_fits_no_window() -> None:
    with pytest.raises(WindowTooShortError, match="the session takes 28801 s and the maintenance window has 28800 s"):
        earliest_start(NIGHT, after=0, seconds=8 * HOUR + 1)
