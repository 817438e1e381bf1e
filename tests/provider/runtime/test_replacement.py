"""A new task in the place of another: when one is made, and that none is lost or left when that fails."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import delete, event, update, without
from protocol import ProviderError
from response_sink import DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


def test_r15_a_task_that_is_done_is_replaced(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.to_done(task_id)
    before = cloud.tasks()[task_id]
    answer = update(rig, task_id, old, {**old, "RedundancyPercent": "50"})
    assert answer.status == "SUCCESS", answer.reason
    assert answer.physical_id != task_id
    tasks = cloud.tasks()
    assert (tasks[answer.physical_id]["RedundancyPercent"], tasks[answer.physical_id]["Status"]) == (50, "Pending")
    assert cloud.groups_of(answer.physical_id) == set(old["MulticastGroupIds"])
    assert without(tasks[task_id], "ResponseMetadata") == without(before, "ResponseMetadata"), "CloudFormation deletes"
    assert delete(rig, task_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]


def test_r15_new_groups_replace_a_task_that_is_done(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.to_done(task_id)
    answer = update(rig, task_id, old, {**old, "MulticastGroupIds": [cloud.group()]})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)


def test_r15_the_same_replacing_event_twice_makes_one_task(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    new = without(old, "RedundancyPercent")
    first, second = (update(rig, task_id, old, new, RequestId="again") for _ in range(2))
    assert (first.status, second.status) == ("SUCCESS", "SUCCESS")
    assert first.physical_id == second.physical_id
    assert len(cloud.tasks()) == 2


def test_r16_fails_without_leaving_a_new_task_when_it_cannot_be_completed(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    new = {**without(old, "Name"), "MulticastGroupIds": ["no-such-group"]}
    answer = update(rig, task_id, old, new)
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert list(cloud.tasks()) == [task_id]


def test_r16_fails_naming_the_new_task_when_it_cannot_be_deleted_again(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    cloud.fault("DeleteFuotaTask", "access-denied", message="no, with an explicit deny in a policy", times=1)
    answer = update(rig, task_id, old, {**without(old, "Name"), "MulticastGroupIds": ["no-such-group"]})
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    (left,) = set(cloud.tasks()) - {task_id}
    assert f"the new task {left} could not be deleted again: the rollback tries it" in answer.reason
    assert update(rig, task_id, without(old, "Name"), old).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r16_fails_saying_so_when_a_new_task_may_exist(
    rig: Rig, cloud: Cloud, made: Made, impatient_boto3: None
) -> None:
    old, task_id = made()
    cloud.fault("CreateFuotaTask", "internal-error", times=20)
    answer = update(rig, task_id, old, without(old, "Name"))
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert "whether a new task was made is unknown: the rollback looks for it" in answer.reason


def test_r16_fails_plainly_when_a_new_task_is_refused(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    answer = update(rig, task_id, old, {**without(old, "Name"), "RedundancyPercent": "101"})
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert "new task" not in answer.reason


@pytest.mark.parametrize(
    "name", ["Name", "Description", "RedundancyPercent", "FragmentSizeBytes", "FragmentIntervalMS", "Descriptor"]
)
def test_r20_an_optional_property_that_is_removed_makes_a_new_task(
    rig: Rig, cloud: Cloud, made: Made, name: str
) -> None:
    old, task_id = made()
    answer = update(rig, task_id, old, without(old, name))
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)
    assert name not in cloud.tasks()[answer.physical_id]
    assert delete(rig, task_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]


def test_r20_a_task_that_is_done_is_replaced_when_a_property_is_removed(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.to_done(task_id)
    answer = update(rig, task_id, old, without(old, "Descriptor"))
    assert "Descriptor" not in cloud.tasks()[answer.physical_id]


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
