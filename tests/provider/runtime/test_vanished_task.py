"""A new task in the place of one that is gone: none is made that nobody waits for, none is left, none is lost."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import leftovers
import pytest
from lambda_rig import delete, event, replace_and_crash, update
from response_sink import DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


def gone(cloud: Cloud, clock: Clock, task_id: str) -> None:
    """Delete a task behind CloudFormation's back."""
    cloud.client.delete_fuota_task(Id=task_id)
    clock.time += 60


def two_in_its_place(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> tuple[str, str]:
    """Let a cut-off Update and its rollback, of the same second, each make a task where one is gone; answers both ids.

    The first is that of the Update, which CloudFormation does not know.
    """
    old, task_id = made()
    gone(cloud, clock, task_id)
    replace_and_crash(rig, task_id, old, {**old, "Name": "8"})
    (unknown_id,) = cloud.tasks()
    answer = update(rig, task_id, {**old, "Name": "8"}, old)
    assert answer.status == "SUCCESS"
    assert len(cloud.tasks()) == 2
    return unknown_id, answer.physical_id


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


@pytest.mark.parametrize(
    ("record", "left"),
    [
        ("11111111-2222-4333-8444-555555555555", 0),  # that of the rollback
        ("{left}", 1),  # the first delivery got its answer through
        ("", 0),  # the resource is no longer in the stack
    ],
)
def test_r18_what_an_earlier_delivery_made_is_deleted_if_cloudformation_has_another(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, record: str, left: int
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    url = sink.signed("twice", clock())
    replace_and_crash(rig, task_id, old, {**old, "Name": "8"}, ResponseURL=url)
    (left_id,) = cloud.tasks()
    clock.time += 60
    sink.record = (record.format(left=left_id), "UPDATE_COMPLETE" if record else "")
    assert update(rig, task_id, old, {**old, "Name": "8"}, ResponseURL=url).status == "FAILED"
    assert len(cloud.tasks()) == left


def test_r18_fails_with_the_reason_where_it_cannot_look_what_an_earlier_delivery_made(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise RuntimeError("no permission to list tasks")

    old, task_id = made()
    gone(cloud, clock, task_id)
    sink.record = ("11111111-2222-4333-8444-555555555555", "UPDATE_COMPLETE")
    monkeypatch.setattr("leftovers.made_by", denied)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == "FAILED"
    assert f"FUOTA task {task_id} does not exist any more" in answer.reason
    assert any("no permission to list tasks" in str(line.get("cause")) for line in answer.lines)


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


def meanwhile(monkeypatch: pytest.MonkeyPatch, sink: ResponseSink, **facts: Any) -> None:
    """Let CloudFormation go on while the function looks for what was left beside its task."""
    beside = leftovers.beside

    def look(*arguments: Any) -> Any:
        vars(sink).update(facts)
        return beside(*arguments)

    monkeypatch.setattr(leftovers, "beside", look)


def test_r18_fails_without_leaving_a_task_when_the_stack_rolls_back_meanwhile(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback is sent in the same second, and what it makes has no order to what this request made."""
    old, task_id = made()
    gone(cloud, clock, task_id)
    sink.stack_status = "UPDATE_IN_PROGRESS"
    meanwhile(monkeypatch, sink, stack_status="UPDATE_ROLLBACK_IN_PROGRESS")
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert answer.status == "FAILED"
    assert cloud.tasks() == {}
    again = update(rig, task_id, {**old, "Name": "8"}, old)
    assert again.status == "SUCCESS", "what begins in the rollback is the rollback"


def test_r18_what_two_requests_of_the_same_second_made_goes_with_the_stack(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    _, new_id = two_in_its_place(rig, cloud, clock, made)
    sink.stack_status, sink.record = DELETION, (new_id, "DELETE_IN_PROGRESS")
    assert delete(rig, new_id).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize(
    ("record", "left"),
    [
        (("11111111-2222-4333-8444-555555555555", "UPDATE_COMPLETE"), 0),  # this one has been replaced
        (("{id}", "DELETE_IN_PROGRESS"), 0),  # the resource is no longer in the template
        (("{other}", "UPDATE_COMPLETE"), 1),
        (("11111111-2222-4333-8444-555555555555", "UPDATE_IN_PROGRESS"), 1),  # an Update may answer with it
    ],
)
def test_r18_what_was_made_in_the_same_place_goes_with_the_one_that_cloudformation_knows(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, record: tuple[str, str], left: int
) -> None:
    other, new_id = two_in_its_place(rig, cloud, clock, made)
    sink.record = (record[0].format(id=new_id, other=other), record[1])
    assert delete(rig, new_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [other] * left


def test_r18_what_was_made_in_the_same_place_and_somebody_started_goes_with_the_stack(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    other, new_id = two_in_its_place(rig, cloud, clock, made)
    cloud.client.associate_multicast_group_with_fuota_task(Id=other, MulticastGroupId=cloud.group())
    cloud.start(other)
    sink.record = ("11111111-2222-4333-8444-555555555555", "UPDATE_COMPLETE")
    assert delete(rig, new_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [other]
    sink.stack_status = DELETION
    assert delete(rig, "11111111-2222-4333-8444-555555555555").status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r18_what_gets_on_record_while_a_delete_looks_for_what_was_made_in_the_same_place_stays(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, new_id = two_in_its_place(rig, cloud, clock, made)
    sink.record = (new_id, "UPDATE_COMPLETE")
    found = leftovers.Search.of_the_resource

    def look(search: leftovers.Search) -> list[leftovers.Owned]:
        tasks = found(search)
        sink.record = (other, "UPDATE_COMPLETE")
        return tasks

    monkeypatch.setattr(leftovers.Search, "of_the_resource", look)
    assert delete(rig, new_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [other]


def test_r18_a_delete_succeeds_though_it_cannot_look_for_what_was_made_in_the_same_place(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    old, task_id = made()
    gone(cloud, clock, task_id)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    sink.record = ("11111111-2222-4333-8444-555555555555", "UPDATE_COMPLETE")
    cloud.fault("ListFuotaTasks", "validation-error", seconds=100)
    answer = delete(rig, answer.physical_id)
    cloud.heal()
    assert answer.status == "SUCCESS"
    assert cloud.tasks() == {}
    assert "could not look for tasks that a cut-off Update may have left behind" in [
        line["message"] for line in answer.at("WARNING")
    ]


def test_r18_fails_without_leaving_a_task_when_cloudformation_has_gone_on_meanwhile(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its rollback made in the same second cannot be told from something older, or be read yet."""
    old, task_id = made()
    gone(cloud, clock, task_id)
    meanwhile(monkeypatch, sink, record=("11111111-2222-4333-8444-555555555555", "UPDATE_COMPLETE"))
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


def test_r18_a_task_that_vanished_is_replaced(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    old, task_id = made()
    cloud.client.delete_fuota_task(Id=task_id)
    clock.time += 60
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)
    assert list(cloud.tasks()) == [answer.physical_id]
    assert "the task is gone: a new one takes its place" in [line["message"] for line in answer.at("WARNING")]


def test_r18_a_task_that_is_being_deleted_is_replaced(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    cloud.client.delete_fuota_task(Id=task_id)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)


def test_r18_an_id_that_is_none_of_a_task_is_replaced(rig: Rig, cloud: Cloud) -> None:
    properties = event("create_fuota_task")["ResourceProperties"]
    answer = update(rig, "fuota-constructs:create-failed", properties, properties)
    assert answer.status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]
