"""FUOTA tasks: create, read, change, delete, list."""

import datetime
import json
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

REGIONS = [
    *["EU868", "US915", "AU915", "AS923-1", "AS923-2", "AS923-3", "AS923-4"],
    *["EU433", "CN470", "CN779", "RU864", "KR920", "IN865"],
]
PARAMETERS = {
    "Name": "meters-v2",
    "Description": "meters, second generation",
    "LoRaWAN": {"RfRegion": "EU868"},
    "FirmwareUpdateImage": "s3://firmware/v2.bin",
    "FirmwareUpdateRole": "arn:aws:iam::123456789012:role/Firmware",
    "RedundancyPercent": 20,
    "FragmentSizeBytes": 200,
    "FragmentIntervalMS": 3000,
    "Descriptor": "AQIDBA==",
}


def test_create_answers_the_arn_and_a_uuid(client):
    created = client.create_fuota_task(**PARAMETERS)
    assert uuid.UUID(created["Id"]).version == 4
    assert created["Arn"] == f"arn:aws:iotwireless:eu-west-1:123456789012:FuotaTask/{created['Id']}"
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201


def test_get_gives_what_create_was_given(client, clock):
    created = client.create_fuota_task(**PARAMETERS, Tags=[{"Key": "fleet", "Value": "north"}])
    got = client.get_fuota_task(Id=created["Id"])
    del got["ResponseMetadata"]
    assert got == {
        **PARAMETERS,
        "Arn": created["Arn"],
        "Id": created["Id"],
        "Status": "Pending",
        "CreatedAt": datetime.datetime.fromtimestamp(clock.time, datetime.UTC),
    }


def test_get_has_no_member_that_was_not_given(client, task):
    got = client.get_fuota_task(Id=task())
    assert set(got) == {
        "Arn",
        "Id",
        "Status",
        "CreatedAt",
        "FirmwareUpdateImage",
        "FirmwareUpdateRole",
        "ResponseMetadata",
    }


def test_created_at_is_epoch_seconds_and_start_time_iso_8601_on_the_wire(cloud, client, task, group, clock):
    clock.time += 0.25
    task_id = task()
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group())
    client.start_fuota_task(Id=task_id, LoRaWAN={"StartTime": "2027-01-15T10:00:00+01:00"})
    document = json.loads(cloud.http("GET", f"/fuota-tasks/{task_id}", account="123456789012")[1])
    assert document["CreatedAt"] == 1_800_000_000.25
    assert document["LoRaWAN"]["StartTime"] == "2027-01-15T09:00:00Z"


def test_update_changes_only_what_is_given(client, task):
    task_id = task(**PARAMETERS)
    client.update_fuota_task(Id=task_id, RedundancyPercent=50, Description="")
    got = client.get_fuota_task(Id=task_id)
    assert {name: got[name] for name in PARAMETERS} == {**PARAMETERS, "RedundancyPercent": 50, "Description": ""}


@pytest.mark.parametrize("lorawan", [{}, {"RfRegion": "US915"}])
def test_update_of_lorawan_keeps_what_it_does_not_name(client, task, lorawan):
    task_id = task(**PARAMETERS)
    client.update_fuota_task(Id=task_id, LoRaWAN=lorawan)
    assert client.get_fuota_task(Id=task_id)["LoRaWAN"] == {"RfRegion": "EU868", **lorawan}


def test_delete_waits_and_then_the_task_is_gone(client, task, clock, refusal):
    task_id = task()
    client.delete_fuota_task(Id=task_id)
    assert client.get_fuota_task(Id=task_id)["Status"] == "Delete_Waiting"
    client.delete_fuota_task(Id=task_id)
    clock.advance(2)
    for call in (client.get_fuota_task, client.delete_fuota_task, client.update_fuota_task, client.start_fuota_task):
        error = refusal(call, Id=task_id)
        assert (error["code"], error["status"]) == ("ResourceNotFoundException", 404)
        assert (error["ResourceId"], error["ResourceType"]) == (task_id, "FuotaTask")
    assert client.list_fuota_tasks()["FuotaTaskList"] == []


