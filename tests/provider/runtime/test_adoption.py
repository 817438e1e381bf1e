"""A task that exists is taken into management, and survives whatever becomes of the deployment that adopts it."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import delete, event, update, without
from response_sink import CLEANUP, DELETION

if TYPE_CHECKING:
    from lambda_rig import Clock, Made, Rig
    from response_sink import ResponseSink
    from wireless_rig import Cloud

CREATE_FAILED = "fuota-constructs:create-failed"
ROLLBACKS = ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "ROLLBACK_COMPLETE"]


def existing(cloud: Cloud, **changes: Any) -> str:
    """A task as `AwsCustomResource` or the console made it."""
    fields = {
        "FirmwareUpdateImage": "s3://old/image",
        "FirmwareUpdateRole": "arn:aws:iam::123456789012:role/old",
        "LoRaWAN": {"RfRegion": "EU868"},
        "Tags": [{"Key": "made-by", "Value": "hand"}],
    }
    task_id = cloud.client.create_fuota_task(**{**fields, **changes})["Id"]
    cloud.forget_requests()
    return task_id


def same(create: dict[str, Any]) -> dict[str, Any]:
    """What a task has that already is as the template says."""
    properties = create["ResourceProperties"]
    texts = ("Name", "Description", "Descriptor", "LoRaWAN", "FirmwareUpdateImage", "FirmwareUpdateRole")
    numbers = ("RedundancyPercent", "FragmentSizeBytes", "FragmentIntervalMS")
    return {**{name: properties[name] for name in texts}, **{name: int(properties[name]) for name in numbers}}


def wanting(create: dict[str, Any], task_id: str, **more: Any) -> dict[str, Any]:
    return {**create["ResourceProperties"], "AdoptFuotaTaskId": task_id, **more}


@pytest.fixture
def adopted(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The properties and the id of a task that was adopted."""
    task_id = existing(cloud)
    properties = wanting(create, task_id, MulticastGroupIds=[cloud.group()])
    assert rig.send(create, ResourceProperties=properties).status == "SUCCESS"
    cloud.forget_requests()
    return properties, task_id


def test_a_pending_task_becomes_what_the_template_says(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    task_id, group = existing(cloud), cloud.group()
    answer = rig.send(create, ResourceProperties=wanting(create, task_id, MulticastGroupIds=[group]))
    task = cloud.client.get_fuota_task(Id=task_id)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id), answer.reason
    assert answer.data == {"Arn": task["Arn"], "Id": task_id}
    assert (task["Name"], task["RedundancyPercent"], task["Descriptor"]) == ("007", 20, "AQIDBA==")
    assert task["FirmwareUpdateImage"] == create["ResourceProperties"]["FirmwareUpdateImage"]
    assert cloud.groups_of(task_id) == {group}
    assert list(cloud.tasks()) == [task_id]
    tags = cloud.tags_of(task_id)
    assert tags["fuota-constructs:stack-id"] == create["StackId"]
    assert tags["fuota-constructs:logical-id"] == create["LogicalResourceId"]
    assert tags["fuota-constructs:adopted"] == task_id
    assert (tags["team"], tags["made-by"]) == ("metering", "hand")


def test_what_the_template_does_not_say_stays(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    group = cloud.group()
    task_id = existing(cloud, Description="by hand")
    cloud.client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group)
    assert rig.send(create, ResourceProperties=without(wanting(create, task_id), "Description")).status == "SUCCESS"
    assert cloud.client.get_fuota_task(Id=task_id)["Description"] == "by hand"
    assert cloud.groups_of(task_id) == {group}


def test_the_same_event_twice_adopts_once(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    task_id = existing(cloud)
    first, second = (rig.send(create, ResourceProperties=wanting(create, task_id)) for _ in range(2))
    assert (first.status, second.status) == ("SUCCESS", "SUCCESS")
    assert cloud.requests().count("UpdateFuotaTask") == 1


@pytest.mark.parametrize("status", ["into_session", "start", "to_done"])
def test_a_task_that_cannot_change_is_adopted_as_it_is(
    rig: Rig, cloud: Cloud, create: dict[str, Any], status: str
) -> None:
    task_id = existing(cloud, **same(create))
    cloud.client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=cloud.group())
    getattr(cloud, status)(task_id)
    before = cloud.client.get_fuota_task(Id=task_id)["Status"]
    cloud.forget_requests()
    answer = rig.send(create, ResourceProperties=wanting(create, task_id))
    assert answer.status == "SUCCESS", answer.reason
    assert set(cloud.requests(mutating=True)) == {"TagResource"}
    assert cloud.client.get_fuota_task(Id=task_id)["Status"] == before


