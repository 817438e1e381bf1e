"""Requests overlap, and only the youngest may change a task."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import aws_calls
import pytest
import resource_tags
import task_service
from charge import PROMPT_SECONDS, Charge, SupersededError
from lambda_rig import ClockedCalls, delete, event, update, without
from protocol import Log, ProviderError, Request

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


NEW_ROLE = "arn:aws:iam::123456789012:role/Another"
MARK = "fuota-constructs:changed-by:"


def marks(cloud: Cloud, task_id: str) -> dict[str, str]:
    """The marks on a task, and whether their requests are through."""
    return {key.removeprefix(MARK): state for key, state in cloud.tags_of(task_id).items() if key.startswith(MARK)}


@pytest.mark.parametrize("changed", [{"Name": "8"}, {"FirmwareUpdateRole": NEW_ROLE, "MulticastGroupIds": ["g"]}])
def test_r17_an_update_that_was_cancelled_changes_nothing_once_its_rollback_has_begun(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made, changed: dict[str, Any]
) -> None:
    """The role of the update is refused for 20 s; meanwhile another resource fails, and the rollback finds all well."""
    old, task_id = made()
    new = {**old, **changed, "FirmwareUpdateRole": NEW_ROLE}
    before = without(cloud.tasks()[task_id], "ResponseMetadata")
    clock.time += 600
    cloud.fault("UpdateFuotaTask", "access-denied", seconds=20)
    rolled_back: list[str] = []
    clock.after(3, lambda: rolled_back.append(answer_in_a_thread(rig, task_id, new, old)))
    cancelled = update(rig, task_id, old, new)
    assert rolled_back == ["SUCCESS"]
    assert cancelled.status == "FAILED"
    assert "a younger request of CloudFormation is in charge of" in cancelled.reason
    assert without(cloud.tasks()[task_id], "ResponseMetadata") == before


def answer_in_a_thread(rig: Rig, task_id: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    """Handle an Update in the middle of another, as another sandbox would."""
    import index
    from lambda_rig import Context

    url = rig.sink.signed("rollback", rig.clock())
    sent = {**event("update_fuota_task"), "RequestId": "rollback", "ResponseURL": url, "PhysicalResourceId": task_id}
    before = len(rig.sink.puts)
    worker = threading.Thread(
        target=index.answer,
        args=(
            {**sent, "ResourceProperties": new, "OldResourceProperties": old},
            Context(),
            ClockedCalls(rig.clock),
        ),
    )
    worker.start()
    worker.join()
    [put] = rig.sink.puts[before:]
    rig.sink.puts.remove(put)
    import json

    status: str = json.loads(put.body)["Status"]
    return status


def test_an_update_marks_the_task_first_and_says_when_it_is_through(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "SUCCESS"
    assert list(marks(cloud, task_id).values()) == ["done"]
    first = marks(cloud, task_id)
    assert update(rig, task_id, {**old, "Name": "8"}, old).status == "SUCCESS"
    assert list(marks(cloud, task_id).values()) == ["done"]
    assert not marks(cloud, task_id).keys() & first.keys(), "the marks of older requests are taken off"


def test_an_update_that_is_refused_is_through(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.start(task_id)
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "FAILED"
    assert list(marks(cloud, task_id).values()) == ["done"]


@pytest.mark.parametrize(
    ("state", "seconds_ago", "slept"),
    [("under way", 10, [12]), ("done", 10, []), ("under way", 400, []), ("", 10, [12])],
)
def test_an_update_waits_until_what_a_cut_off_one_began_has_arrived(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made, state: str, seconds_ago: int, slept: list[float]
) -> None:
    old, task_id = made()
    clock.time += 3600
    mark = str(Request.of({"ResponseURL": rig.sink.signed("cut off", clock() - seconds_ago)}).mark)
    tag(cloud, task_id, f"{MARK}{mark}", state)
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "SUCCESS"
    assert clock.slept == slept


def tag(cloud: Cloud, task_id: str, key: str, value: str) -> None:
    """Tag a task by hand."""
    cloud.client.tag_resource(ResourceArn=cloud.tasks()[task_id]["Arn"], Tags=[{"Key": key, "Value": value}])


def test_r17_fails_without_a_change_when_an_update_comes_again_after_a_younger_one(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    changed = {**old, "Name": "8"}
    assert update(rig, task_id, old, changed, RequestId="first").status == "SUCCESS"
    clock.time += 30
    assert update(rig, task_id, changed, old, RequestId="second").status == "SUCCESS"
    cloud.forget_requests()
    assert update(rig, task_id, old, changed, RequestId="first").status == "FAILED"
    assert cloud.requests(mutating=True) == []
    assert cloud.tasks()[task_id]["Name"] == "007"


def test_an_update_that_comes_again_is_done_again(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    answers = [update(rig, task_id, old, {**old, "Name": "8"}, RequestId="first") for _ in range(2)]
    assert [answer.status for answer in answers] == ["SUCCESS", "SUCCESS"]
    assert len(marks(cloud, task_id)) == 1


def test_of_two_requests_of_the_same_second_the_later_is_the_younger(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    changed = {**old, "Name": "8"}
    assert update(rig, task_id, old, changed).status == "SUCCESS"
    assert update(rig, task_id, changed, old).status == "SUCCESS"
    assert cloud.tasks()[task_id]["Name"] == "007"


def test_of_two_requests_of_the_same_second_one_that_comes_again_is_the_older(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    first, second = (rig.sink.signed(name, clock()) for name in ("first", "second"))
    changed = {**old, "Name": "8"}
    assert update(rig, task_id, changed, old, ResponseURL=second).status == "SUCCESS"
    clock.time += 60
    assert update(rig, task_id, old, changed, ResponseURL=first).status == "FAILED"
    assert cloud.tasks()[task_id]["Name"] == "007"


def test_of_two_requests_of_the_same_second_one_that_comes_again_at_once_is_the_older(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    changed = {**old, "Name": "8"}
    first, second = (rig.sink.signed(name, clock()) for name in ("first", "second"))
    cloud.fault("UpdateFuotaTask", "validation-error", times=1)
    assert update(rig, task_id, old, changed, ResponseURL=first).status == "FAILED"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Charge, "finish", lambda *_: None)  # the second is not through yet
        assert update(rig, task_id, changed, old, ResponseURL=second).status == "SUCCESS"
    assert update(rig, task_id, old, changed, ResponseURL=first).status == "FAILED"
    assert cloud.tasks()[task_id]["Name"] == "007"


@pytest.mark.parametrize("waits", [True, False])
def test_of_two_requests_of_the_same_second_the_second_asks_cloudformation_whether_it_waits(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, waits: bool
) -> None:
    """Lambda may hand the Update over after the rollback that cancelled it."""
    old, task_id = made()
    changed = {**old, "Name": "8"}
    cancelled, rollback = (rig.sink.signed(name, clock()) for name in ("cancelled", "rollback"))
    assert update(rig, task_id, changed, old, ResponseURL=rollback).status == "SUCCESS"
    sink.record = (task_id, "UPDATE_IN_PROGRESS" if waits else "UPDATE_COMPLETE")
    answer = update(rig, task_id, old, changed, ResponseURL=cancelled)
    assert answer.status == ("SUCCESS" if waits else "FAILED")
    assert cloud.tasks()[task_id]["Name"] == ("8" if waits else "007")
    assert waits or "CloudFormation does not wait for this request any more: it changes nothing more" in answer.reason


def test_a_mark_that_appears_while_a_request_works_ends_it(cloud: Cloud, clock: Clock, made: Made, rig: Rig) -> None:
    _, task_id = made()
    arn = cloud.tasks()[task_id]["Arn"]
    calls = ClockedCalls(clock)
    request = Request.of({"ResponseURL": rig.sink.signed("old", clock())})
    charge = Charge(request, calls, Log(request))
    calls.as_mine(lambda: charge.take(arn))
    younger = Request.of({"ResponseURL": rig.sink.signed("young", clock())}).mark
    tag(cloud, task_id, f"{MARK}{younger}", "under way")
    for change in (
        lambda: task_service.patch(task_id, {"Name": "8"}, calls),
        lambda: task_service.request_delete(task_id, calls),
        lambda: resource_tags.untag(arn, ["team"], calls),
    ):
        with pytest.raises(SupersededError, match="a younger request of CloudFormation is in charge of arn:aws:iot"):
            calls.as_mine(change)
    assert calls.iotwireless.get_fuota_task(Id=task_id)["Name"] == "007", "reading stays allowed"
    aws_calls._invocation.__dict__.clear()


def test_r17_fails_to_take_a_task_from_a_younger_request_however_lately_it_looked_at_others(
    cloud: Cloud, clock: Clock, made: Made, rig: Rig
) -> None:
    _, task_id = made()
    calls = ClockedCalls(clock)
    request = Request.of({"ResponseURL": rig.sink.signed("old", clock())})
    charge = Charge(request, calls, Log(request), seconds_between_looks=60)
    clock.sleep(PROMPT_SECONDS + 1)  # the event comes again
    younger = Request.of({"ResponseURL": rig.sink.signed("young", clock())}).mark
    tag(cloud, task_id, f"{MARK}{younger}", "under way")
    calls.as_mine(charge.check)
    with pytest.raises(SupersededError):
        calls.as_mine(lambda: charge.take(cloud.tasks()[task_id]["Arn"]))
    assert marks(cloud, task_id).keys() == {str(younger)}
    aws_calls._invocation.__dict__.clear()


def test_r16_a_new_task_is_deleted_again_although_a_younger_request_is_in_charge_of_the_old_one(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, task_id = made()

    def overtaken(*_: Any) -> None:
        younger = Request.of({"ResponseURL": rig.sink.signed("young", clock() + 1)}).mark
        tag(cloud, task_id, f"{MARK}{younger}", "under way")
        clock.sleep(60)  # the next change asks again who is in charge
        raise ProviderError("too late")

    monkeypatch.setattr("replacement._check_the_record", overtaken)
    answer = update(rig, task_id, old, without(old, "Name"))
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert "too late" in answer.reason
    assert "could not be deleted again" not in answer.reason
    assert list(cloud.tasks()) == [task_id]


def test_r19_a_mark_that_cannot_be_written_at_the_end_is_no_failure(
    rig: Rig, cloud: Cloud, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, task_id = made()
    write = resource_tags.tag

    def fail_at_the_end(arn: str, tags: dict[str, str], calls: Any) -> None:
        if "done" in tags.values():
            raise RuntimeError("no")
        write(arn, tags, calls)

    monkeypatch.setattr(resource_tags, "tag", fail_at_the_end)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == "SUCCESS"
    assert answer.at("WARNING")[-1]["message"] == "could not write on the task that this request is through"


def test_a_template_cannot_set_the_marks(rig: Rig, cloud: Cloud) -> None:
    create = event("create_fuota_task")
    names = ["fuota-constructs:made-by", f"{MARK}20260921T141320Z.0123456789abcdef", "fuota-constructs:to-delete"]
    create["ResourceProperties"]["Tags"] = [{"key": name, "value": "x"} for name in [*names, "team"]]
    answer = rig.send(create)
    tags = cloud.tags_of(answer.physical_id)
    assert tags["team"] == "x"
    assert tags["fuota-constructs:made-by"] != "x"
    assert not tags.keys() & set(names[1:])
    assert delete(rig, answer.physical_id).status == "SUCCESS"
