"""Durations as people say them."""

import pytest

from fuota_constructs.lorawan.durations import hours


@pytest.mark.parametrize(("seconds", "text"), [(59, "59 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")])
def test_hours(seconds, text):
    assert hours(seconds) == text
