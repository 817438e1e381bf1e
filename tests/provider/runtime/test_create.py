"""Create: one task, whole or not at all."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import Context, delete, event, update, without

if TYPE_CHECKING:
    from lambda_rig import Clock, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud

CREATE_FAILED = "fuota-constructs:create-failed"
CREATE_OUTCOME_UNKNOWN = "fuota-constructs:create-outcome-unknown"


def test_create_makes_the_task_with_every_parameter(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    task = cloud.client.get_fuota_task(Id=answer.physical_id)
    assert answer.data == {"Arn": task["Arn"], "Id": answer.physical_id}
    assert {name: task[name] for name in ("Name", "Description", "FirmwareUpdateImage", "FirmwareUpdateRole")} == {
        "Name": "007",
        "Description": "meters, spring",
        "FirmwareUpdateImage": "s3://fleet-firmware/firmware/9f86d081884c7d65/meter.bin",
        "FirmwareUpdateRole": "arn:aws:iam::123456789012:role/Fleet-FirmwareUpdateRole-1A2B3C",
    }
    assert (task["RedundancyPercent"], task["FragmentSizeBytes"], task["FragmentIntervalMS"]) == (20, 48, 3000)
    assert (task["Descriptor"], task["LoRaWAN"]["RfRegion"]) == ("AQIDBA==", "EU868")
    tags = cloud.tags_of(answer.physical_id)
    assert re.fullmatch("[0-9a-f]{16}", tags.pop("fuota-constructs:fields"))
    assert re.fullmatch(r"20260921T141320Z\.[0-9a-f]{16}", tags.pop("fuota-constructs:made-by"))
    assert tags == {
        "team": "metering",
        "fuota-constructs:stack-id": create["StackId"],
        "fuota-constructs:logical-id": "MeterUpdate8F0E",
    }
    assert cloud.requests()[0] == "CreateFuotaTask"


def test_create_with_nothing_optional(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    required = ("FirmwareUpdateImage", "FirmwareUpdateRole")
    properties = {name: create["ResourceProperties"][name] for name in required}
    answer = rig.send(create, ResourceProperties=properties)
    assert answer.status == "SUCCESS", answer.reason
    assert "RedundancyPercent" not in cloud.client.get_fuota_task(Id=answer.physical_id)


def test_create_associates_every_group_once(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    groups = [cloud.group() for _ in range(3)]
    create["ResourceProperties"]["MulticastGroupIds"] = [*groups, groups[0]]
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert cloud.groups_of(answer.physical_id) == set(groups)
    assert cloud.requests().count("AssociateMulticastGroupWithFuotaTask") == 3


def test_create_associates_every_device(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    devices = [cloud.device() for _ in range(3)]
    del create["ResourceProperties"]["FragmentSizeBytes"]
    create["ResourceProperties"]["WirelessDeviceIds"] = devices
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert cloud.devices_of(answer.physical_id) == set(devices)


def test_r08_the_same_event_twice_makes_one_task(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    first, second = rig.send(create), rig.send(create)
    assert first.physical_id == second.physical_id
    assert (first.status, second.status) == ("SUCCESS", "SUCCESS")
    assert len(cloud.tasks()) == 1


def test_r08_an_event_cut_off_halfway_is_completed_when_it_comes_again(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    groups = [cloud.group(), cloud.group()]
    create["ResourceProperties"]["MulticastGroupIds"] = groups
    task_id = rig.send(create).physical_id
    cloud.client.disassociate_multicast_group_from_fuota_task(Id=task_id, MulticastGroupId=groups[1])
    assert rig.send(create).physical_id == task_id
    assert cloud.groups_of(task_id) == set(groups)


@pytest.mark.parametrize("seconds_ago", [0, 3600])
def test_r08_fails_when_the_task_of_the_event_was_deleted_since(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any], seconds_ago: int
) -> None:
    create["ResourceProperties"]["ServiceTimeout"] = "3600"
    create["ResponseURL"] = url = rig.sink.signed("once")  # which does not say when
    first = rig.send(create, ResponseURL=url).physical_id
    cloud.client.delete_fuota_task(Id=first)
    clock.time += seconds_ago
    again = rig.send(create, ResponseURL=url)
    assert (again.status, again.physical_id) == ("FAILED", first)
    assert ("made by this request before and deleted since" in again.reason) is (seconds_ago == 0)
    assert cloud.tasks() == {}


def test_r08_a_repeated_deployment_with_the_same_request_id_makes_another_task(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    first = rig.send(create, ResponseURL=rig.sink.signed("one", clock()))
    cloud.client.delete_fuota_task(Id=first.physical_id)
    second = rig.send(create, ResponseURL=rig.sink.signed("two", clock()))
    assert (second.status, second.reason) == ("SUCCESS", "")
    assert list(cloud.tasks()) == [second.physical_id]


def test_r08_an_event_that_comes_again_after_an_update_changes_nothing(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    task_id = rig.send(create).physical_id
    clock.time += 30
    old = create["ResourceProperties"]
    group = cloud.group()
    assert update(rig, task_id, old, {**old, "MulticastGroupIds": [group]}).status == "SUCCESS"
    cloud.forget_requests()
    again = rig.send(create)
    assert (again.status, again.physical_id) == ("FAILED", task_id)
    assert "a younger request of CloudFormation is in charge of" in again.reason
    assert cloud.requests(mutating=True) == ["CreateFuotaTask"], "which gives the task there is"
    assert list(cloud.tasks()) == [task_id]
    assert cloud.groups_of(task_id) == {group}


def test_r08_fails_without_deleting_the_task_when_the_event_comes_again_and_fails(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    task_id = rig.send(create).physical_id
    cloud.fault("ListMulticastGroupsByFuotaTask", "validation-error")
    again = rig.send(create)
    assert (again.status, again.physical_id) == ("FAILED", task_id)
    assert list(cloud.tasks()) == [task_id]


def test_r08_a_group_that_another_delivery_has_put_on_the_task_is_no_conflict(
    rig: Rig, cloud: Cloud, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import task_service

    group, lists = cloud.group(), task_service.groups
    create["ResourceProperties"]["MulticastGroupIds"] = [group]
    task_id = rig.send(create).physical_id
    answers = [set[str]()]  # what the list said before the other delivery was there
    monkeypatch.setattr(task_service, "groups", lambda *asked: answers.pop() if answers else lists(*asked))
    again = rig.send(create)  # the service of these tests answers a second association with a conflict
    assert (again.status, again.physical_id, again.reason) == ("SUCCESS", task_id, "")


def test_r08_a_device_that_another_delivery_has_put_on_the_task_is_no_conflict(
    rig: Rig, cloud: Cloud, create: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import task_service

    lists = task_service.devices
    del create["ResourceProperties"]["FragmentSizeBytes"]
    create["ResourceProperties"]["WirelessDeviceIds"] = [cloud.device()]
    task_id = rig.send(create).physical_id
    answers = [set[str]()]
    monkeypatch.setattr(task_service, "devices", lambda *asked: answers.pop() if answers else lists(*asked))
    again = rig.send(create)
    assert (again.status, again.physical_id, again.reason) == ("SUCCESS", task_id, "")


def test_r09_the_same_request_id_with_other_parameters_makes_another_task(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    first = rig.send(create)
    create["ResourceProperties"]["RedundancyPercent"] = "30"
    second = rig.send(create)
    assert (second.status, second.reason) == ("SUCCESS", "")
    assert set(cloud.tasks()) == {first.physical_id, second.physical_id}


def test_r10_fails_with_the_real_id_when_a_group_cannot_be_associated(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group(), "no-such-group"]
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert answer.reason.startswith("ResourceNotFoundException: ")
    assert "(AssociateMulticastGroupWithFuotaTask, request id " in answer.reason
    assert "check that the multicast groups and wireless devices exist" in answer.reason
    assert list(cloud.tasks()) == [answer.physical_id]
    assert delete(rig, answer.physical_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r10_fails_without_leaving_a_task_that_cloudformation_does_not_wait_for(
    rig: Rig, cloud: Cloud, sink: ResponseSink, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = ["no-such-group"]
    sink.record = ("Fleet-MeterUpdate8F0E-1XKQ3ZB0V9F2T", "CREATE_FAILED")  # another resource failed meanwhile
    assert rig.send(create).status == "FAILED"
    assert cloud.tasks() == {}


@pytest.mark.parametrize(
    "record", [("", "CREATE_IN_PROGRESS"), (None, "CREATE_COMPLETE"), None], ids=["awaited", "on record", "unknown"]
)
def test_r10_fails_without_deleting_a_task_that_cloudformation_may_have_or_get(
    rig: Rig, cloud: Cloud, sink: ResponseSink, create: dict[str, Any], record: tuple[str | None, str] | None
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = ["no-such-group"]
    first = rig.send(create).physical_id
    sink.record = record and (record[0] if record[0] is not None else first, record[1])
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", first)
    assert list(cloud.tasks()) == [first]


def test_r10_fails_aloud_when_a_task_that_nobody_waits_for_cannot_be_deleted(
    rig: Rig, cloud: Cloud, sink: ResponseSink, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = ["no-such-group"]
    sink.record = ("", "")
    cloud.fault("DeleteFuotaTask", "validation-error")
    answer = rig.send(create)
    assert [line["taskId"] for line in answer.at("WARNING")] == [answer.physical_id]


def test_r10_fails_with_the_real_id_when_the_time_is_up(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    cloud.fault("CreateFuotaTask", "access-denied", times=1)  # costs the 5 s that there are beyond both reserves
    answer = rig.send(create, context=Context(milliseconds=45_000))
    assert answer.status == "FAILED"
    assert "the provider's time was up while associating multicast group 1 of 1: deploy again" in answer.reason
    assert list(cloud.tasks()) == [answer.physical_id]


def test_r10_an_outcome_unknown_is_answered_so_that_the_delete_looks_for_the_task(
    rig: Rig, cloud: Cloud, create: dict[str, Any], impatient_boto3: None
) -> None:
    cloud.fault("CreateFuotaTask", "lost-answer", times=20)
    answer = rig.send(create)
    assert answer.status == "FAILED"
    [(task_id, _)] = cloud.tasks().items()
    assert answer.physical_id == f"{CREATE_OUTCOME_UNKNOWN}:{cloud.tags_of(task_id)['fuota-constructs:made-by']}"
    deleted = delete(rig, answer.physical_id)
    assert (deleted.status, deleted.physical_id) == ("SUCCESS", answer.physical_id)
    assert cloud.tasks() == {}


def test_r11_a_refused_create_is_answered_with_the_marker(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["RedundancyPercent"] = "101"
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert answer.reason.startswith("ValidationException: ")
    assert "change the property that the message is about" in answer.reason
    assert cloud.tasks() == {}


def test_r11_a_create_that_boto3_refuses_is_answered_with_the_marker(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["FragmentSizeBytes"] = "0"
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert "FragmentSizeBytes" in answer.reason
    assert cloud.requests() == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("access-denied", "User: x is not authorized to perform: iam:PassRole on resource: y"),
        ("validation-error", "FirmwareUpdateRole cannot be assumed"),
    ],
)
def test_r12_a_role_that_is_not_known_everywhere_yet_is_waited_for(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any], fault: str, message: str
) -> None:
    cloud.fault("CreateFuotaTask", fault, seconds=30, after_role_created=True, message=message)
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert clock.slept == [5, 10, 20]
    assert len(cloud.tasks()) == 1


def test_r12_fails_after_90_seconds_of_waiting_for_iam(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    cloud.fault("CreateFuotaTask", "access-denied", seconds=1000)
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert clock.slept == [5, 10, 20, 20, 20, 15]
    assert "still refused after 90 s of waiting for IAM to take effect" in answer.reason
    assert "allow it to the role of this Lambda function" in answer.reason


def test_r12_fails_at_once_when_the_denial_is_explicit(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    message = "not authorized to perform: iotwireless:CreateFuotaTask with an explicit deny in a service control policy"
    cloud.fault("CreateFuotaTask", "access-denied", seconds=1000, message=message)
    assert rig.send(create).status == "FAILED"
    assert clock.slept == []


@pytest.mark.parametrize(
    "operation",
    [
        "GetFuotaTask",
        "ListTagsForResource",
        "ListMulticastGroupsByFuotaTask",
        "AssociateMulticastGroupWithFuotaTask",
    ],
)
def test_r12_every_call_of_a_create_waits_for_its_permission(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any], operation: str
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    cloud.fault(operation, "access-denied", seconds=12)
    answer = rig.send(create)
    assert (answer.status, answer.reason) == ("SUCCESS", "")
    assert clock.slept == [5, 10]


def test_r12_fails_without_making_a_task_that_cloudformation_stopped_waiting_for(
    rig: Rig, cloud: Cloud, clock: Clock, sink: ResponseSink, create: dict[str, Any]
) -> None:
    cloud.fault("CreateFuotaTask", "access-denied", seconds=20)
    sink.record = ("", "CREATE_IN_PROGRESS")

    def cancel() -> None:
        sink.record = ("Fleet-MeterUpdate8F0E-1XKQ3ZB0V9F2T", "DELETE_IN_PROGRESS")

    clock.after(10, cancel)
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert "no task is made 15 s after CloudFormation asked for it" in answer.reason
    assert cloud.tasks() == {}


def test_r12_fails_without_making_a_task_later_than_others_look_for_it(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    url = rig.url(create)
    clock.time += 121
    answer = rig.send(create, ResponseURL=url)
    assert answer.status == "FAILED"
    assert answer.physical_id.startswith(f"{CREATE_OUTCOME_UNKNOWN}:20260921T141320Z."), "an earlier delivery may have"
    assert "no task is made 121 s after CloudFormation asked for it" in answer.reason
    assert cloud.tasks() == {}


def test_r13_a_new_task_is_waited_for_until_it_can_be_read(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    cloud.fault("GetFuotaTask", "not-found", times=3)
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert clock.slept == [1, 2, 4]
    assert cloud.requests().count("CreateFuotaTask") == 1


@pytest.mark.parametrize("fault", ["not-found", "access-denied", "internal-error"])
def test_r13_fails_with_the_real_id_when_the_task_never_can_be_read(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any], impatient_boto3: None, fault: str
) -> None:
    cloud.fault("GetFuotaTask", fault, seconds=200, message="no, with an explicit deny")
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert (fault == "not-found") == ("was made and cannot be read: deploy again" in answer.reason)
    assert 45 <= clock.elapsed <= 120
    cloud.heal()
    assert list(cloud.tasks()) == [answer.physical_id]


def test_r13_reads_that_fail_now_and_then_are_made_again(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    cloud.fault("GetFuotaTask", "validation-error", times=2)
    assert rig.send(create).status == "SUCCESS"
    assert clock.slept == [1, 2]


def test_fails_without_pointing_to_a_log_that_the_rollback_deletes(rig: Rig, cloud: Cloud, made: Any) -> None:
    old, task_id = made()
    cloud.fault("CreateFuotaTask", "validation-error", times=2)
    failed = rig.send(event("create_fuota_task"), RequestId="another")
    assert failed.status == "FAILED"
    assert "log stream" not in failed.reason
    assert "(log stream " in update(rig, task_id, old, without(old, "Name")).reason
