"""Errors of whatever shape: each gives a reason that can be read, and none breaks the handler."""

from __future__ import annotations

import inspect
import string
from typing import Any

import botocore.exceptions
import pytest
from aws_errors import code_of, is_answer, is_gone, is_refusal, may_be_iam_propagation
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from failure_reason import failure_reason

CLASSES = sorted(
    (each for _, each in inspect.getmembers(botocore.exceptions, inspect.isclass) if issubclass(each, BotoCoreError)),
    key=lambda each: each.__name__,
)


def made(error: type[BotoCoreError]) -> BotoCoreError:
    """An error of a class, with whatever its message wants."""
    fields = {name: name for _, name, _, _ in string.Formatter().parse(error.fmt) if name}
    needed = [
        name for name in ("error", "name", "reason", "last_response") if name in inspect.signature(error).parameters
    ]
    return error(**fields, **{name: name for name in needed if name not in fields})


@pytest.mark.parametrize("error", CLASSES, ids=lambda each: each.__name__)
def test_every_error_of_boto3_gives_a_reason(error: type[BotoCoreError]) -> None:
    failure = made(error)
    reason = failure_reason(failure)
    assert reason.startswith(f"{error.__name__}: ")
    assert "NoneType" not in reason
    assert may_be_iam_propagation(failure) is False
    assert is_refusal(failure) is (error is ParamValidationError)
    assert (is_gone(failure), is_answer(failure), code_of(failure)) == (False, False, "")


@pytest.mark.parametrize("response", [None, "text", 5, [], object(), {"Error": None}, {"Error": "text"}])
def test_a_response_of_another_shape_breaks_nothing(response: Any) -> None:
    error = HTTPClientError(error="broken", request=None, response=response)
    assert failure_reason(error).startswith("HTTPClientError: ")
    assert (may_be_iam_propagation(error), is_refusal(error), is_gone(error)) == (False, False, False)


@pytest.mark.parametrize(
    ("status", "retries", "certain"),
    [(400, 0, True), (403, None, True), (429, 4, False), (500, 0, False), (None, 0, False), ("400", 0, False)],
)
def test_what_was_certainly_refused(status: Any, retries: int | None, certain: bool) -> None:
    metadata: Any = {"HTTPStatusCode": status, "RetryAttempts": retries}
    error = ClientError({"Error": {"Code": "X"}, "ResponseMetadata": metadata}, "CreateFuotaTask")
    assert is_refusal(error) is certain


def test_metadata_of_another_shape_is_no_certainty() -> None:
    error = HTTPClientError(error="broken", request=None, response={"Error": {}, "ResponseMetadata": None})
    assert not is_refusal(error)
    assert "request id unknown" in failure_reason(error)
