"""Create: one task, whole or not at all."""
# ruff: noqa: PLR0917 - fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import Context, event

if TYPE_CHECKING:
    from lambda_rig import Clock, Cloud, Rig

CREATE_FAILED = "fuota-constructs:create-failed"
CREATE_OUTCOME_UNKNOWN = "fuota-constructs:create-outcome-unknown"


@pytest.fixture
def create() -> dict[str, Any]:
    return event("create_fuota_task")


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
    assert cloud.tags_of(answer.physical_id) == {
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


def test_r08_a_token_of_a_deleted_task_makes_one_new_task(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    first = rig.send(create).physical_id
    cloud.client.delete_fuota_task(Id=first)
    second, third = rig.send(create), rig.send(create)  # first while Delete_Waiting
    assert (second.status, third.status) == ("SUCCESS", "SUCCESS")
    assert second.physical_id == third.physical_id != first
    assert list(cloud.tasks()) == [second.physical_id]


def test_r08_a_token_of_a_task_that_is_gone_for_good_makes_one_new_task(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    first = rig.send(create).physical_id
    cloud.client.delete_fuota_task(Id=first)
    clock.time += 3600
    second = rig.send(create)
    assert second.status == "SUCCESS", second.reason
    assert list(cloud.tasks()) == [second.physical_id]


def test_r09_the_same_request_id_with_other_parameters_makes_another_task(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    first = rig.send(create)
    create["ResourceProperties"]["RedundancyPercent"] = "30"
    second = rig.send(create)
    assert (second.status, second.reason) == ("SUCCESS", "")
    assert set(cloud.tasks()) == {first.physical_id, second.physical_id}


def test_r10_fails_without_leaving_a_task_when_a_group_cannot_be_associated(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group(), "no-such-group"]
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert answer.reason.startswith("ResourceNotFoundException: ")
    assert "(AssociateMulticastGroupWithFuotaTask, request id " in answer.reason
    assert "check that the multicast groups and wireless devices exist" in answer.reason
    assert cloud.tasks() == {}


def test_r10_fails_with_the_real_id_when_the_task_cannot_be_deleted_again(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = ["no-such-group"]
    cloud.fault("DeleteFuotaTask", "access-denied")
    answer = rig.send(create)
    assert answer.status == "FAILED"
    assert list(cloud.tasks()) == [answer.physical_id]
    assert [line["taskId"] for line in answer.at("WARNING")] == [answer.physical_id]
    assert rig.send(event("delete_fuota_task"), PhysicalResourceId=answer.physical_id).status == "SUCCESS"
    assert cloud.tasks() == {}


def test_r10_fails_without_leaving_a_task_when_the_time_is_up(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    cloud.fault("CreateFuotaTask", "access-denied", times=1)  # costs the 5 s that there are beyond both reserves
    answer = rig.send(create, context=Context(milliseconds=45_000))
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert "the provider's time was up while associating multicast group 1 of 1: deploy again" in answer.reason
    assert cloud.tasks() == {}


def test_r10_an_outcome_unknown_is_answered_so_that_the_delete_looks_for_the_task(
    rig: Rig, cloud: Cloud, create: dict[str, Any], impatient_boto3: None
) -> None:
    cloud.fault("CreateFuotaTask", "lost-answer", times=20)
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_OUTCOME_UNKNOWN)
    assert len(cloud.tasks()) == 1
    deleted = rig.send(event("delete_fuota_task"), PhysicalResourceId=answer.physical_id)
    assert deleted.status == "SUCCESS"
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


def test_r12_fails_after_at_most_90_seconds_of_waiting_for_iam(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    cloud.fault("CreateFuotaTask", "access-denied", seconds=1000)
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert clock.elapsed <= 90
    assert "still refused after 75 s of waiting for IAM to take effect" in answer.reason
    assert "allow it to the role of this Lambda function" in answer.reason


def test_r12_fails_at_once_when_the_denial_is_explicit(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    message = "not authorized to perform: iotwireless:CreateFuotaTask with an explicit deny in a service control policy"
    cloud.fault("CreateFuotaTask", "access-denied", seconds=1000, message=message)
    assert rig.send(create).status == "FAILED"
    assert clock.slept == []


def test_r12_fails_at_once_when_any_other_operation_is_denied(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    create["ResourceProperties"]["MulticastGroupIds"] = [cloud.group()]
    cloud.fault("AssociateMulticastGroupWithFuotaTask", "access-denied")
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert answer.reason.startswith("AccessDeniedException: ")
    assert clock.slept == []


def test_r13_a_new_task_is_waited_for_until_it_can_be_read(
    rig: Rig, cloud: Cloud, clock: Clock, create: dict[str, Any]
) -> None:
    cloud.fault("GetFuotaTask", "not-found", times=3)
    answer = rig.send(create)
    assert answer.status == "SUCCESS", answer.reason
    assert clock.slept == [1, 2, 4]
    assert cloud.requests().count("CreateFuotaTask") == 1


def test_r13_fails_without_leaving_a_task_when_it_never_can_be_read(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    cloud.fault("GetFuotaTask", "not-found", seconds=200)
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert "was made but could not be read afterwards: deploy again" in answer.reason
    cloud.heal()
    assert cloud.tasks() == {}


def test_r13_fails_without_leaving_a_task_when_it_may_not_be_read(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    cloud.fault("GetFuotaTask", "access-denied")
    answer = rig.send(create)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert cloud.tasks() == {}
