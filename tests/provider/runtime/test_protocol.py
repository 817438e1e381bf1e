"""The protocol: exactly one answer, in time, delivered, small enough, and without secrets."""
# ruff: noqa: PLR0917 - fixtures and the columns of tables arrive as arguments

from __future__ import annotations

import json
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import aws_calls
import index
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lambda_rig import ClockedCalls, Context, event
from protocol import (
    CREATE_FAILED,
    AnswerNotDeliveredError,
    Outcome,
    Request,
    answer_body,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambda_rig import Clock, Cloud, Rig
    from response_sink import ResponseSink

SECRET = "5ec2e7c0ffee"


@pytest.fixture
def create() -> dict[str, Any]:
    return event("create_fuota_task")


def request_of(**changes: Any) -> Request:
    return Request.of({**event("create_fuota_task"), **changes})


@pytest.mark.parametrize("module", ["fuota_task", "firmware_object", "task_service", "charge", "properties"])
def test_r01_answers_when_a_module_cannot_be_imported(
    rig: Rig, create: dict[str, Any], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ("fuota_task", "firmware_object", "task_service", "task_plan", "properties", "charge", "leftovers")
    for name in (*own, "kept_session", "new_task", "replacement", "stack_record", "task_tags"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert f"import of {module} halted" in answer.reason


def test_r01_answers_when_boto3_cannot_be_imported(
    rig: Rig, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_calls._client.cache_clear()
    monkeypatch.setitem(sys.modules, "boto3", None)
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert answer.reason.startswith("ModuleNotFoundError: import of boto3 halted")


@pytest.mark.parametrize("failure", [SystemExit(1), KeyboardInterrupt(), MemoryError(), RuntimeError()])
def test_r01_answers_whatever_is_raised(
    rig: Rig, create: dict[str, Any], failure: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ModuleType("fuota_task")

    def fail(*_: object) -> None:
        raise failure

    broken.ACTIONS = {"Create": fail}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fuota_task", broken)
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert answer.reason.startswith(type(failure).__name__)


def test_r01_answers_when_there_is_no_thread_to_work_in(
    rig: Rig, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    no_thread = type("NoThread", (threading.Thread,), {"start": fail})
    monkeypatch.setattr("aws_calls.threading", SimpleNamespace(Thread=no_thread))
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert answer.reason == "RuntimeError: can't start new thread"


def test_r01_answers_when_an_error_cannot_even_be_described(
    rig: Rig, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise self

    def fail(*_: object) -> None:
        raise UnspeakableError

    # pytest reports what a thread dies of; here that is expected.
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr("fuota_task.ACTIONS", {"Create": fail})
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)


@pytest.mark.parametrize("kind", ["", "Replace", "create", None])
@pytest.mark.parametrize("resource", ["create_fuota_task", "create_firmware_object"])
def test_r01_fails_clearly_for_an_unknown_request_type(rig: Rig, resource: str, kind: str | None) -> None:
    answer = rig.send(event(resource), RequestType=kind)
    assert answer.status == "FAILED"
    assert answer.reason.startswith(f"the request type must be one of Create, Update, Delete, got {kind or ''!r}")


def test_r01_fails_clearly_for_an_unknown_resource_type(rig: Rig, create: dict[str, Any]) -> None:
    answer = rig.send(create, ResourceType="Custom::Other")
    assert answer.status == "FAILED"
    assert answer.reason.startswith(
        "this provider makes Custom::FuotaTask, Custom::FirmwareObject, Custom::FuotaRollout and"
        " Custom::MulticastGroupSettings, not the resource type 'Custom::Other'"
    )


@pytest.mark.parametrize("physical_id", ["some-id", ""])
def test_r26_a_delete_of_an_unknown_resource_type_succeeds(rig: Rig, physical_id: str) -> None:
    """After a way back to this version the stack could not be deleted otherwise."""
    answer = rig.send(event("delete_fuota_task"), ResourceType="Custom::FromTheFuture", PhysicalResourceId=physical_id)
    assert (answer.status, answer.physical_id) == ("SUCCESS", physical_id or CREATE_FAILED)
    assert "does not know the resource type: nothing is deleted" in answer.at("WARNING")[0]["message"]


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
@pytest.mark.parametrize("resource", ["fuota_task", "firmware_object"])
def test_r02_a_request_that_cloudformation_has_given_up_is_answered_and_not_worked_on(
    rig: Rig, cloud: Cloud, clock: Clock, kind: str, resource: str
) -> None:
    late = {**event(f"create_{resource}"), "RequestType": kind, "PhysicalResourceId": "some-id"}
    url = rig.url(late)
    clock.time += 331
    answer = rig.send(late, ResponseURL=url)
    assert answer.status == "FAILED"
    assert answer.reason == (
        "the request came 331 s after CloudFormation had sent it, which waits 330 s: nothing was done. Deploy again"
    )
    assert answer.physical_id.startswith("fuota-constructs:create-outcome-unknown:" if kind == "Create" else "some-id")
    assert cloud.requests() == []


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("330", 330), (60, 60), (None, 3600), ("", 3600), ("soon", 3600), ("-1", 3600), ("99999", 3600)],
)
def test_r29_a_template_that_does_not_say_how_long_cloudformation_waits_means_its_default(
    given: Any, seconds: int
) -> None:
    assert request_of(ResourceProperties={"ServiceTimeout": given}).service_timeout == seconds
    assert request_of(ResourceProperties={}).service_timeout == 3600


@pytest.mark.parametrize("missing", ["FirmwareUpdateImage", "FirmwareUpdateRole"])
def test_r01_fails_clearly_for_a_missing_property(rig: Rig, create: dict[str, Any], missing: str) -> None:
    del create["ResourceProperties"][missing]
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert answer.reason.startswith(f"{missing} is required and was not given")


def test_r01_answers_an_event_with_nothing_but_a_response_url(rig: Rig) -> None:
    answer = rig.send({})
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert (answer.body["StackId"], answer.body["RequestId"], answer.body["LogicalResourceId"]) == ("", "", "")


def test_r01_does_nothing_when_there_is_nobody_to_answer(
    cloud: Cloud, clock: Clock, create: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    del create["ResponseURL"]
    index.answer(create, Context(), ClockedCalls(clock))
    assert cloud.requests() == []
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["level"] == "ERROR"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Makes waiting hang until the test is over, as a call may do that no timeout ends."""
    release = threading.Event()
    monkeypatch.setattr(ClockedCalls, "pause", lambda *_, **__: release.wait())
    yield release
    release.set()


def test_r02_answers_before_the_deadline_when_a_call_hangs(
    rig: Rig, cloud: Cloud, create: dict[str, Any], hanging: threading.Event
) -> None:
    cloud.fault("GetFuotaTask", "not-found", times=1)  # waiting for the task to become visible then hangs
    answer = rig.send(create, context=Context(milliseconds=20_300))
    assert answer.status == "FAILED"
    assert answer.reason.startswith("a call to AWS did not return in time: deploy again")
    assert [answer.physical_id] == list(cloud.tasks()), "the id is known: CloudFormation deletes the task"


def test_r02_an_abandoned_call_changes_nothing_any_more(
    rig: Rig, cloud: Cloud, create: dict[str, Any], hanging: threading.Event
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    cloud.fault("GetFuotaTask", "not-found", times=1)
    workers = set(threading.enumerate())
    answer = rig.send(create, context=Context(milliseconds=20_300))
    cloud.forget_requests()
    (worker,) = (thread for thread in set(threading.enumerate()) - workers if thread.name.endswith("(work)"))
    hanging.set()
    worker.join()
    assert cloud.requests() == []
    assert cloud.groups_of(answer.physical_id) == set()


def test_r02_a_hanging_update_is_answered_with_the_old_id(
    rig: Rig, cloud: Cloud, create: dict[str, Any], hanging: threading.Event
) -> None:
    old_id = rig.send(create).physical_id
    cloud.fault("UpdateFuotaTask", "access-denied", times=1)
    new = {**create["ResourceProperties"], "FirmwareUpdateRole": "arn:aws:iam::123456789012:role/New"}
    answer = rig.send(
        event("update_fuota_task"),
        context=Context(milliseconds=20_300),
        PhysicalResourceId=old_id,
        ResourceProperties=new,
        OldResourceProperties=create["ResourceProperties"],
    )
    assert (answer.status, answer.physical_id) == ("FAILED", old_id)


def test_r02_waiting_ends_early_enough_to_clear_up_and_answer(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    cloud.fault("CreateFuotaTask", "access-denied", seconds=1000)
    rig.send(create, context=Context(milliseconds=60_000))
    assert clock.elapsed <= 60 - 15


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
    assert SECRET not in str(failure.value)
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


def test_r05_the_response_url_is_nowhere(rig: Rig, cloud: Cloud, sink: ResponseSink, create: dict[str, Any]) -> None:
    url = sink.url
    query = url.partition("?")[2]
    cloud.fault("CreateFuotaTask", "validation-error", message=f"look at {url} or {query} or {url.partition('?')[0]}")
    answer = rig.send(create, ResponseURL=url)
    assert answer.reason.startswith("ValidationException: look at [response URL] or [response URL] or [response URL] ")
    for secret in (url, query, SECRET):
        assert secret not in answer.output
    assert SECRET not in repr(Request.of({**create, "ResponseURL": url}))


def test_r06_echoes_the_ids_verbatim(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    answer = rig.send(create)
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        assert answer.body[name] == create[name]
    assert "Reason" not in answer.body
    assert set(answer.body) == {"Status", "PhysicalResourceId", "StackId", "RequestId", "LogicalResourceId", "Data"}


@pytest.mark.parametrize("kind", ["Update", "Delete", "Nonsense"])
@pytest.mark.parametrize("physical_id", ["", None, "some-id"])
def test_r06_the_physical_id_is_never_empty(rig: Rig, cloud: Cloud, kind: str, physical_id: str | None) -> None:
    answer = rig.send(
        event("delete_fuota_task"), RequestType=kind, PhysicalResourceId=physical_id, ResourceProperties={}
    )
    assert answer.physical_id == (physical_id or CREATE_FAILED)


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
