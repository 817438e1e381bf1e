"""A new task in the place of another: none is lost, none is left, whoever is cut off."""
# ruff: noqa: PLR0917 - fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import leftovers
import pytest
import task_service
from lambda_rig import delete, event, update, without
from protocol import ProviderError
from response_sink import DELETION

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_rig import Clock, Cloud, Rig
    from response_sink import ResponseSink

    Made = Callable[..., tuple[dict[str, Any], str]]


def cut_off_after_the_create(monkeypatch: pytest.MonkeyPatch) -> None:
    """End the handler where the new task is made, as a crash would: nothing is answered, nothing is cleared up."""

    def crash(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr("new_task._await_visible", crash)


def replace_and_crash(rig: Rig, task_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """A replacing Update that is cut off when its new task is made."""
    with pytest.MonkeyPatch.context() as patch:
        cut_off_after_the_create(patch)
        update(rig, task_id, old, new)


def test_r16_the_rollback_finds_what_a_cut_off_update_made(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    old, task_id = made()
    new = without(old, "Name")
    replace_and_crash(rig, task_id, old, new)
    assert len(cloud.tasks()) == 2
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert "deleting a task that a cut-off request left behind" in [line["message"] for line in answer.at("WARNING")]
    assert list(cloud.tasks()) == [task_id]
    assert "fuota-constructs:replaced-by" not in cloud.tags_of(task_id)


def test_r16_the_rollback_waits_for_what_cannot_be_read_yet(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    old, task_id = made()
    replace_and_crash(rig, task_id, old, without(old, "Name"))
    (new_id,) = set(cloud.tasks()) - {task_id}
    hidden = task_service.every_task

    def every_task(calls: Any) -> Any:
        return ((each, arn) for each, arn in hidden(calls) if each != new_id or clock.elapsed > 30)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_service, "every_task", every_task)
        assert update(rig, task_id, without(old, "Name"), old).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r16_fails_when_what_was_left_cannot_be_looked_for_and_is_found_by_the_next(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    old, task_id = made()
    replace_and_crash(rig, task_id, old, without(old, "Name"))
    cloud.fault("ListFuotaTasks", "validation-error", seconds=100)
    assert update(rig, task_id, without(old, "Name"), old).status == "FAILED"
    cloud.heal()
    assert update(rig, task_id, without(old, "Name"), old).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r16_what_somebody_started_meanwhile_is_left_until_the_stack_goes(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, task_id = made()
    replace_and_crash(rig, task_id, old, without(old, "Name"))
    (new_id,) = set(cloud.tasks()) - {task_id}
    group = cloud.group()
    cloud.client.associate_multicast_group_with_fuota_task(Id=new_id, MulticastGroupId=group)
    cloud.into_session(new_id)
    assert update(rig, task_id, without(old, "Name"), old).status == "SUCCESS"
    assert set(cloud.tasks()) == {task_id, new_id}
    sink.stack_status, sink.record = DELETION, (task_id, "DELETE_IN_PROGRESS")
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r16_the_end_of_the_stack_finds_what_a_cut_off_update_made(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    """Without a rollback no other Update comes."""
    old, task_id = made()
    replace_and_crash(rig, task_id, old, without(old, "Name"))
    sink.stack_status, sink.record = DELETION, (task_id, "DELETE_IN_PROGRESS")
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r15_the_cleanup_after_a_replacement_leaves_the_new_task(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, old_id = made()
    new_id = update(rig, old_id, old, without(old, "Name")).physical_id
    assert delete(rig, old_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [new_id]


def test_r16_fails_without_deleting_the_new_task_when_the_event_comes_again_and_fails(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    old, old_id = made()
    new = {**without(old, "Name"), "MulticastGroupIds": [cloud.group()]}
    new_id = update(rig, old_id, old, new, RequestId="replacing").physical_id
    cloud.fault("ListMulticastGroupsByFuotaTask", "validation-error", times=2)
    again = update(rig, old_id, old, new, RequestId="replacing")
    assert (again.status, again.physical_id) == ("FAILED", old_id)
    assert set(cloud.tasks()) == {old_id, new_id}


def test_r16_fails_without_leaving_a_task_when_the_event_comes_again_after_the_rollback(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    old, old_id = made()
    new = without(old, "Name")
    first = update(rig, old_id, old, new, RequestId="replacing")
    sink.record = (old_id, "UPDATE_ROLLBACK_COMPLETE")
    assert delete(rig, first.physical_id).status == "SUCCESS"
    clock.time += 20
    again = update(rig, old_id, old, new, RequestId="replacing")
    assert again.status == "FAILED"
    assert list(cloud.tasks()) == [old_id]


def test_r16_fails_without_leaving_a_task_when_the_old_one_was_deleted_with_its_stack_meanwhile(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    import new_task

    old, old_id = made()
    await_visible = new_task._await_visible

    def delete_the_old_one(task_id: str, calls: Any) -> None:
        await_visible(task_id, calls)
        cloud.client.delete_fuota_task(Id=old_id)
        sink.record = ("", "")

    monkeypatch.setattr(new_task, "_await_visible", delete_the_old_one)
    answer = update(rig, old_id, old, without(old, "Name"))
    assert answer.status == "FAILED"
    assert "CloudFormation does not wait for FUOTA task" in answer.reason
    assert "could not be deleted" not in answer.reason
    assert cloud.tasks() == {}


@pytest.mark.parametrize("record", [None, "new", "awaited"])
def test_r15_an_old_task_that_somebody_deleted_meanwhile_does_not_matter(
    rig: Rig,
    cloud: Cloud,
    sink: ResponseSink,
    made: Made,
    monkeypatch: pytest.MonkeyPatch,
    record: str | None,
) -> None:
    import new_task

    old, old_id = made()
    await_visible = new_task._await_visible

    def delete_the_old_one(task_id: str, calls: Any) -> None:
        await_visible(task_id, calls)
        cloud.client.delete_fuota_task(Id=old_id)
        sink.record = {"new": (task_id, "UPDATE_COMPLETE"), "awaited": (old_id, "UPDATE_IN_PROGRESS")}.get(record or "")

    monkeypatch.setattr(new_task, "_await_visible", delete_the_old_one)
    answer = update(rig, old_id, old, without(old, "Name"))
    assert answer.status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]


def gone(cloud: Cloud, clock: Clock, task_id: str) -> None:
    """Delete a task behind CloudFormation's back."""
    cloud.client.delete_fuota_task(Id=task_id)
    clock.time += 60


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (("{id}", "UPDATE_IN_PROGRESS"), "SUCCESS"),
        (("{id}", "UPDATE_COMPLETE"), "FAILED"),
        (("11111111-2222-4333-8444-555555555555", "UPDATE_IN_PROGRESS"), "FAILED"),
        (("{id}", "DELETE_IN_PROGRESS"), "FAILED"),
        (("", ""), "FAILED"),
    ],
)
def test_r18_a_task_that_vanished_is_replaced_while_cloudformation_waits_for_that(
    rig: Rig,
    cloud: Cloud,
    clock: Clock,
    sink: ResponseSink,
    made: Made,
    record: tuple[str, str],
    status: str,
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    sink.record = (record[0].format(id=task_id), record[1])
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == status
    assert len(cloud.tasks()) == (status == "SUCCESS")
    if status == "FAILED":
        assert f"FUOTA task {task_id} does not exist any more, and the stack may have gone on since" in answer.reason


def test_r18_fails_without_making_a_task_when_the_event_is_not_new_and_nothing_else_tells(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    url = rig.sink.signed("late", clock())
    clock.time += 31
    assert update(rig, task_id, old, {**old, "Name": "8"}, ResponseURL=url).status == "FAILED"
    assert cloud.tasks() == {}


def test_r18_what_an_older_request_made_in_its_place_is_deleted(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    replace_and_crash(rig, task_id, old, {**old, "Name": "8"})
    assert len(cloud.tasks()) == 1
    clock.time += 5
    answer = update(rig, task_id, {**old, "Name": "8"}, old)
    assert answer.status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]


def test_r18_what_an_older_request_made_in_its_place_and_somebody_started_goes_with_the_stack(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    replace_and_crash(rig, task_id, old, {**old, "Name": "8"})
    (left_id,) = cloud.tasks()
    cloud.client.associate_multicast_group_with_fuota_task(Id=left_id, MulticastGroupId=cloud.group())
    cloud.start(left_id)
    clock.time += 5
    answer = update(rig, task_id, {**old, "Name": "8"}, old)
    assert answer.status == "SUCCESS"
    assert set(cloud.tasks()) == {left_id, answer.physical_id}
    sink.stack_status = DELETION
    assert delete(rig, answer.physical_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r18_a_task_that_its_removal_policy_kept_is_none_made_in_place_of_the_one_that_is_gone(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, kept_id = made()
    clock.time += 60
    task_id = rig.send(event("create_fuota_task"), RequestId="the same logical id is used again").physical_id
    gone(cloud, clock, task_id)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == "SUCCESS"
    assert set(cloud.tasks()) == {kept_id, answer.physical_id}


def test_r18_fails_without_leaving_a_task_when_the_stack_rolls_back_meanwhile(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback is sent in the same second, and what it makes has no order to what this request made."""
    old, task_id = made()
    gone(cloud, clock, task_id)
    beside = leftovers.beside

    def look(*arguments: Any) -> Any:
        sink.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
        return beside(*arguments)

    sink.stack_status = "UPDATE_IN_PROGRESS"
    monkeypatch.setattr(leftovers, "beside", look)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == "FAILED"
    assert cloud.tasks() == {}
    again = update(rig, task_id, {**old, "Name": "8"}, old)
    assert again.status == "SUCCESS", "what begins in the rollback is the rollback"


def test_r18_what_two_requests_of_the_same_second_made_goes_with_the_stack(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    replace_and_crash(rig, task_id, old, {**old, "Name": "8"})
    answer = update(rig, task_id, {**old, "Name": "8"}, old)
    assert answer.status == "SUCCESS"
    assert len(cloud.tasks()) == 2
    sink.stack_status, sink.record = DELETION, (answer.physical_id, "DELETE_IN_PROGRESS")
    assert delete(rig, answer.physical_id).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize("can_be_read", [True, False])
def test_r18_the_task_on_record_does_not_go_with_the_one_that_it_replaced(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, can_be_read: bool
) -> None:
    """A stack may be deleted between a replacement and its cleanup, and the new task have a policy that keeps it."""
    old, old_id = made()
    new_id = update(rig, old_id, old, without(old, "Name")).physical_id
    sink.stack_status, sink.record = DELETION, (new_id, "DELETE_IN_PROGRESS") if can_be_read else None
    assert delete(rig, old_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [new_id]


def test_r18_fails_without_leaving_a_task_when_cloudformation_has_gone_on_meanwhile(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its rollback made in the same second cannot be told from something older, or be read yet."""
    old, task_id = made()
    gone(cloud, clock, task_id)
    beside = leftovers.beside

    def look(*arguments: Any) -> Any:
        sink.record = ("11111111-2222-4333-8444-555555555555", "UPDATE_COMPLETE")
        return beside(*arguments)

    monkeypatch.setattr(leftovers, "beside", look)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == "FAILED"
    assert cloud.tasks() == {}


def test_r18_fails_without_leaving_a_task_when_a_younger_request_has_made_one(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    late = rig.sink.signed("late", clock())
    clock.time += 5
    younger = update(rig, task_id, {**old, "Name": "8"}, old).physical_id
    answer = update(rig, task_id, old, {**old, "Name": "8"}, ResponseURL=late)
    assert answer.status == "FAILED"
    assert "a younger request has made another task" in answer.reason
    assert list(cloud.tasks()) == [younger]


def test_r18_fails_without_deleting_the_new_task_when_another_delivery_may_have_reported_it(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    cloud.fault("ListFuotaTasks", "validation-error")
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "FAILED"
    cloud.heal()
    assert len(cloud.tasks()) == 1
    clock.time += 5
    assert update(rig, task_id, {**old, "Name": "8"}, old).status == "SUCCESS"
    assert len(cloud.tasks()) == 1


def test_r18_a_task_that_vanishes_while_it_is_looked_at_is_replaced(
    rig: Rig, cloud: Cloud, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, task_id = made()

    def delete_it(*_: Any) -> None:
        cloud.client.delete_fuota_task(Id=task_id)

    monkeypatch.setattr("charge.Charge.take", delete_it)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)


def test_r26_a_replacement_of_a_task_of_an_older_version(rig: Rig, cloud: Cloud, made: Made) -> None:
    create = event("create_fuota_task")
    old, task_id = made()
    arn = cloud.tasks()[task_id]["Arn"]
    cloud.client.untag_resource(ResourceArn=arn, TagKeys=["fuota-constructs:made-by"])
    answer = update(rig, task_id, old, without(old, "Name"))
    assert answer.status == "SUCCESS"
    assert delete(rig, task_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]
    assert cloud.tags_of(answer.physical_id)["fuota-constructs:stack-id"] == create["StackId"]


def test_r26_the_end_of_the_stack_finds_what_an_update_of_an_older_version_left(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    old, task_id = made()
    replace_and_crash(rig, task_id, old, without(old, "Name"))
    (new_id,) = set(cloud.tasks()) - {task_id}
    arn = cloud.tasks()[new_id]["Arn"]
    cloud.client.untag_resource(ResourceArn=arn, TagKeys=["fuota-constructs:in-place-of"])
    sink.stack_status, sink.record = DELETION, (task_id, "DELETE_IN_PROGRESS")
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r16_fails_without_deleting_a_new_task_that_another_delivery_may_have_reported(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    old, old_id = made()
    new_id = update(rig, old_id, old, without(old, "Name"), RequestId="replacing").physical_id

    def fail(*_: Any) -> None:
        raise ProviderError("too late")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("replacement._check_the_record", fail)
        again = update(rig, old_id, old, without(old, "Name"), RequestId="replacing")
    assert (again.status, again.physical_id) == ("FAILED", old_id)
    assert set(cloud.tasks()) == {old_id, new_id}
