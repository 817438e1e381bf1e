"""No deployment ends a session; what it leaves goes with the stack."""
# ruff: noqa: PLR0917 - fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import DELETION, delete, event, update, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_rig import Cloud, ResponseSink, Rig

    Made = Callable[..., tuple[dict[str, Any], str]]

DEPLOYMENTS = [
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
]
IN_SESSION = ["start", "into_session"]


@pytest.fixture
def replaced(rig: Rig, cloud: Cloud, made: Made) -> tuple[str, str]:
    """A task with a group, and the one that took its place."""
    old, old_id = made(MulticastGroupIds=[cloud.group()])
    answer = update(rig, old_id, old, without(old, "Name"))
    assert answer.status == "SUCCESS", answer.reason
    return old_id, answer.physical_id


@pytest.mark.parametrize("bring", IN_SESSION)
@pytest.mark.parametrize("status", DEPLOYMENTS)
def test_r24_fails_to_delete_a_task_in_its_session_for_a_deployment(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, bring: str, status: str
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    sink.stack_status = status
    for _ in range(3):  # so often CloudFormation asks in its cleanup
        answer = delete(rig, task_id)
        assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert answer.reason.startswith(f"FUOTA task {task_id} is in a session, which no deployment ends. ")
    assert "CloudFormation asks three times and goes on without it; it is deleted with the stack" in answer.reason
    assert f"aws iotwireless delete-fuota-task --id {task_id} when its session is over" in answer.reason
    assert list(cloud.tasks()) == [task_id]


def test_r24_a_task_that_is_done_is_deleted_for_a_deployment(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.to_done(task_id)
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize("side", [0, 1], ids=["the one that was replaced", "the one that a rollback deletes"])
def test_r24_tags_tell_of_a_deployment_where_the_stack_may_not_be_read(
    rig: Rig, cloud: Cloud, sink: ResponseSink, replaced: tuple[str, str], side: int
) -> None:
    cloud.start(replaced[side])
    sink.stack_status = ""
    assert delete(rig, replaced[side]).status == "FAILED"
    assert set(cloud.tasks()) == set(replaced)


@pytest.mark.parametrize("side", [0, 1])
def test_r24_a_task_whose_partner_is_gone_or_left_is_deleted_where_the_stack_may_not_be_read(
    rig: Rig, cloud: Cloud, sink: ResponseSink, replaced: tuple[str, str], side: int
) -> None:
    cloud.start(replaced[side])
    sink.stack_status = ""
    cloud.client.delete_fuota_task(Id=replaced[1 - side])
    assert delete(rig, replaced[side]).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r24_a_task_that_may_neither_ask_for_the_stack_nor_for_others_is_deleted(
    rig: Rig, cloud: Cloud, sink: ResponseSink, replaced: tuple[str, str]
) -> None:
    cloud.start(replaced[0])
    sink.stack_status = ""
    cloud.fault("ListFuotaTasks", "access-denied", seconds=10_000)
    answer = delete(rig, replaced[0])
    assert answer.status == "SUCCESS"
    assert "could not look for other tasks of the resource" in [line["message"] for line in answer.at("WARNING")]


@pytest.mark.parametrize("asked", ["stack", "tasks"])
def test_r24_fails_for_another_attempt_when_it_cannot_be_told_right_now(
    rig: Rig, cloud: Cloud, sink: ResponseSink, replaced: tuple[str, str], impatient_boto3: None, asked: str
) -> None:
    cloud.start(replaced[0])
    sink.stack_status = "broken" if asked == "stack" else ""
    if asked == "tasks":
        cloud.fault("ListFuotaTasks", "internal-error", seconds=10_000)
    assert delete(rig, replaced[0]).status == "FAILED"
    cloud.heal()
    assert set(cloud.tasks()) == set(replaced)


def test_r24_what_a_session_kept_goes_with_the_stack_and_frees_its_group(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    group = cloud.group()
    old, old_id = made(MulticastGroupIds=[group])
    new_id = update(rig, old_id, old, without(old, "Name")).physical_id
    cloud.into_session(old_id)
    assert delete(rig, old_id).status == "FAILED"
    sink.stack_status = DELETION
    answer = delete(rig, new_id)
    assert answer.status == "SUCCESS"
    assert "deleting a task that was left in its session" in [line["message"] for line in answer.at("INFO")]
    assert cloud.tasks() == {}
    cloud.client.delete_multicast_group(Id=group)


def test_r24_what_a_session_kept_goes_with_the_stack_even_if_the_task_on_record_is_gone(
    rig: Rig, cloud: Cloud, sink: ResponseSink, replaced: tuple[str, str]
) -> None:
    cloud.into_session(replaced[0])
    assert delete(rig, replaced[0]).status == "FAILED"
    cloud.client.delete_fuota_task(Id=replaced[1])
    cloud.clock.time += 60
    sink.stack_status = DELETION
    assert delete(rig, replaced[1]).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r24_what_others_keep_does_not_go_with_the_stack(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    _, task_id = made()
    other_stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/Other/1"
    foreign = rig.send(event("create_fuota_task"), StackId=other_stack, RequestId="other").physical_id
    cloud.client.tag_resource(
        ResourceArn=cloud.tasks()[foreign]["Arn"], Tags=[{"Key": "fuota-constructs:to-delete", "Value": ""}]
    )
    sink.stack_status = DELETION
    assert delete(rig, task_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [foreign]


def test_r24_a_stack_that_cannot_be_read_does_not_keep_a_task_that_is_in_no_session(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, impatient_boto3: None
) -> None:
    _, task_id = made()
    sink.stack_status = "broken"
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}
