"""What CloudFormation takes of an answer, and what it says of the rest."""

from typing import Any

import pytest

from fuota_constructs.local.functions.custom_resource_answers import judged

EVENT = {"RequestId": "r"}
GOOD = {"Status": "SUCCESS", "PhysicalResourceId": "made"}


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        ("text", "text"),
        ("", ""),
        (7, "7"),
        (0, "0"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        ([1, True, "x"], ["1", "true", "x"]),
        ({"a": {"b": 2}}, {"a": {"b": "2"}}),
    ],
)
def test_numbers_and_booleans_are_strings_in_a_template(value: object, attribute: object) -> None:
    taken = judged({**GOOD, "Data": {"Key": value, "a.b": "dotted"}}, EVENT)
    assert taken == {**GOOD, "Data": {"Key": attribute, "a.b": "dotted"}}


@pytest.mark.parametrize("data", [{}, {"Data": None}, {"Data": {}}, {"Data": {"Key": None}}])
def test_what_is_not_there_is_no_attribute(data: dict[str, Any]) -> None:
    assert judged({**GOOD, **data}, EVENT) == {**GOOD, "Data": {}}


@pytest.mark.parametrize(
    ("answer", "reason", "kept"),
    [
        (None, "Invalid Response object: 'None' is not a valid ResponseStatus", None),
        ([], "Invalid Response object: 'None' is not a valid ResponseStatus", None),
        ({**GOOD, "Status": "FAILURE"}, "Invalid Response object: 'FAILURE' is not a valid ResponseStatus", None),
        ({**GOOD, "Status": ["SUCCESS"]}, "'['SUCCESS']' is not a valid ResponseStatus", None),
        ({**GOOD, "PhysicalResourceId": 1025 * "\ud800"}, "Invalid PhysicalResourceId: the answer needs one of", None),
        ({**GOOD, "Status": "success"}, "Invalid Response object: 'success' is not a valid ResponseStatus", None),
        ({"Status": "SUCCESS"}, "Invalid PhysicalResourceId: the answer needs one of 1 to 1024 bytes", None),
        ({**GOOD, "PhysicalResourceId": ""}, "Invalid PhysicalResourceId: the answer needs one of", None),
        ({**GOOD, "PhysicalResourceId": 7}, "Invalid PhysicalResourceId: the answer needs one of", None),
        ({**GOOD, "PhysicalResourceId": 513 * "é"}, "Invalid PhysicalResourceId: the answer needs one of", None),
        ({"Status": "FAILED", "Reason": "why"}, "1024 bytes, which on AWS hides its reason: why", None),
        (
            {**GOOD, "Status": "FAILED", "Reason": "why"},
            "Received response status [FAILED] from custom resource. Message returned: why (RequestId: r)",
            "made",
        ),
        ({**GOOD, "Status": "FAILED"}, "Message returned: no reason was given (RequestId: r)", "made"),
        ({**GOOD, "Data": ["x"]}, "Invalid Response object: Data is not a JSON object", None),
        ({**GOOD, "Data": {"Key": 4096 * "x"}}, "Response object is too long: ", None),
    ],
)
def test_fails_on_an_answer_that_cloudformation_does_not_take(answer: object, reason: str, kept: str | None) -> None:
    taken = judged(answer, EVENT)
    assert taken["Status"] == "FAILED"
    assert reason in taken["Reason"]
    assert taken["PhysicalResourceId"] == kept


def test_an_id_of_1024_bytes_is_taken() -> None:
    assert judged({**GOOD, "PhysicalResourceId": 512 * "é"}, EVENT)["Status"] == "SUCCESS"