@pytest.mark.parametrize("status", ["into_session", "to_done"])
def test_fails_when_a_task_that_cannot_change_differs(
    rig: Rig, cloud: Cloud, create: dict[str, Any], status: str
) -> None:
    task_id = existing(cloud, **{**same(create), "RedundancyPercent": 7})
    cloud.client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=cloud.group())
    getattr(cloud, status)(task_id)
    cloud.forget_requests()
    answer = rig.send(create, ResourceProperties=wanting(create, task_id, MulticastGroupIds=[cloud.group()]))
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert "RedundancyPercent and MulticastGroupIds of the template differ" in answer.reason
    assert cloud.requests(mutating=True) == ["CreateMulticastGroup"]


@pytest.mark.parametrize("task_id", ["0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "no-id"])
def test_fails_when_there_is_no_such_task(rig: Rig, cloud: Cloud, create: dict[str, Any], task_id: str) -> None:
    answer = rig.send(create, ResourceProperties=wanting(create, task_id))
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert "there is none in this account and Region" in answer.reason
    assert cloud.tasks() == {}


@pytest.mark.parametrize(
    ("stack_id", "logical_id"), [("arn:of:another/stack", None), (None, "Another"), ("arn:of:another/stack", "X")]
)
def test_fails_when_the_task_is_in_charge_of_another_resource(
    rig: Rig, cloud: Cloud, create: dict[str, Any], stack_id: str | None, logical_id: str | None
) -> None:
    owner = {
        "fuota-constructs:stack-id": stack_id or create["StackId"],
        "fuota-constructs:logical-id": logical_id or create["LogicalResourceId"],
    }
    task_id = existing(cloud, Tags=[{"Key": key, "Value": value} for key, value in owner.items()])
    answer = rig.send(create, ResourceProperties=wanting(create, task_id))
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert owner["fuota-constructs:stack-id"] in answer.reason
    assert "aws iotwireless untag-resource" in answer.reason
    assert cloud.requests(mutating=True) == []
    assert cloud.tags_of(task_id) == owner


def test_fails_halfway_and_leaves_the_task_without_our_tags(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    task_id = existing(cloud)
    wanted = wanting(create, task_id, MulticastGroupIds=["11111111-2222-3333-4444-555555555555"])
    answer = rig.send(create, ResourceProperties=wanted)
    assert (answer.status, answer.physical_id) == ("FAILED", CREATE_FAILED)
    assert delete(rig, CREATE_FAILED).status == "SUCCESS"
    assert cloud.tags_of(task_id) == {"made-by": "hand", "team": "metering"}


def test_tags_that_cannot_be_taken_off_again_are_told(rig: Rig, cloud: Cloud, create: dict[str, Any]) -> None:
    task_id = existing(cloud)
    cloud.fault("UntagResource", "conflict")
    wanted = wanting(create, task_id, MulticastGroupIds=["11111111-2222-3333-4444-555555555555"])
    answer = rig.send(create, ResourceProperties=wanted)
    assert "the task keeps tags that begin with fuota-constructs:" in answer.reason
    assert answer.at("WARNING")


def test_a_failing_second_delivery_does_not_give_back_what_the_first_adopted(
    rig: Rig, cloud: Cloud, create: dict[str, Any]
) -> None:
    task_id = existing(cloud)
    wanted = wanting(create, task_id)
    assert rig.send(create, ResourceProperties=wanted).status == "SUCCESS"
    cloud.client.update_fuota_task(Id=task_id, Name="drift")
    cloud.fault("UpdateFuotaTask", "validation-error")
    assert rig.send(create, ResourceProperties=wanted).status == "FAILED"
    assert cloud.tags_of(task_id)["fuota-constructs:adopted"] == task_id


def test_a_late_delivery_adopts_nothing(
    rig: Rig, cloud: Cloud, create: dict[str, Any], sink: ResponseSink, clock: Clock
) -> None:
    task_id = existing(cloud)
    rig.url(create)
    clock.time += 100
    sink.record = ("", "")
    answer = rig.send(create, ResourceProperties=wanting(create, task_id))
    assert answer.status == "FAILED"
    assert cloud.requests(mutating=True) == []
    sink.record = ("", "CREATE_IN_PROGRESS")
    assert rig.send(create, ResourceProperties=wanting(create, task_id)).status == "SUCCESS"


def test_an_older_request_gives_way_to_a_younger_one(
    rig: Rig, cloud: Cloud, create: dict[str, Any], sink: ResponseSink, clock: Clock
) -> None:
    task_id = existing(cloud)
    rig.url(create)  # signed now, and delivered when a younger one is through
    clock.time += 3
    other = {**create, "RequestId": "younger"}
    assert rig.send(other, ResourceProperties=wanting(create, task_id)).status == "SUCCESS"
    before = cloud.tags_of(task_id)
    answer = rig.send(create, ResourceProperties=wanting(create, task_id))
    assert (answer.status, cloud.tags_of(task_id)) == ("FAILED", before)
    assert "younger" in answer.reason


@pytest.mark.parametrize("status", ROLLBACKS)
def test_a_rollback_gives_the_task_back(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], sink: ResponseSink, status: str
) -> None:
    properties, task_id = adopted
    sink.stack_status = status
    assert delete(rig, task_id, ResourceProperties=properties).status == "SUCCESS"
    assert cloud.tags_of(task_id) == {"made-by": "hand", "team": "metering"}
    assert cloud.groups_of(task_id) == set()
    # And the same event once more, when the next deployment runs.
    sink.stack_status = "UPDATE_IN_PROGRESS"
    assert delete(rig, task_id, ResourceProperties=properties).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


def test_a_rollback_leaves_groups_that_were_there_before(
    rig: Rig, cloud: Cloud, create: dict[str, Any], sink: ResponseSink
) -> None:
    task_id, old, new = existing(cloud), cloud.group(), cloud.group()
    cloud.client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=old)
    properties = wanting(create, task_id, MulticastGroupIds=[old, new])
    assert rig.send(create, ResourceProperties=properties).status == "SUCCESS"
    sink.stack_status = ROLLBACKS[0]
    assert delete(rig, task_id, ResourceProperties=properties).status == "SUCCESS"
    assert cloud.groups_of(task_id) == {old}


def test_a_rollback_touches_no_session_that_began_meanwhile(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], sink: ResponseSink
) -> None:
    properties, task_id = adopted
    cloud.start(task_id)
    sink.stack_status = ROLLBACKS[0]
    answer = delete(rig, task_id, ResourceProperties=properties)
    assert (answer.status, len(cloud.groups_of(task_id))) == ("SUCCESS", 1)
    assert "could not take the multicast groups off" in answer.output
    assert cloud.client.get_fuota_task(Id=task_id)["Status"] == "FuotaSession_Waiting"


