"""Delete: by the physical id alone, twice if need be, and never another's task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import Context, delete, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_rig import Clock, Cloud, Rig

    Made = Callable[..., tuple[dict[str, Any], str]]

INVENTED = "Fleet-MeterUpdate8F0E-1XKQ3ZB0V9F2T"


def test_delete_waits_until_the_task_is_gone_and_its_group_is_free(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    group = cloud.group()
    _, task_id = made(MulticastGroupIds=[group])
    answer = delete(rig, task_id)
    assert (answer.status, answer.physical_id, answer.data) == ("SUCCESS", task_id, {})
    assert clock.slept != []
    with pytest.raises(cloud.client.exceptions.ResourceNotFoundException):
        cloud.client.get_fuota_task(Id=task_id)
    cloud.client.delete_multicast_group(Id=group)


def test_r21_a_task_that_is_gone_is_deleted_successfully_and_again(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    for _ in range(3):
        assert delete(rig, task_id).status == "SUCCESS"
    assert delete(rig, "11111111-2222-4333-8444-555555555555").status == "SUCCESS"


def test_r22_the_marker_of_a_failed_create_is_deleted_without_a_call(rig: Rig, cloud: Cloud, made: Made) -> None:
    made()
    answer = delete(rig, "fuota-constructs:create-failed")
    assert (answer.status, answer.physical_id) == ("SUCCESS", "fuota-constructs:create-failed")
    assert cloud.requests() == []


@pytest.mark.parametrize(
    "physical_id",
    [
        "Fleet-Another-1XKQ3ZB0V9F2T",
        "2026/11/23/[$LATEST]0123456789abcdef",
        "arn:aws:iotwireless:eu-west-1:999999999999:FuotaTask/11111111-2222-4333-8444-555555555555",
        "../wireless-devices/11111111-2222-4333-8444-555555555555",
        "",
    ],
)
def test_r22_an_id_that_is_none_of_a_task_touches_no_other_task(
    rig: Rig, cloud: Cloud, made: Made, physical_id: str
) -> None:
    made()
    answer = delete(rig, physical_id, LogicalResourceId="Another")
    assert answer.status == "SUCCESS"
    assert answer.physical_id == (physical_id or "fuota-constructs:create-failed")
    assert cloud.requests(mutating=True) == []
    assert len(cloud.tasks()) == 1


def test_r23_the_properties_say_nothing_about_what_is_deleted(rig: Rig, cloud: Cloud, made: Made) -> None:
    properties, task_id = made()
    arn = cloud.tasks()[task_id]["Arn"]
    lies = {**properties, "Id": task_id, "Arn": arn, "PhysicalResourceId": task_id}
    assert delete(rig, "11111111-2222-4333-8444-555555555555", ResourceProperties=lies).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


@pytest.mark.parametrize("properties", [{}, {"RedundancyPercent": "lots"}, None])
def test_r23_a_delete_needs_no_properties(rig: Rig, cloud: Cloud, made: Made, properties: Any) -> None:
    _, task_id = made()
    assert delete(rig, task_id, ResourceProperties=properties).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize("bring", ["start", "into_session", "to_done"])
def test_r24_a_task_in_any_status_is_deleted(rig: Rig, cloud: Cloud, made: Made, bring: str) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r24_a_task_that_stays_in_delete_waiting_counts_as_gone(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    _, task_id = made()
    cloud.client.delete_fuota_task(Id=task_id)
    cloud.service.store.of("000000000000", "eu-west-1").all(_task_type())[task_id].gone_time = clock() + 3600
    answer = delete(rig, task_id)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert clock.elapsed <= 300 - 15
    (warning,) = answer.at("WARNING")
    assert warning["message"] == "the task is still being deleted: its multicast groups may not be deletable yet"


def test_r24_fails_when_the_task_is_not_being_deleted_at_all(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    _, task_id = made()
    cloud.fault("DeleteFuotaTask", "not-found")  # a service that says so and keeps the task
    answer = delete(rig, task_id)
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert answer.reason.startswith(f"FUOTA task {task_id} was to be deleted and is still Pending: deploy again")
    assert clock.elapsed <= 300 - 15


def test_r24_fails_with_the_real_id_when_deleting_is_denied(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    cloud.fault("DeleteFuotaTask", "access-denied")
    answer = delete(rig, task_id)
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert answer.reason.startswith("AccessDeniedException: ")


def test_r25_a_task_left_behind_by_a_cancelled_create_is_found_by_its_tags(rig: Rig, cloud: Cloud, made: Made) -> None:
    made()
    other_stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/Other/1"
    others = [
        rig.send(event("create_fuota_task"), LogicalResourceId="Another").physical_id,
        rig.send(event("create_fuota_task"), StackId=other_stack).physical_id,
        cloud.client.create_fuota_task(FirmwareUpdateImage="s3://b/c", FirmwareUpdateRole="r" * 20)["Id"],
    ]
    answer = rig.send(event("delete_of_a_cancelled_create"))
    assert (answer.status, answer.physical_id) == ("SUCCESS", INVENTED)
    assert set(cloud.tasks()) == set(others)
    assert "deleting a task that a cut-off Create left behind" in [line["message"] for line in answer.at("WARNING")]


@pytest.mark.parametrize("kept", ["old", "in a session"])
def test_r25_a_task_that_its_removal_policy_kept_is_left_alone(
    rig: Rig, cloud: Cloud, made: Made, clock: Clock, kept: str
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    if kept == "old":
        clock.time += 3601
    else:
        cloud.into_session(task_id)
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert set(cloud.tasks()) == {task_id}


def test_r25_a_create_that_is_still_running_is_waited_for(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    properties = event("create_fuota_task")["ResourceProperties"]

    def late_create() -> None:
        cloud.client.create_fuota_task(
            FirmwareUpdateImage=properties["FirmwareUpdateImage"],
            FirmwareUpdateRole=properties["FirmwareUpdateRole"],
            Tags=[
                {"Key": "fuota-constructs:stack-id", "Value": event("create_fuota_task")["StackId"]},
                {"Key": "fuota-constructs:logical-id", "Value": "MeterUpdate8F0E"},
            ],
        )

    clock.after(15, late_create)
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r25_looking_for_what_does_not_exist_ends_after_30_seconds(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert clock.elapsed <= 30
    assert cloud.requests(mutating=True) == []


@pytest.mark.parametrize("operation", ["ListFuotaTasks", "ListTagsForResource"])
def test_r25_not_being_able_to_look_does_not_block_the_stack(
    rig: Rig, cloud: Cloud, made: Made, operation: str
) -> None:
    made()
    cloud.fault(operation, "access-denied")
    answer = rig.send(event("delete_of_a_cancelled_create"))
    assert answer.status == "SUCCESS"
    (warning,) = answer.at("WARNING")
    assert "AccessDeniedException" in warning["cause"]


def test_r25_a_task_that_another_stack_deletes_meanwhile_is_passed_over(rig: Rig, cloud: Cloud, made: Made) -> None:
    made()
    cloud.fault("ListTagsForResource", "not-found")
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert cloud.tasks() == {}, "found at the second look"


def test_r25_running_out_of_time_while_looking_does_not_block_the_stack(rig: Rig, cloud: Cloud, made: Made) -> None:
    made()
    answer = rig.send(event("delete_of_a_cancelled_create"), context=Context(milliseconds=40_000))
    assert answer.status == "SUCCESS"
    (warning,) = answer.at("WARNING")
    assert warning["cause"] == "the provider's time was up while looking at the tags of all FUOTA tasks: deploy again"


def test_r25_many_tasks_are_looked_at_page_by_page(
    rig: Rig, cloud: Cloud, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        cloud.client.create_fuota_task(FirmwareUpdateImage="s3://b/c", FirmwareUpdateRole="r" * 20)
    made()
    monkeypatch.setattr("task_service.PAGE_SIZE", 2)
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert len(cloud.tasks()) == 3


def _task_type() -> Any:
    from fuota_constructs.local.iotwireless.store import FuotaTask

    return FuotaTask
