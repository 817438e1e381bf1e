"""The answer to CloudFormation: put until it is taken, and small enough."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import index
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_rig import ClockedCalls, Context, event
from protocol import AnswerNotDeliveredError, Outcome, Request, answer_body, shortened
from response_sink import SIGNATURE

if TYPE_CHECKING:
    from lambda_rig import Clock, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


def request_of(**changes: Any) -> Request:
    return Request.of({**event("create_fuota_task"), **changes})


def test_r03_puts_the_answer_as_cloudformation_signed_for_it(
    rig: Rig, cloud: Cloud, sink: ResponseSink, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["Name"] = "Zähler"
    rig.send(create, ResponseURL=sink.url)
    (put,) = sink.puts
    assert put.path == sink.url.removeprefix(sink.base_url), "the query is the signature"
    assert put.headers["Content-Type"] == ""
    assert put.headers["Content-Length"] == str(len(put.body))


def test_r03_counts_bytes_and_not_characters() -> None:
    body = answer_body(request_of(), outcome=None, reason="Zähler ✓")
    assert json.loads(body)["Reason"] == "Zähler ✓"
    assert len(body) > len(body.decode())


@pytest.mark.parametrize(
    ("script", "slept"), [([503], [1]), ([403, 500], [1, 2]), (["drop", 301, 503, 404], [1, 2, 4, 8])]
)
def test_r03_puts_again_until_the_answer_is_taken(
    cloud: Cloud, clock: Clock, sink: ResponseSink, create: dict[str, Any], script: list[int | str], slept: list[int]
) -> None:
    sink.script.extend(script)
    index.answer({**create, "ResponseURL": sink.url}, Context(), ClockedCalls(clock))
    assert len(sink.puts) == len(script) + 1
    assert len({put.body for put in sink.puts}) == 1
    assert clock.slept == slept


@pytest.mark.parametrize(("last", "problem"), [(503, "HTTP 503"), ("drop", "")])
def test_r03_fails_for_lambda_to_try_again_after_five_attempts(
    cloud: Cloud, clock: Clock, sink: ResponseSink, create: dict[str, Any], last: int | str, problem: str
) -> None:
    sink.script.extend([last] * 5)
    with pytest.raises(AnswerNotDeliveredError, match="was not taken in 5 attempts: ") as failure:
        index.answer({**create, "ResponseURL": sink.url}, Context(), ClockedCalls(clock))
    assert len(sink.puts) == 5
    assert problem in str(failure.value)
    assert SIGNATURE not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "not a url"])
def test_r03_fails_to_put_to_anything_but_http(clock: Clock, create: dict[str, Any], url: str) -> None:
    with pytest.raises(AnswerNotDeliveredError, match="ValueError"):
        index.answer({**create, "ResponseURL": url, "ResourceType": "Custom::Other"}, Context(), ClockedCalls(clock))


def reason_that_fills(excess: int, filler: str = "x") -> str:
    empty = len(answer_body(request_of(), outcome=None, reason=filler)) - len(filler.encode())
    return filler * ((4096 - empty + excess) // len(filler.encode()))


@pytest.mark.parametrize(("excess", "whole"), [(-1, True), (0, True), (1, False), (10_000, False)])
def test_r04_trims_the_reason_to_4096_bytes(excess: int, whole: bool) -> None:
    reason = reason_that_fills(excess)
    body = answer_body(request_of(), outcome=None, reason=reason)
    assert len(body) <= 4096
    assert (json.loads(body)["Reason"] == reason) is whole
    if not whole:
        assert len(body) >= 4080, "no more is cut than must be"


def test_r04_keeps_the_cause_and_the_remedy() -> None:
    reason = "the cause " + "x" * 10_000 + " the remedy"
    trimmed = json.loads(answer_body(request_of(), outcome=None, reason=reason))["Reason"]
    assert trimmed.startswith("the cause ")
    assert trimmed.endswith(" the remedy")


@given(st.text(st.characters(), max_size=6000))
def test_r04_any_reason_gives_a_small_valid_answer(reason: str) -> None:
    body = answer_body(request_of(), outcome=None, reason=reason * 3)
    assert len(body) <= 4096
    assert json.loads(body.decode("utf-8"))["Status"] == "FAILED"


@pytest.mark.parametrize("reason", ["\u0000" * 5000, "✓" * 5000, "😀" * 5000, "\ud800" * 5000, '"\\' * 5000])
def test_r04_whatever_a_character_costs(reason: str) -> None:
    body = answer_body(request_of(), outcome=None, reason=reason)
    assert 3900 < len(body) <= 4096
    body.decode("utf-8")


def test_r04_gives_up_data_in_a_fixed_order() -> None:
    data = {"Uri": "u" * 1000, "Bucket": "b" * 1000, "Key": "k" * 3000}
    answer = json.loads(answer_body(request_of(), outcome=Outcome("id", data)))
    assert answer["Data"] == {"Uri": data["Uri"], "Bucket": data["Bucket"]}
    huge = Outcome("id", {**data, "Uri": "u" * 5000})
    assert json.loads(answer_body(request_of(), outcome=huge))["Data"] == {}
    assert json.loads(answer_body(request_of(StackId="s" * 5000), outcome=huge))["Data"] == {}, "then it is not ours"


def test_r04_gives_up_the_whole_reason_before_it_sends_too_much() -> None:
    body = answer_body(request_of(StackId="s" * 3900), outcome=None, reason="because")
    assert json.loads(body)["Reason"] == ""


@pytest.mark.parametrize(
    ("text", "length", "expected"), [("abcdef", 6, "abcdef"), ("abcdefghij", 8, "ab ... j"), ("abcdef", 3, "abc")]
)
def test_r04_shortens_in_the_middle(text: str, length: int, expected: str) -> None:
    assert shortened(text, length) == expected
