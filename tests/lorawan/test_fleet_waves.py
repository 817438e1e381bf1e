"""Who comes when, and how many at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuota_constructs.lorawan.fleet_waves import WaveSize, ranked, wave_sizes

CANARY_TENTH_REST = [WaveSize(devices=30), WaveSize(percent=10), WaveSize(percent=100)]


@pytest.mark.parametrize(
    ("fleet", "waves", "sizes"),
    [
        (1000, CANARY_TENTH_REST, [30, 70, 900]),
        (11, [WaveSize(percent=5), WaveSize(percent=100)], [1, 10]),  # a share of a device is one
        (101, [WaveSize(percent=10), WaveSize(percent=100)], [11, 90]),
        (100, [WaveSize(devices=30), WaveSize(percent=10), WaveSize(percent=100)], [30, 1, 69]),  # always growing
        (2, CANARY_TENTH_REST, [2, 0, 0]),
        (1, [WaveSize(percent=100)], [1]),
        (1000, [WaveSize(devices=5), WaveSize(devices=50)], [5, 995]),  # the last has the rest
        (1000, [WaveSize(percent=0.1), WaveSize(percent=29.3), WaveSize()], [1, 292, 707]),  # no rounding errors
        (0, CANARY_TENTH_REST, [0, 0, 0]),
    ],
)
def test_sizes(fleet, waves, sizes) -> None:
    assert wave_sizes(fleet, waves) == sizes


@given(st.integers(0, 100_000), st.lists(st.floats(0.01, 100) | st.integers(1, 5000), min_size=1, max_size=8))
def test_sizes_are_those_of_the_fleet_and_grow_while_there_are_any(fleet, given_waves) -> None:
    waves = [WaveSize(devices=w) if isinstance(w, int) else WaveSize(percent=w) for w in given_waves]
    sizes = wave_sizes(fleet, waves)
    assert sum(sizes) == fleet
    empty = sizes.index(0) if 0 in sizes else len(sizes)
    assert all(size >= 1 for size in sizes[:empty])
    assert not any(sizes[empty:])


def test_the_order_is_the_same_whoever_joins() -> None:
    fleet = [f"device-{number}" for number in range(500)]
    order = ranked(fleet, "salt")
    assert sorted(order) == sorted(fleet)
    assert ranked([*reversed(fleet), "device-7"], "salt") == order
    with_more = ranked([*fleet, "one-more"], "salt")
    assert [device for device in with_more if device != "one-more"] == order


def test_another_salt_is_another_order_and_ranks_stay_what_they_are() -> None:
    assert ranked("abcdef", "a") != ranked("abcdef", "b")
    assert ranked("abcdef", "salt") == ["e", "b", "a", "c", "d", "f"]  # a change would deal running fleets anew