def test_a_second_delete_does_not_prolong_the_first(client, task, clock, refusal):
    task_id = task()
    client.delete_fuota_task(Id=task_id)
    clock.advance(1.5)
    client.delete_fuota_task(Id=task_id)
    clock.advance(0.5)
    assert refusal(client.get_fuota_task, Id=task_id)["status"] == 404


def test_list_names_every_task(client, task):
    first, second = task(Name="first"), task()
    tasks = client.list_fuota_tasks()["FuotaTaskList"]
    assert [(item["Id"], item.get("Name")) for item in tasks] == [(first, "first"), (second, None)]


@pytest.mark.parametrize(
    "strange_id", ["nothing", "arn:aws:iotwireless:eu-west-1:123456789012:FuotaTask/x", "a b", "%2F"]
)
def test_fails_on_an_id_that_is_no_task(client, refusal, strange_id):
    error = refusal(client.get_fuota_task, Id=strange_id)
    assert (error["code"], error["status"]) == ("ResourceNotFoundException", 404)
    assert strange_id in error["message"]


def test_fails_on_an_empty_id(client, refusal):
    error = refusal(client.get_fuota_task, Id="")
    assert error["code"] == "ValidationException"
    assert "'id'" in error["message"]


def test_create_looks_at_neither_image_nor_role(client):
    assert client.create_fuota_task(FirmwareUpdateImage="no uri at all", FirmwareUpdateRole="nobody")["Id"]


@pytest.mark.parametrize("operation", ["create_fuota_task", "update_fuota_task"])
def test_fails_when_the_role_may_not_be_passed(cloud, client, task, refusal, operation):
    task_id, asked = task(), []

    def pass_role(question):
        asked.append((question.role_arn, question.operation, question.service, question.caller.access_key_id))
        return "not authorized to perform iam:PassRole"

    cloud.service.pass_role = pass_role
    fields = {"Id": task_id} if operation.startswith("update") else {"FirmwareUpdateImage": "s3://b/k"}
    error = refusal(getattr(client, operation), FirmwareUpdateRole="other", **fields)
    assert (error["code"], error["status"]) == ("AccessDeniedException", 403)
    assert error["message"] == "not authorized to perform iam:PassRole"
    name = "".join(word.capitalize() for word in operation.split("_"))
    assert asked == [("other", name, "iotwireless.amazonaws.com", "123456789012")]
    assert len(client.list_fuota_tasks()["FuotaTaskList"]) == 1
    assert client.get_fuota_task(Id=task_id)["FirmwareUpdateRole"] == "role"


def test_an_update_without_a_role_passes_none(cloud, client, task):
    task_id = task()
    cloud.service.pass_role = lambda _: "refused"
    client.update_fuota_task(Id=task_id, Name="renamed")


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=256)
integers = st.integers(1, 2**31 - 1)
create_requests = st.fixed_dictionaries(
    {"FirmwareUpdateImage": text.filter(bool), "FirmwareUpdateRole": text.filter(bool)},
    optional={
        "Name": text,
        "Description": text,
        "LoRaWAN": st.fixed_dictionaries({"RfRegion": st.sampled_from(REGIONS)}),
        "RedundancyPercent": st.integers(0, 100),
        "FragmentSizeBytes": integers,
        "FragmentIntervalMS": integers,
        "Descriptor": st.from_regex(
            r"(?:[A-Za-z0-9+/]{4}){0,82}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", fullmatch=True
        ),
    },
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(request=create_requests)
def test_every_valid_create_comes_back_from_get(client, request):
    got = client.get_fuota_task(Id=client.create_fuota_task(**request)["Id"])
    assert {name: value for name, value in got.items() if name in PARAMETERS} == request
