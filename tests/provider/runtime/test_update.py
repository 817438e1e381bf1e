"""Update: in place, by a new task, or not at all; and what a rollback finds."""
# ruff: noqa: PLR0917 - fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import delete, event, update, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_rig import Clock, Cloud, Rig

    Made = Callable[..., tuple[dict[str, Any], str]]


def given_tags(cloud: Cloud, task_id: str) -> dict[str, str]:
    """The tags of a task that are not of this library's own."""
    return {key: value for key, value in cloud.tags_of(task_id).items() if not key.startswith("fuota-constructs:")}


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
    assert given_tags(cloud, task_id) == {"team": "water", "foreign": "stays"}
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


def test_r17_an_update_that_changes_nothing_writes_no_more_than_its_mark(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.forget_requests()
    answer = update(rig, task_id, {**old, "ServiceTimeout": "300"}, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert cloud.requests(mutating=True) == ["TagResource", "TagResource"]
    assert given_tags(cloud, task_id) == {"team": "metering"}


def test_r17_the_rollback_of_a_change_in_place_restores_the_task(rig: Rig, cloud: Cloud, made: Made) -> None:
    groups = [cloud.group(), cloud.group()]
    old, task_id = made(MulticastGroupIds=groups[:1])
    new = {
        **old,
        "RedundancyPercent": "50",
        "MulticastGroupIds": groups[1:],
        "Tags": [{"key": "x", "value": "y"}],
        "FirmwareUpdateImage": "s3://fleet-firmware/b.bin",
    }
    before = without(cloud.client.get_fuota_task(Id=task_id), "ResponseMetadata")
    tags = given_tags(cloud, task_id)
    assert update(rig, task_id, old, new).status == "SUCCESS"
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert without(cloud.client.get_fuota_task(Id=task_id), "ResponseMetadata") == before
    assert (cloud.groups_of(task_id), given_tags(cloud, task_id)) == (set(groups[:1]), tags)


@pytest.mark.parametrize(
    "failing", ["UpdateFuotaTask", "AssociateMulticastGroupWithFuotaTask", "DisassociateMulticastGroupFromFuotaTask"]
)
def test_r17_the_rollback_of_an_update_that_failed_midway_restores_the_task(
    rig: Rig, cloud: Cloud, made: Made, failing: str
) -> None:
    groups = [cloud.group(), cloud.group()]
    old, task_id = made(MulticastGroupIds=groups[:1])
    new = {**old, "RedundancyPercent": "50", "MulticastGroupIds": groups[1:]}
    cloud.fault(failing, "validation-error")
    failed = update(rig, task_id, old, new)
    assert (failed.status, failed.physical_id) == ("FAILED", task_id)
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.client.get_fuota_task(Id=task_id)["RedundancyPercent"] == 20
    assert cloud.groups_of(task_id) == set(groups[:1])


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


@pytest.mark.parametrize("bring", ["start", "into_session"])
def test_r17_the_rollback_of_an_update_refused_in_a_session_changes_nothing(
    rig: Rig, cloud: Cloud, made: Made, bring: str
) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()], RedundancyPercent=None)
    # Two changes, and one property more that the rollback "removes" though it never was there.
    new = {**old, "Name": "8", "RedundancyPercent": "30", "MulticastGroupIds": [cloud.group()]}
    getattr(cloud, bring)(task_id)
    cloud.forget_requests()
    assert update(rig, task_id, old, new).status == "FAILED"
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.changes() == []


def test_r17_the_rollback_succeeds_in_a_session_when_the_removed_value_is_the_service_default(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    # The service may fill in what was not given: here it has 20 where the template has nothing.
    old, task_id = made(MulticastGroupIds=[cloud.group()], RedundancyPercent="20")
    old = without(old, "RedundancyPercent")
    new = {**old, "RedundancyPercent": "20", "Name": "8"}
    cloud.into_session(task_id)
    assert update(rig, task_id, old, new).status == "FAILED"
    assert update(rig, task_id, new, old).status == "SUCCESS"
    new = {**old, "RedundancyPercent": "20", "MulticastGroupIds": [cloud.group()]}
    assert update(rig, task_id, old, new).status == "FAILED"
    assert update(rig, task_id, new, old).status == "SUCCESS"


def test_r17_a_session_is_no_obstacle_to_what_drifted(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.client.update_fuota_task(Id=task_id, Description="by hand")
    cloud.into_session(task_id)
    answer = update(rig, task_id, old, {**old, "Tags": []})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")


def test_r17_the_rollback_after_a_replacement_deletes_the_new_task_only(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, old_id = made()
    new_id = update(rig, old_id, old, without(old, "RedundancyPercent")).physical_id
    # Another resource of the stack fails: CloudFormation restores its record and deletes what this update created.
    assert delete(rig, new_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [old_id]
    # The task it restored is whole, and the next deployment finds it.
    answer = update(rig, old_id, old, {**old, "RedundancyPercent": "30"})
    assert (answer.status, answer.physical_id) == ("SUCCESS", old_id)


def test_r17_a_rollback_update_of_the_replacement_takes_the_old_properties(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, old_id = made()
    new = without(old, "RedundancyPercent")
    new_id = update(rig, old_id, old, new).physical_id
    answer = update(rig, new_id, new, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", new_id)
    assert cloud.tasks()[new_id]["RedundancyPercent"] == 20


def test_r18_a_task_that_vanished_is_replaced(rig: Rig, cloud: Cloud, clock: Clock, made: Made) -> None:
    old, task_id = made()
    cloud.client.delete_fuota_task(Id=task_id)
    clock.time += 60
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)
    assert list(cloud.tasks()) == [answer.physical_id]
    assert "the task is gone: a new one takes its place" in [line["message"] for line in answer.at("WARNING")]


def test_r18_a_task_that_is_being_deleted_is_replaced(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made()
    cloud.client.delete_fuota_task(Id=task_id)
    answer = update(rig, task_id, old, {**old, "Name": "8"})
    assert (answer.status, answer.physical_id == task_id) == ("SUCCESS", False)


def test_r18_an_id_that_is_none_of_a_task_is_replaced(rig: Rig, cloud: Cloud) -> None:
    properties = event("create_fuota_task")["ResourceProperties"]
    answer = update(rig, "fuota-constructs:create-failed", properties, properties)
    assert answer.status == "SUCCESS"
    assert list(cloud.tasks()) == [answer.physical_id]


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
    assert given_tags(cloud, task_id) == {"team": "metering"}


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


def test_r17_a_rollback_in_a_session_succeeds_after_an_update_that_was_refused_while_it_wrote(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    """A later update that gives a property the value it has is known to have changed nothing."""
    old, task_id = made(RedundancyPercent=None)
    cloud.fault("UpdateFuotaTask", "validation-error")
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "FAILED"
    cloud.heal()
    assert cloud.tags_of(task_id)["fuota-constructs:fields"] == "being written"
    assert update(rig, task_id, {**old, "Name": "8"}, old).status == "SUCCESS"
    assert cloud.tags_of(task_id)["fuota-constructs:fields"] != "being written"
