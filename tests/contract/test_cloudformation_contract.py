"""CloudFormation's contract for resource providers, row by row, for our custom resource.

The rows are the contract tests of the CloudFormation CLI (aws-cloudformation/cloudformation-cli,
src/rpdk/core/contract/suite/resource/) and the prose of "Resource type handler contract". A custom resource has no
read and no list handler: what the service itself reads and lists takes their place. Two differences are deliberate:
a second delete succeeds (custom resources must answer success when there is nothing to delete), and since a task's id
is not writable, "create twice" means the same request twice and two requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lambda_rig import delete, event, update, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambda_rig import Clock, Rig
    from wireless_rig import Cloud

NAMES = {
    "FirmwareUpdateImage": str,
    "FirmwareUpdateRole": str,
    "Name": str,
    "Description": str,
    "RedundancyPercent": int,
    "FragmentSizeBytes": int,
    "FragmentIntervalMS": int,
    "Descriptor": str,
}


@pytest.fixture
def model(cloud: Cloud) -> dict[str, Any]:
    """The properties a create starts from."""
    return {**event("create_fuota_task")["ResourceProperties"], "MulticastGroupIds": [cloud.group(), cloud.group()]}


@pytest.fixture
def updated_model(cloud: Cloud, model: dict[str, Any]) -> dict[str, Any]:
    """The same with every updatable property changed."""
    return {
        **model,
        "FirmwareUpdateImage": "s3://fleet-firmware/firmware/0000000000000000/meter.bin",
        "FirmwareUpdateRole": "arn:aws:iam::123456789012:role/Another",
        "Name": "updated",
        "Description": "updated",
        "RedundancyPercent": "40",
        "FragmentSizeBytes": "51",
        "FragmentIntervalMS": "5000",
        "Descriptor": "BQYHCA==",
        "MulticastGroupIds": [model["MulticastGroupIds"][1], cloud.group()],
        "Tags": [{"key": "team", "value": "water"}, {"key": "new", "value": "tag"}],
    }


@pytest.fixture
def created_resource(rig: Rig, cloud: Cloud, model: dict[str, Any]) -> Iterator[str]:
    """A resource that exists, and is deleted whatever happens."""
    answer = rig.send(event("create_fuota_task"), ResourceProperties=model)
    assert answer.status == "SUCCESS", answer.reason
    try:
        yield answer.physical_id
    finally:
        assert delete(rig, answer.physical_id).status == "SUCCESS"


@pytest.fixture
def updated_resource(rig: Rig, created_resource: str, model: dict[str, Any], updated_model: dict[str, Any]) -> str:
    """A resource that was updated."""
    answer = update(rig, created_resource, model, updated_model)
    assert answer.status == "SUCCESS", answer.reason
    return answer.physical_id


@pytest.fixture
def deleted_resource(rig: Rig, cloud: Cloud, model: dict[str, Any]) -> str:
    """A resource that was deleted."""
    task_id = rig.send(event("create_fuota_task"), ResourceProperties=model).physical_id
    assert delete(rig, task_id).status == "SUCCESS"
    return task_id


def read(cloud: Cloud, task_id: str) -> dict[str, Any]:
    """The model as the service reads it."""
    task: Any = cloud.client.get_fuota_task(Id=task_id)
    tags = cloud.tags_of(task_id)
    return {
        **{name: task[name] for name in NAMES},
        "RfRegion": task["LoRaWAN"]["RfRegion"],
        "MulticastGroupIds": cloud.groups_of(task_id),
        "Tags": {key: value for key, value in tags.items() if not key.startswith("fuota-constructs:")},
    }


def expected(model: Mapping[str, Any]) -> dict[str, Any]:
    """The same model as a template says it."""
    return {
        **{name: read_as(model[name]) for name, read_as in NAMES.items()},
        "RfRegion": model["LoRaWAN"]["RfRegion"],
        "MulticastGroupIds": set(model["MulticastGroupIds"]),
        "Tags": {tag["key"]: tag["value"] for tag in model["Tags"]},
    }


def listed(cloud: Cloud) -> set[str]:
    """The ids the service lists."""
    return set(cloud.tasks())


def test_contract_create_delete(rig: Rig, cloud: Cloud, model: dict[str, Any]) -> None:
    """A create must give what was asked for and an id; a delete returns no model."""
    answer = rig.send(event("create_fuota_task"), ResourceProperties=model)
    assert answer.physical_id
    assert read(cloud, answer.physical_id) == expected(model)
    deleted = delete(rig, answer.physical_id)
    assert (deleted.status, deleted.physical_id, "Data" in deleted.body and deleted.data) == (
        "SUCCESS",
        answer.physical_id,
        {},
    )


def test_contract_create_create(rig: Rig, cloud: Cloud, created_resource: str, model: dict[str, Any]) -> None:
    """Creates "MUST NOT create multiple resources given the same token"; another token is another resource."""
    again = rig.send(event("create_fuota_task"), ResourceProperties=model)
    assert (again.status, again.physical_id) == ("SUCCESS", created_resource)
    other = rig.send(event("create_fuota_task"), ResourceProperties=model, RequestId="another-request")
    assert other.physical_id != created_resource
    assert listed(cloud) == {created_resource, other.physical_id}


def test_contract_create_read(cloud: Cloud, created_resource: str, model: dict[str, Any]) -> None:
    """What was created is what is read."""
    assert read(cloud, created_resource) == expected(model)


def test_contract_create_list(cloud: Cloud, created_resource: str) -> None:
    """What was created is listed."""
    assert created_resource in listed(cloud)


def test_contract_create_taggable(cloud: Cloud, created_resource: str, model: dict[str, Any]) -> None:
    """A taggable resource has its tags from its create on."""
    assert read(cloud, created_resource)["Tags"] == expected(model)["Tags"] != {}


def test_contract_update_read(
    cloud: Cloud, created_resource: str, updated_resource: str, updated_model: dict[str, Any]
) -> None:
    """An update keeps the primary id and makes no new resource; what is read is what was asked for."""
    assert updated_resource == created_resource
    assert read(cloud, updated_resource) == expected(updated_model)
    assert listed(cloud) == {created_resource}


def test_contract_update_list(cloud: Cloud, updated_resource: str) -> None:
    """What was updated is still listed."""
    assert updated_resource in listed(cloud)


def test_contract_update_tag_updatable(rig: Rig, cloud: Cloud, created_resource: str, model: dict[str, Any]) -> None:
    """Tags can be updated alone: added, changed and removed."""
    for tags in ([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}], [{"key": "b", "value": "3"}], []):
        new = {**model, "Tags": tags}
        assert update(rig, created_resource, model, new).physical_id == created_resource
        assert read(cloud, created_resource) == expected(new)
        model = new


def test_contract_update_collections_are_replaced_in_full(
    rig: Rig, cloud: Cloud, created_resource: str, model: dict[str, Any]
) -> None:
    """A collection in an update replaces the former one."""
    for groups in (model["MulticastGroupIds"][1:], [], [cloud.group()]):
        new = {**model, "MulticastGroupIds": groups}
        assert update(rig, created_resource, model, new).physical_id == created_resource
        assert cloud.groups_of(created_resource) == set(groups)
        model = new


def test_contract_update_without_create(rig: Rig, cloud: Cloud, model: dict[str, Any]) -> None:
    """An update of what was never created: not found for a resource type, a replacement for us (R18), said aloud."""
    answer = update(rig, "11111111-2222-4333-8444-555555555555", model, model)
    assert answer.status == "SUCCESS"
    assert listed(cloud) == {answer.physical_id} != {"11111111-2222-4333-8444-555555555555"}
    assert answer.at("WARNING") != []


def test_contract_delete_read(cloud: Cloud, deleted_resource: str) -> None:
    """What was deleted cannot be read."""
    with pytest.raises(cloud.client.exceptions.ResourceNotFoundException):
        read(cloud, deleted_resource)


def test_contract_delete_list(cloud: Cloud, deleted_resource: str) -> None:
    """What was deleted is not listed."""
    assert deleted_resource not in listed(cloud)


def test_contract_delete_update(rig: Rig, cloud: Cloud, deleted_resource: str, model: dict[str, Any]) -> None:
    """What was deleted cannot be updated: the update makes another one (R18)."""
    answer = update(rig, deleted_resource, model, {**model, "Name": "again"})
    assert (answer.status, answer.physical_id == deleted_resource) == ("SUCCESS", False)


def test_contract_delete_delete(rig: Rig, cloud: Cloud, deleted_resource: str) -> None:
    """A second delete: not found for a resource type, success for a custom resource."""
    cloud.forget_requests()
    assert delete(rig, deleted_resource).status == "SUCCESS"
    assert listed(cloud) == set()


def test_contract_delete_create(rig: Rig, cloud: Cloud, deleted_resource: str, model: dict[str, Any]) -> None:
    """What was deleted can be created again; by another request, as the same one is one that comes again (R08)."""
    answer = rig.send(event("create_fuota_task"), ResourceProperties=model, RequestId="another-request")
    assert (answer.status, answer.physical_id == deleted_resource) == ("SUCCESS", False)


def test_contract_delete_is_terminal(rig: Rig, cloud: Cloud, clock: Clock, created_resource: str) -> None:
    """A delete succeeds only once the resource is gone (or, at the latest moment, cannot come back)."""
    assert delete(rig, created_resource).status == "SUCCESS"
    assert created_resource not in [task["Id"] for task in cloud.client.list_fuota_tasks()["FuotaTaskList"]]


@pytest.mark.parametrize("action", ["Create", "Update", "Delete"])
def test_contract_failures_have_a_message_and_no_model(
    rig: Rig, cloud: Cloud, created_resource: str, model: dict[str, Any], action: str
) -> None:
    """A failure carries an error code and a message, the id, and no model; a success carries no error."""
    operation = {"Create": "CreateFuotaTask", "Update": "UpdateFuotaTask", "Delete": "DeleteFuotaTask"}[action]
    cloud.fault(operation, "validation-error", message="no")
    answer = rig.send(
        event(f"{action.lower()}_fuota_task"),
        PhysicalResourceId="" if action == "Create" else created_resource,
        RequestId=f"failing-{action}",
        ResourceProperties={**model, "Name": "changed"},
        OldResourceProperties=model,
    )
    assert answer.status == "FAILED"
    assert answer.physical_id
    assert answer.reason.startswith(f"ValidationException: no ({operation}, request id ")
    assert "Data" not in answer.body


def test_contract_write_only_properties_are_never_returned(rig: Rig, cloud: Cloud, model: dict[str, Any]) -> None:
    """An answer shows what identifies the resource and nothing of what was put into it."""
    answer = rig.send(event("create_fuota_task"), ResourceProperties=model)
    assert set(answer.data) == {"Arn", "Id"}


def test_contract_handlers_must_not_leak_resources(rig: Rig, cloud: Cloud, model: dict[str, Any]) -> None:
    """Whatever fails on the way, a failed create leaves nothing once CloudFormation has deleted the id it was told."""
    steps = (
        "CreateFuotaTask",
        "GetFuotaTask",
        "ListMulticastGroupsByFuotaTask",
        "AssociateMulticastGroupWithFuotaTask",
    )
    for step in steps:
        for fault in ("access-denied", "validation-error", "conflict"):
            cloud.heal()
            cloud.fault(step, fault, seconds=600)
            answer = rig.send(event("create_fuota_task"), ResourceProperties=model, RequestId=f"{step} {fault}")
            assert answer.status == "FAILED"
            cloud.heal()
            assert delete(rig, answer.physical_id).status == "SUCCESS"
            assert listed(cloud) == set(), (step, fault)


def test_contract_every_answer_comes_within_the_time_of_a_handler(
    rig: Rig, cloud: Cloud, clock: Clock, model: dict[str, Any]
) -> None:
    """A handler answers in time; ours does without any wait where nothing has to be waited for."""
    task_id = rig.send(event("create_fuota_task"), ResourceProperties=model).physical_id
    assert clock.elapsed == 0
    clock.time += 600
    update(rig, task_id, model, without(model, "Tags"))
    assert clock.slept == []


def test_contract_check_asserts_work() -> None:
    """Asserts are not stripped, or every other test here would be worth nothing."""
    with pytest.raises(AssertionError):
        assert __debug__ is False
