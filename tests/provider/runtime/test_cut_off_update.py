"""What an Update made that was cut off before it answered: the rollback finds it, or the end of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import task_service
from lambda_rig import delete, replace_and_crash, update, without
from response_sink import DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


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
