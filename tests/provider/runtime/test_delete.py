"""Delete: by the physical id alone, twice if need be, and never another's task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import delete
from response_sink import DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


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
def test_r24_a_task_in_any_status_is_deleted_with_its_stack(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, bring: str
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    sink.stack_status = DELETION
    assert delete(rig, task_id).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize("bring", ["start", "into_session", "to_done"])
def test_r24_a_task_in_any_status_is_deleted_where_the_stack_may_not_be_read(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made, bring: str
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    sink.stack_status = ""
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


def test_r24_fails_with_the_real_id_when_deleting_is_denied(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    _, task_id = made()
    cloud.fault("DeleteFuotaTask", "access-denied", seconds=1000)
    answer = delete(rig, task_id)
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert answer.reason.startswith("AccessDeniedException: ")
    assert clock.slept == [5, 10, 15]


def test_r24_a_permission_that_a_rollback_gave_back_is_waited_for(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    _, task_id = made()
    cloud.fault("DeleteFuotaTask", "access-denied", seconds=12)
    assert delete(rig, task_id).status == "SUCCESS"
    assert clock.slept[:2] == [5, 10]


def test_r24_deleting_takes_no_permission_to_read_tags(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    cloud.fault("ListTagsForResource", "access-denied", seconds=1000)
    answer = delete(rig, task_id)
    assert answer.status == "SUCCESS"
    assert "could not read the tags of the task" in [line["message"] for line in answer.at("WARNING")]
    assert cloud.tasks() == {}


def test_r24_fails_when_the_tags_cannot_be_read_right_now(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    cloud.fault("ListTagsForResource", "validation-error")
    assert delete(rig, task_id).status == "FAILED"
    assert list(cloud.tasks()) == [task_id]


def _task_type() -> Any:
    from fuota_constructs.local.iotwireless.store import FuotaTask

    return FuotaTask
