"""The protocol: exactly one answer whatever happens, in time, and its ids."""

from __future__ import annotations

import json
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import aws_calls
import index
import pytest
from lambda_rig import ClockedCalls, Context, event
from protocol import CREATE_FAILED, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambda_rig import Clock, Rig
    from wireless_rig import Cloud


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

    vars(broken)["ACTIONS"] = {"Create": fail}
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
    assert Request.of({"ResourceProperties": {"ServiceTimeout": given}}).service_timeout == seconds
    assert Request.of({"ResourceProperties": {}}).service_timeout == 3600


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
    """Makes waiting hang until the test is over, as a call may do that no timeout ends: only there time runs out."""
    hangs, release = threading.Event(), threading.Event()

    def pause(*_: object, **__: object) -> bool:
        hangs.set()
        return release.wait()

    class Worker(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            while self.is_alive() and not hangs.wait(0.02):
                continue
            super().join(timeout)

    monkeypatch.setattr(ClockedCalls, "pause", pause)
    monkeypatch.setattr(aws_calls, "threading", SimpleNamespace(**{**vars(threading), "Thread": Worker}))
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
