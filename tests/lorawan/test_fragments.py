"""Counting fragments: AWS's own example, TS004's bounds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuota_constructs.lorawan.fragments import (
    data_fragments,
    encoded_fragments,
    interval_seconds,
    smallest_fragment_bytes,
)


def test_example_of_the_aws_documentation() -> None:
    assert encoded_fragments(100, 10, 50) == 15


@pytest.mark.parametrize(
    ("image", "size", "percent", "count"),
    [(1, 239, 0, 1), (1, 239, 1, 2), (100, 10, 0, 10), (101, 10, 0, 11), (100, 10, 100, 20), (100, 10, 1, 11)],
)
def test_encoded_fragments(image: int, size: int, percent: int, count: int) -> None:
    assert encoded_fragments(image, size, percent) == count


@given(st.integers(1, 2_000_000), st.integers(1, 239), st.integers(0, 100))
def test_encoded_fragments_is_the_documented_formula_rounded_up(image: int, size: int, percent: int) -> None:
    data = math.ceil(image / size)
    assert data_fragments(image, size) == data
    assert data + data * percent / 100 <= encoded_fragments(image, size, percent) < data + data * percent / 100 + 1


@given(st.integers(1, 2_000_000), st.integers(0, 100))
def test_smallest_fragment_is_the_smallest(image: int, percent: int) -> None:
    size = smallest_fragment_bytes(image, percent, at_most_fragments=16383, at_most_bytes=239)
    if size is None:
        assert encoded_fragments(image, 239, percent) > 16383
    else:
        assert encoded_fragments(image, size, percent) <= 16383
        assert size == 1 or encoded_fragments(image, size - 1, percent) > 16383


@pytest.mark.parametrize(("milliseconds", "seconds"), [(1, 0), (499, 0), (500, 1), (1499, 1), (1500, 2), (3000, 3)])
def test_interval_is_rounded_to_the_nearest_second(milliseconds: int, seconds: int) -> None:
    assert interval_seconds(milliseconds) == seconds