def test_a_delete_that_comes_when_the_task_is_adopted_again_leaves_it(
    rig: Rig, cloud: Cloud, create: dict[str, Any], sink: ResponseSink, clock: Clock
) -> None:
    task_id = existing(cloud)
    rig.url(event("delete_fuota_task"))  # signed before the adoption
    clock.time += 10
    assert rig.send(create, ResourceProperties=wanting(create, task_id)).status == "SUCCESS"
    sink.stack_status = "UPDATE_IN_PROGRESS"
    assert rig.send(event("delete_fuota_task"), PhysicalResourceId=task_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [task_id]


@pytest.mark.parametrize("status", [CLEANUP, DELETION, "UPDATE_IN_PROGRESS"])
def test_an_adopted_task_is_deleted_with_its_resource(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], sink: ResponseSink, status: str
) -> None:
    properties, task_id = adopted
    sink.stack_status = status
    assert delete(rig, task_id, ResourceProperties=properties).status == "SUCCESS"
    assert cloud.tasks() == {}


@pytest.mark.parametrize(("status", "parent_id"), [("", ""), (DELETION, "arn:of:parent")])
def test_an_adopted_task_is_given_back_where_nobody_can_tell_a_rollback(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], sink: ResponseSink, status: str, parent_id: str
) -> None:
    properties, task_id = adopted
    sink.stack_status, sink.parent_id = status, parent_id
    assert delete(rig, task_id, ResourceProperties=properties).status == "SUCCESS"
    assert "fuota-constructs:stack-id" not in cloud.tags_of(task_id)


