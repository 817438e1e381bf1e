"""Reasons, as the reader of a failed deployment sees them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from failure_reason import HINTS, failure_reason
from protocol import ProviderError


def refusal(code: str, message: str = "no") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RequestId": "abc"}}
    return ClientError(answer, "CreateFuotaTask")


def test_a_refusal_names_code_message_operation_and_request() -> None:
    assert failure_reason(refusal("ConflictException", "busy."), log_stream="2026/1") == (
        "ConflictException: busy. (CreateFuotaTask, request id abc). wait until the task and its multicast groups take "
        "part in no session, then deploy again (log stream 2026/1)"
    )


@pytest.mark.parametrize("code", sorted(HINTS))
def test_every_hint_is_given(code: str) -> None:
    assert HINTS[code] in failure_reason(refusal(code))


def test_s3_names_the_same_refusals_differently() -> None:
    assert HINTS["AccessDeniedException"] in failure_reason(refusal("AccessDenied"))


def test_a_region_without_the_service_is_explained() -> None:
    reason = failure_reason(EndpointConnectionError(endpoint_url="https://api.iotwireless.eu-north-1.amazonaws.com"))
    assert reason.startswith("EndpointConnectionError: Could not connect to the endpoint URL")
    assert "may not be offered in this Region" in reason


def test_a_failure_of_our_own_says_all_itself() -> None:
    error = ProviderError("it is busy. Wait.\n")
    error.add_note("note")
    assert failure_reason(error) == "it is busy. Wait. note"


def test_an_error_without_anything() -> None:
    assert failure_reason(RuntimeError()) == "RuntimeError:"
    empty = ClientError({"Error": {}}, "GetFuotaTask")
    assert failure_reason(empty) == "ClientError: no message (GetFuotaTask, request id unknown)"
