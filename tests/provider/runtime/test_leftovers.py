"""What cut-off requests leave is found and deleted, and nothing else is."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lambda_rig import Context, delete, event, update
from response_sink import DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud


INVENTED = "Fleet-MeterUpdate8F0E-1XKQ3ZB0V9F2T"


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
    assert "deleting a task that a cut-off request left behind" in [line["message"] for line in answer.at("WARNING")]


@pytest.mark.parametrize("kept", ["old", "in a session"])
def test_r25_a_task_that_its_removal_policy_kept_is_left_alone(
    rig: Rig, cloud: Cloud, made: Made, clock: Clock, kept: str
) -> None:
    _, task_id = made(MulticastGroupIds=[cloud.group()])
    if kept == "old":
        clock.time += 7 * 24 * 3600 + 1
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


def test_r25_looking_for_what_does_not_exist_ends_when_no_create_can_make_anything_any_more(
    rig: Rig, cloud: Cloud, clock: Clock
) -> None:
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert clock.elapsed == 130
    assert cloud.requests(mutating=True) == []


def test_r25_looking_ends_sooner_where_the_create_sees_that_nobody_waits(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink
) -> None:
    sink.record = (INVENTED, "DELETE_IN_PROGRESS")
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert clock.elapsed == 50


def test_r25_a_late_look_still_takes_20_seconds(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    url = rig.url(event("delete_of_a_cancelled_create"))
    clock.time += 200
    assert rig.send(event("delete_of_a_cancelled_create"), ResponseURL=url).status == "SUCCESS"
    assert clock.elapsed == 220


def test_r25_the_task_on_record_is_no_leftover(rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made) -> None:
    """Without a rollback, CloudFormation may make the new task before it deletes what a cut-off Create left."""
    _, task_id = made()
    sink.record = (task_id, "CREATE_COMPLETE")
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r25_a_task_of_a_younger_create_is_no_leftover(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    late = rig.url(event("delete_of_a_cancelled_create"))
    clock.time += 60
    _, task_id = made()
    assert rig.send(event("delete_of_a_cancelled_create"), ResponseURL=late).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r25_a_task_that_an_update_has_changed_is_no_leftover(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "SUCCESS"
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r25_a_task_of_an_older_version_of_this_library_is_found(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    arn = cloud.tasks()[task_id]["Arn"]
    cloud.client.untag_resource(ResourceArn=arn, TagKeys=["fuota-constructs:made-by"])
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r25_a_leftover_that_is_being_deleted_already_is_waited_for(rig: Rig, cloud: Cloud, made: Made) -> None:
    group = cloud.group()
    _, task_id = made(MulticastGroupIds=[group])
    cloud.client.delete_fuota_task(Id=task_id)
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    cloud.client.delete_multicast_group(Id=group)


def test_r25_a_leftover_that_somebody_started_goes_with_the_stack(
    rig: Rig, cloud: Cloud, sink: ResponseSink, made: Made
) -> None:
    _, kept = made(MulticastGroupIds=[cloud.group()])
    cloud.into_session(kept)
    other = rig.send(event("create_fuota_task"), LogicalResourceId="Another", RequestId="another").physical_id
    answer = rig.send(event("delete_of_a_cancelled_create"))
    assert answer.status == "SUCCESS"
    assert set(cloud.tasks()) == {kept, other}
    assert "is started: it goes with the stack" in answer.at("WARNING")[-1]["message"]
    sink.stack_status = DELETION
    assert delete(rig, other, LogicalResourceId="Another").status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize("fault", ["access-denied", "throttle", "internal-error"])
@pytest.mark.parametrize("operation", ["ListFuotaTasks", "ListTagsForResource"])
def test_r25_not_being_able_to_look_does_not_block_the_stack(
    rig: Rig, cloud: Cloud, made: Made, impatient_boto3: None, operation: str, fault: str
) -> None:
    made()
    cloud.fault(operation, fault, seconds=10_000)
    answer = rig.send(event("delete_of_a_cancelled_create"))
    assert answer.status == "SUCCESS"
    warning = answer.at("WARNING")[-1]
    assert warning["message"] == "could not look for tasks that a cut-off Create may have left behind"
    assert "Exception" in warning["cause"]


@pytest.mark.parametrize("fault", ["throttle", "internal-error", "access-denied"])
def test_r25_looking_goes_on_after_a_failure(
    rig: Rig, cloud: Cloud, made: Made, impatient_boto3: None, fault: str
) -> None:
    made()
    cloud.fault("ListFuotaTasks", fault, times=6)
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize(("fault", "status"), [("access-denied", "SUCCESS"), ("internal-error", "FAILED")])
def test_r25_what_a_create_did_not_know_is_looked_for_until_that_is_possible_or_denied(
    rig: Rig, cloud: Cloud, impatient_boto3: None, fault: str, status: str
) -> None:
    cloud.fault("CreateFuotaTask", "lost-answer", times=20)
    unknown = rig.send(event("create_fuota_task")).physical_id
    cloud.heal()
    cloud.fault("ListFuotaTasks", fault, seconds=10_000)
    assert delete(rig, unknown).status == status
    cloud.heal()
    assert delete(rig, unknown).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r25_what_a_create_did_not_know_is_told_from_what_others_made(
    rig: Rig, cloud: Cloud, impatient_boto3: None
) -> None:
    cloud.fault("CreateFuotaTask", "internal-error", times=20)
    unknown = rig.send(event("create_fuota_task")).physical_id
    cloud.heal()
    made_since = rig.send(event("create_fuota_task"), RequestId="once more").physical_id
    assert delete(rig, unknown).status == "SUCCESS"
    assert list(cloud.tasks()) == [made_since]


@pytest.mark.parametrize("operation", ["ListTagsForResource", "GetFuotaTask"])
def test_r25_a_task_that_another_stack_deletes_meanwhile_is_passed_over(
    rig: Rig, cloud: Cloud, made: Made, operation: str
) -> None:
    made()
    cloud.fault(operation, "not-found", times=1)
    assert rig.send(event("delete_of_a_cancelled_create")).status == "SUCCESS"
    assert cloud.tasks() == {}, "found at the second look"


def test_r25_running_out_of_time_while_looking_does_not_block_the_stack(rig: Rig, cloud: Cloud, made: Made) -> None:
    made()
    answer = rig.send(event("delete_of_a_cancelled_create"), context=Context(milliseconds=40_000))
    assert answer.status == "SUCCESS"
    warning = answer.at("WARNING")[-1]
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


def test_r25_a_task_without_any_tag_is_of_nobody_yet(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    arn = cloud.tasks()[task_id]["Arn"]
    cloud.client.untag_resource(ResourceArn=arn, TagKeys=list(cloud.tags_of(task_id)))
    assert delete(rig, "Fleet-Task-ABC").status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_r25_the_tags_of_a_task_of_another_stack_are_read_once(rig: Rig, cloud: Cloud, made: Made) -> None:
    _, task_id = made()
    other = {"Key": "fuota-constructs:stack-id", "Value": "arn:aws:cloudformation:eu-west-1:123456789012:stack/Other/1"}
    cloud.client.tag_resource(ResourceArn=cloud.tasks()[task_id]["Arn"], Tags=[other])
    cloud.forget_requests()
    assert delete(rig, "Fleet-Task-ABC").status == "SUCCESS"
    assert cloud.requests().count("ListFuotaTasks") > 1
    assert cloud.requests().count("ListTagsForResource") == 1
    assert list(cloud.tasks()) == [task_id]
