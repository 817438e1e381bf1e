"""How long the machines wait between two looks."""

from patience import wait_seconds, waiting_since

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400
EVENTS_A_TURN = 9
MOST_EVENTS = 25_000
MOST_RETRIES = 3


def looks(*, lasting: float, until: float | None = None) -> int:
    """How often one looks at something that takes so long, and whether it is ever seen late."""
    now, count = 0.0, 0
    while now < lasting:
        seconds = wait_seconds(since=0, now=now, until=until)
        assert 0 < seconds <= max(60, now / 20 + 1)
        now, count = now + seconds, count + 1
    return count


def test_the_longest_wave_stays_within_the_events_of_an_execution() -> None:
    attempt = looks(lasting=7 * DAY, until=7 * DAY) + looks(lasting=DAY, until=DAY) + looks(lasting=2 * DAY + HOUR)
    # Each session waits for its window for a week; the bake takes a month, and the operator a year.
    wave = (1 + MOST_RETRIES) * attempt + looks(lasting=30 * DAY, until=30 * DAY) + looks(lasting=YEAR)
    assert wave * EVENTS_A_TURN < MOST_EVENTS
    assert looks(lasting=YEAR) < 400


def test_a_wait_ends_when_its_time_has_come() -> None:
    assert wait_seconds(since=0, now=95, until=100) == 5
    assert wait_seconds(since=0, now=99.5, until=100) == 1
    assert wait_seconds(since=0, now=101, until=100) == 0


def test_a_wait_is_remembered_until_another_begins() -> None:
    began, kept = waiting_since({}, "bake", 100)
    assert (began, kept) == (100, {"waiting": {"for": "bake", "since": 100}})
    assert waiting_since(kept, "bake", 200)[0] == 100
    assert waiting_since(kept, "setup", 200)[0] == 200
