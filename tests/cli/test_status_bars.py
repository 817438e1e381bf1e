"""Shares beside bars."""

import pytest

from fuota_constructs.cli.status_bars import share_of


@pytest.mark.parametrize(
    ("number", "total", "shown"),
    [
        (0, 0, "0"),
        (1, 3, "1 (33.3 %)"),
        (1, 100_000, "1 (0.001 %)"),
        (999, 1000, "999 (99.9 %)"),
        (9_999, 10_000, "9,999 (99.99 %)"),
        (99_999, 100_000, "99,999 (99.99 %)"),
        (1000, 1000, "1,000 (100 %)"),
    ],
)
def test_a_share_of_almost_all_is_not_all(number: int, total: int, shown: str) -> None:
    assert share_of(number, total) == shown