def test_a_delete_waits_for_a_stack_that_cannot_be_read(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], sink: ResponseSink, impatient_boto3: None
) -> None:
    properties, task_id = adopted
    sink.stack_status = "broken"
    assert delete(rig, task_id, ResourceProperties=properties).status == "FAILED"
    assert list(cloud.tasks()) == [task_id]


def test_taking_the_property_out_changes_nothing(rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str]) -> None:
    properties, task_id = adopted
    answer = update(rig, task_id, properties, without(properties, "AdoptFuotaTaskId"))
    assert (answer.status, answer.physical_id, cloud.changes()) == ("SUCCESS", task_id, [])
    # And back in again.
    answer = update(rig, task_id, without(properties, "AdoptFuotaTaskId"), properties)
    assert (answer.status, answer.physical_id, cloud.changes()) == ("SUCCESS", task_id, [])


def test_another_id_adopts_that_task_and_a_rollback_gives_it_back(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], sink: ResponseSink
) -> None:
    properties, task_id = adopted
    other = existing(cloud)
    answer = update(rig, task_id, properties, {**properties, "AdoptFuotaTaskId": other})
    assert (answer.status, answer.physical_id) == ("SUCCESS", other), answer.reason
    sink.stack_status = ROLLBACKS[1]
    delete(rig, other, ResourceProperties={**properties, "AdoptFuotaTaskId": other})
    assert set(cloud.tasks()) == {task_id, other}
    assert "fuota-constructs:stack-id" not in cloud.tags_of(other)
    assert "fuota-constructs:stack-id" in cloud.tags_of(task_id)


def test_an_own_task_gives_way_to_an_adopted_one(rig: Rig, cloud: Cloud, made: Made) -> None:
    properties, own = made()
    other = existing(cloud)
    answer = update(rig, own, properties, {**properties, "AdoptFuotaTaskId": other})
    assert (answer.status, answer.physical_id) == ("SUCCESS", other)
    delete(rig, own, ResourceProperties=properties)
    assert list(cloud.tasks()) == [other]


def test_fails_to_adopt_another_task_during_a_session(rig: Rig, cloud: Cloud, made: Made) -> None:
    properties, own = made(MulticastGroupIds=[cloud.group()])
    cloud.into_session(own)
    answer = update(rig, own, properties, {**properties, "AdoptFuotaTaskId": existing(cloud)})
    assert (answer.status, answer.physical_id) == ("FAILED", own)
    assert "AdoptFuotaTaskId cannot change during a session" in answer.reason


def test_fails_to_adopt_another_task_and_keeps_the_one_there_is(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str]
) -> None:
    properties, task_id = adopted
    wrong = {**properties, "AdoptFuotaTaskId": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}
    answer = update(rig, task_id, properties, wrong)
    assert (answer.status, answer.physical_id) == ("FAILED", task_id)
    assert update(rig, task_id, wrong, properties).physical_id == task_id
    assert list(cloud.tasks()) == [task_id]


def test_a_task_in_place_of_an_adopted_one_survives_the_rollback_of_another_adoption(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str]
) -> None:
    properties, task_id = adopted
    cloud.to_done(task_id)
    newer = {**properties, "RedundancyPercent": "30"}
    new = update(rig, task_id, properties, newer).physical_id
    assert new != task_id
    delete(rig, task_id, ResourceProperties=properties)
    wrong = {**newer, "AdoptFuotaTaskId": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}
    assert update(rig, new, newer, wrong).status == "FAILED"
    answer = update(rig, new, wrong, newer)
    assert (answer.status, answer.physical_id) == ("SUCCESS", new), answer.reason


def test_a_vanished_adopted_task_is_made_anew(
    rig: Rig, cloud: Cloud, adopted: tuple[dict[str, Any], str], clock: Clock
) -> None:
    properties, task_id = adopted
    cloud.client.delete_fuota_task(Id=task_id)
    answer = update(rig, task_id, properties, {**properties, "Name": "new"})
    assert answer.status == "SUCCESS", answer.reason
    assert list(cloud.tasks()) == [answer.physical_id] != [task_id]
