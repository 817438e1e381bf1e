"""No deployment ends a session; what it leaves goes with the stack."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import task_service
from lambda_rig import delete, event, update, without
from protocol import ProviderError
from response_sink import DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


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
    assert "deleting a task that was left until the stack goes" in [line["message"] for line in answer.at("INFO")]
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


def start_when_looked_at(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start a task after it has been looked at and before it is deleted."""
    groups = task_service.groups

    def look(task_id: str, calls: Any) -> set[str]:
        found = groups(task_id, calls)
        cloud.start(task_id)
        return found

    monkeypatch.setattr(task_service, "groups", look)


def test_r24_fails_to_delete_a_task_that_somebody_starts_at_this_moment(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    start_when_looked_at(cloud, monkeypatch)
    sink.stack_status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    answer = delete(rig, task_id)
    assert answer.status == "FAILED"
    assert f"FUOTA task {task_id} is in a session, which no deployment ends" in answer.reason
    assert cloud.client.get_fuota_task(Id=task_id)["Status"] == "FuotaSession_Waiting"


def test_r24_nobody_can_start_a_task_that_is_about_to_be_deleted(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    groups: list[set[str]] = []
    monkeypatch.setattr(task_service, "delete_and_wait", lambda *_: groups.append(cloud.groups_of(task_id)))
    sink.stack_status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert delete(rig, task_id).status == "SUCCESS"
    assert groups == [set()]


@pytest.mark.parametrize("operation", ["ListMulticastGroupsByFuotaTask", "DisassociateMulticastGroupFromFuotaTask"])
def test_r24_deleting_takes_no_permission_to_take_groups_off(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, operation: str
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    sink.stack_status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    cloud.fault(operation, "access-denied", seconds=10_000)
    answer = delete(rig, task_id)
    assert answer.status == "SUCCESS"
    assert "could not take the groups off the task before it is deleted" in [
        line["message"] for line in answer.at("WARNING")
    ]
    cloud.heal()
    assert cloud.tasks() == {}


def test_r25_a_leftover_that_somebody_starts_at_this_moment_goes_with_the_stack(
    rig: Rig, cloud: Cloud, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    start_when_looked_at(cloud, monkeypatch)
    assert delete(rig, "Fleet-Task-ABC").status == "SUCCESS"
    assert cloud.client.get_fuota_task(Id=task_id)["Status"] == "FuotaSession_Waiting"
    assert "fuota-constructs:to-delete" in cloud.tags_of(task_id)


def test_r16_fails_without_ending_a_session_that_somebody_began_on_the_new_task_meanwhile(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, old_id = made(MulticastGroupIds=[cloud.group()])

    def start_and_fail(new_id: str, *_: Any) -> None:
        cloud.start(new_id)
        raise ProviderError("too late")

    monkeypatch.setattr("replacement._check_the_record", start_and_fail)
    answer = update(rig, old_id, old, without(old, "Name"))
    assert (answer.status, answer.physical_id) == ("FAILED", old_id)
    (new_id,) = set(cloud.tasks()) - {old_id}
    assert f"the new task {new_id} could not be deleted again: the rollback tries it" in answer.reason
    assert cloud.client.get_fuota_task(Id=new_id)["Status"] == "FuotaSession_Waiting"


def test_r11_fails_without_ending_a_session_that_somebody_began_on_a_task_whose_create_failed(
    rig: Rig, cloud: Cloud, sink: ResponseSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.record = ("", "")
    associate = task_service.associate

    def start_and_fail(task_id: str, *rest: Any) -> None:
        associate(task_id, *rest)
        cloud.start(task_id)
        raise ProviderError("too late")

    monkeypatch.setattr(task_service, "associate", start_and_fail)
    create = event("create_fuota_task")
    properties = {**create["ResourceProperties"], "MulticastGroupIds": [cloud.group()]}
    assert rig.send({**create, "ResourceProperties": properties}).status == "FAILED"
    (task,) = cloud.tasks().values()
    assert task["Status"] == "FuotaSession_Waiting"


def test_r25_fails_until_the_stack_is_deleted_when_somebody_started_what_a_first_deployment_left(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    """Without a resource on record the deletion of the stack would send no Delete that takes the task away."""
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.start(task_id)
    sink.stack_status = "ROLLBACK_IN_PROGRESS"
    for _ in range(3):
        answer = delete(rig, "Fleet-Task-ABC")
        assert answer.status == "FAILED"
    assert f"FUOTA task {task_id} was started while the creation of its stack failed" in answer.reason
    assert "Delete the stack, which deletes the task too, whatever its status" in answer.reason
    sink.stack_status = DELETION
    assert delete(rig, "Fleet-Task-ABC").status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r24_a_denial_that_passes_ends_no_session(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, made: Made
) -> None:
    """A permission that has not spread yet."""
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.start(task_id)
    sink.stack_status = ""
    clock.after(8, lambda: setattr(sink, "stack_status", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert delete(rig, task_id).status == "FAILED"
    assert list(cloud.tasks()) == [task_id]


def test_r24_fails_when_the_time_is_up_while_groups_are_taken_off(
    rig: Rig, cloud: Cloud, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])

    def look(*_: Any) -> None:
        raise ProviderError("the provider's time was up")

    monkeypatch.setattr(task_service, "groups", look)
    assert delete(rig, task_id).status == "FAILED"
    assert list(cloud.tasks()) == [task_id]
