"""Update in place, and the session that forbids it."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import update, without

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from wireless_rig import Cloud


NEW_ROLE = "arn:aws:iam::123456789012:role/Another"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"RedundancyPercent": "0"}, {"RedundancyPercent": 0}),
        ({"FragmentSizeBytes": "100", "FragmentIntervalMS": "4000"}, {"FragmentSizeBytes": 100}),
        ({"Name": "8", "Description": "summer"}, {"Name": "8", "Description": "summer"}),
        ({"FirmwareUpdateImage": "s3://fleet-firmware/b.bin"}, {"FirmwareUpdateImage": "s3://fleet-firmware/b.bin"}),
        ({"FirmwareUpdateRole": NEW_ROLE}, {"FirmwareUpdateRole": NEW_ROLE}),
        ({"Descriptor": "BQYHCA=="}, {"Descriptor": "BQYHCA=="}),
    ],
)
def test_r14_a_pending_task_is_changed_in_place(
    rig: Rig, cloud: Cloud, made: Made, properties: dict[str, str], expected: dict[str, Any]
) -> None:
    old, task_id = made()
    answer = update(rig, task_id, old, {**old, **properties})
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    task: dict[str, Any] = dict(cloud.client.get_fuota_task(Id=task_id))
    assert {name: task[name] for name in expected} == expected
    assert answer.data == {"Arn": task["Arn"], "Id": task_id}
    assert cloud.changes() == ["UpdateFuotaTask"]
    assert len(cloud.tasks()) == 1


def test_r14_a_property_added_to_a_pending_task_is_changed_in_place(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(RedundancyPercent=None)
    answer = update(rig, task_id, old, {**old, "RedundancyPercent": "10"})
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert cloud.client.get_fuota_task(Id=task_id)["RedundancyPercent"] == 10


def test_r14_the_region_changes_in_place_together_with_the_groups(rig: Rig, cloud: Cloud, made: Made) -> None:
    europe, america = cloud.group("EU868"), cloud.group("US915")
    old, task_id = made(MulticastGroupIds=[europe])
    answer = update(rig, task_id, old, {**old, "LoRaWAN": {"RfRegion": "US915"}, "MulticastGroupIds": [america]})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.client.get_fuota_task(Id=task_id)["LoRaWAN"]["RfRegion"] == "US915"
    assert cloud.groups_of(task_id) == {america}


def test_r14_groups_give_way_to_devices_in_place(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()], FragmentSizeBytes=None)
    device = cloud.device()
    answer = update(rig, task_id, old, {**without(old, "MulticastGroupIds"), "WirelessDeviceIds": [device]})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert (cloud.groups_of(task_id), cloud.devices_of(task_id)) == (set(), {device})
    answer = update(rig, task_id, {**old, "WirelessDeviceIds": [device]}, old)
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert (cloud.groups_of(task_id), cloud.devices_of(task_id)) == (set(old["MulticastGroupIds"]), set())


def test_r14_only_the_difference_of_the_groups_is_changed(rig: Rig, cloud: Cloud, made: Made) -> None:
    first, second, third, foreign = (cloud.group() for _ in range(4))
    old, task_id = made(MulticastGroupIds=[first, second])
    cloud.client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=foreign)
    cloud.forget_requests()
    answer = update(rig, task_id, old, {**old, "MulticastGroupIds": [second, third]})
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert cloud.groups_of(task_id) == {second, third, foreign}, "what the template never declared is not ours"
    assert cloud.changes() == ["DisassociateMulticastGroupFromFuotaTask", "AssociateMulticastGroupWithFuotaTask"]


def test_r14_fields_change_before_targets_so_that_a_session_begun_meanwhile_has_all_of_them(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    first, second = cloud.group(), cloud.group()
    old, task_id = made(MulticastGroupIds=[first])
    assert update(rig, task_id, old, {**old, "Name": "8", "MulticastGroupIds": [second]}).status == "SUCCESS"
    assert cloud.changes() == [
        "UpdateFuotaTask",
        "DisassociateMulticastGroupFromFuotaTask",
        "AssociateMulticastGroupWithFuotaTask",
    ]


def test_r14_a_group_deleted_meanwhile_can_be_taken_out(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.fault("DisassociateMulticastGroupFromFuotaTask", "not-found")
    assert update(rig, task_id, old, without(old, "MulticastGroupIds")).status == "SUCCESS"


@pytest.mark.parametrize("bring", ["start", "into_session", "to_done"])
def test_r14_tags_change_in_place_in_any_status(rig: Rig, cloud: Cloud, made: Made, bring: str) -> None:
    old, task_id = made(
        MulticastGroupIds=[cloud.group()],
        Tags=[{"key": "team", "value": "metering"}, {"key": "season", "value": "spring"}],
    )
    cloud.client.tag_resource(
        ResourceArn=cloud.client.get_fuota_task(Id=task_id)["Arn"], Tags=[{"Key": "foreign", "Value": "stays"}]
    )
    getattr(cloud, bring)(task_id)
    cloud.forget_requests()
    answer = update(rig, task_id, old, {**old, "Tags": [{"key": "team", "value": "water"}]})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.given_tags(task_id) == {"team": "water", "foreign": "stays"}
    assert set(cloud.requests(mutating=True)) == {"UntagResource", "TagResource"}


def test_r12_a_new_role_of_a_pending_task_is_waited_for(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    old, task_id = made()
    cloud.fault("UpdateFuotaTask", "access-denied", seconds=12)
    answer = update(rig, task_id, old, {**old, "FirmwareUpdateRole": NEW_ROLE})
    assert (answer.status, answer.reason) == ("SUCCESS", "")
    assert clock.slept == [2, 5, 10]


def test_r12_fails_at_once_when_an_update_without_a_new_role_is_denied(
    rig: Rig, cloud: Cloud, clock: Clock, made: Made
) -> None:
    old, task_id = made()
    cloud.fault("UpdateFuotaTask", "access-denied", seconds=12)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert clock.slept == [2]
    assert "waiting for IAM" not in answer.reason


def test_r17_an_update_that_changes_nothing_writes_no_more_than_its_mark(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.forget_requests()
    answer = update(rig, task_id, {**old, "ServiceTimeout": "300"}, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert cloud.requests(mutating=True) == ["TagResource", "TagResource"]
    assert cloud.given_tags(task_id) == {"team": "metering"}


@pytest.mark.parametrize("bring", ["start", "into_session", "to_done"])
def test_r17_a_template_that_begins_to_name_the_copy_of_the_image_changes_nothing(
    rig: Rig, cloud: Cloud, made: Made, bring: str
) -> None:
    """Templates of older versions order by DependsOn; a deployment of a newer version may come during a session."""
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    before = cloud.client.get_fuota_task(Id=task_id)
    cloud.forget_requests()
    answer = update(rig, task_id, old, {**old, "FirmwareObject": old["FirmwareUpdateImage"]})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert answer.at("WARNING") == []
    assert set(cloud.requests(mutating=True)) <= {"TagResource", "UntagResource"}
    after = cloud.client.get_fuota_task(Id=task_id)
    assert {**before, "ResponseMetadata": None} == {**after, "ResponseMetadata": None}


def test_r17_fields_that_are_refused_leave_the_groups_as_they_were(rig: Rig, cloud: Cloud, made: Made) -> None:
    groups = [cloud.group(), cloud.group()]
    old, task_id = made(MulticastGroupIds=groups[:1])
    answer = update(rig, task_id, old, {**old, "RedundancyPercent": "101", "MulticastGroupIds": groups[1:]})
    assert answer.status == "FAILED"
    assert cloud.groups_of(task_id) == set(groups[:1])


def test_r17_fails_with_both_causes_when_the_groups_cannot_be_put_back(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.fault("AssociateMulticastGroupWithFuotaTask", "conflict")
    new = {**without(old, "MulticastGroupIds"), "RedundancyPercent": "101", "LoRaWAN": {"RfRegion": "US915"}}
    answer = update(rig, task_id, old, new)
    assert answer.reason.startswith("ValidationException: ")
    assert "putting back what had been taken off the task failed too: " in answer.reason


@pytest.mark.parametrize(("bring", "status"), [("start", "FuotaSession_Waiting"), ("into_session", "In_FuotaSession")])
@pytest.mark.parametrize(
    ("removed", "added", "named"),
    [
        ((), {"RedundancyPercent": "50"}, "RedundancyPercent"),
        ((), {"FirmwareUpdateImage": "s3://b/c", "Name": "8"}, "FirmwareUpdateImage and Name"),
        (("RedundancyPercent",), {}, "RedundancyPercent"),
        (("MulticastGroupIds",), {}, "MulticastGroupIds"),
        ((), {"WirelessDeviceIds": ["some-device"]}, "WirelessDeviceIds"),
    ],
)
def test_r19_fails_without_touching_a_task_in_a_session(
    rig: Rig,
    cloud: Cloud,
    made: Made,
    bring: str,
    status: str,
    removed: tuple[str, ...],
    added: dict[str, Any],
    named: str,
) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    getattr(cloud, bring)(task_id)
    cloud.forget_requests()
    answer = update(rig, task_id, old, {**without(old, *removed), **added, "Tags": []})
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert answer.reason.startswith(f"FUOTA task {task_id} is {status}, and {named} cannot change during a session. ")
    assert (
        "Wait until the task is FuotaDone and deploy again, or abort the session by deleting the task" in answer.reason
    )
    assert f"aws iotwireless delete-fuota-task --id {task_id}" in answer.reason
    assert cloud.changes() == []
    assert cloud.given_tags(task_id) == {"team": "metering"}


def test_r19_what_the_refusal_advises_works(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.into_session(task_id)
    new = {**old, "RedundancyPercent": "50"}
    assert update(rig, task_id, old, new).status == "FAILED"
    cloud.client.delete_fuota_task(Id=task_id)
    answer = update(rig, task_id, old, new)
    assert (answer.status, cloud.tasks()[answer.physical_id]["RedundancyPercent"]) == ("SUCCESS", 50)


def test_r19_fails_with_a_hint_when_the_session_begins_during_the_update(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    cloud.fault("UpdateFuotaTask", "conflict")
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert answer.reason.startswith("ConflictException: ")
    assert "wait until the task and its multicast groups take part in no session, then deploy again" in answer.reason
