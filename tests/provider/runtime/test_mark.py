"""Marks tell requests apart and put them in their order, and give away nothing of the URL they come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mark import Mark, same
from task_tags import Standing, changed_by

URL = "https://bucket.s3.amazonaws.com/arn%3Aaws?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={}&X-Amz-Signature=5ec2e7"
JUST_THEN = 1795392900.0


def test_a_mark_says_when_the_request_was_signed_and_is_written_and_read_again() -> None:
    mark = Mark.of(URL.format("20261123T001500Z"))
    assert mark.signed_at == JUST_THEN
    assert str(mark).startswith("20261123T001500Z.")
    assert Mark.read(str(mark)) == mark
    assert "5ec2e7" not in str(mark)
    assert mark.age(JUST_THEN + 5) == 5
    assert mark.age(JUST_THEN - 5) == 0, "clocks differ"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://host/path",
        "https://host/?AWSAccessKeyId=AKIA&Expires=1795400100&Signature=x",
        URL.format(""),
        URL.format("yesterday"),
        URL.format("20261399T001500Z"),
        "https://[broken",
        "\ud800",
    ],
)
def test_a_url_that_does_not_say_when_gives_a_mark_all_the_same(url: str) -> None:
    mark = Mark.of(url)
    assert (mark.signed_at, mark.age(JUST_THEN)) == (0, 0)
    assert str(mark).startswith("undated.")
    assert Mark.read(str(mark)) == mark == Mark.of(url)


@pytest.mark.parametrize("text", ["", "x", "20261123T001500Z", "20261123T001500Z.xyz", "undated.0123456789abcdef "])
def test_what_is_no_mark_is_not_read(text: str) -> None:
    assert Mark.read(text) is None


def test_requests_are_told_apart_by_their_url() -> None:
    one, other = Mark.of(URL.format("20261123T001500Z")), Mark.of(URL.format("20261123T001501Z"))
    assert same(one, Mark.of(URL.format("20261123T001500Z")))
    assert not same(one, other)
    assert not same(one, None)
    assert not same(None, None)


@given(st.lists(st.integers(1_700_000_000, 1_800_000_000), unique=True, max_size=5))
def test_the_youngest_mark_is_in_charge_in_whatever_order_tags_come(times: list[int]) -> None:
    marks = [Mark(f"{number:016x}", float(time)) for number, time in enumerate(times)]
    tags = {key: value for mark in marks for key, value in changed_by(mark, "done").items()}
    standing = Standing.of(tags)
    assert standing.youngest == max(marks, key=lambda mark: mark.signed_at, default=None)
    assert standing.changed_by == tuple(sorted(marks, key=lambda mark: mark.signed_at))


def test_a_task_without_marks_stands_for_nobody() -> None:
    standing = Standing.of({"team": "metering", "fuota-constructs:changed-by:nonsense": "done"})
    assert standing == Standing()
    assert (standing.youngest, standing.is_done, standing.is_replaced) == (None, False, False)
