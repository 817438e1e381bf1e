"""What the function logs: lines of JSON, one error a failure, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol import Request
from response_sink import SIGNATURE

if TYPE_CHECKING:
    from lambda_rig import Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


def test_r05_the_response_url_is_nowhere(rig: Rig, cloud: Cloud, sink: ResponseSink, create: dict[str, Any]) -> None:
    url = sink.url
    query = url.partition("?")[2]
    cloud.fault("CreateFuotaTask", "validation-error", message=f"look at {url} or {query} or {url.partition('?')[0]}")
    answer = rig.send(create, ResponseURL=url)
    assert answer.reason.startswith("ValidationException: look at [response URL] or [response URL] or [response URL] ")
    for secret in (url, query, SIGNATURE):
        assert secret not in answer.output
    assert SIGNATURE not in repr(Request.of({**create, "ResponseURL": url}))


def test_r07_logs_json_lines_and_one_error_per_failure(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["RedundancyPercent"] = "101"
    answer = rig.send(create)
    (error,) = answer.at("ERROR")
    assert error["message"] == answer.reason
    assert error["answeredId"] == answer.physical_id
    assert {name: error[name] for name in ("requestType", "logicalResourceId", "stackId", "requestId")} == {
        "requestType": "Create",
        "logicalResourceId": "MeterUpdate8F0E",
        "stackId": create["StackId"],
        "requestId": create["RequestId"],
    }
    assert [line["message"] for line in answer.at("INFO")] == ["request", "answered"]


def test_r07_a_success_logs_no_error(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    assert rig.send(create).at("ERROR") == []


def test_r07_line_breaks_cannot_forge_a_line(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    forged = 'x\r\n{"level": "ERROR", "message": "forged"}\u2028\u0085'
    answer = rig.send(create, LogicalResourceId=forged, ResourceType=forged)
    assert len(answer.at("ERROR")) == 1
    assert "\r" not in answer.output
    assert answer.output.isascii()
    assert "\n" not in answer.reason


def test_r07_lines_are_capped(rig: Rig, create: dict[str, Any]) -> None:
    answer = rig.send(create, ResourceType="x" * 100_000)
    assert max(len(line) for line in answer.output.splitlines()) < 8000


def test_r07_properties_are_not_logged(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["Description"] = "confidential"
    assert "confidential" not in rig.send(create).output
