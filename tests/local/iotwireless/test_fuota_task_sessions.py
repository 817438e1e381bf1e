"""The states of a FUOTA task: Pending, FuotaSession_Waiting, In_FuotaSession, FuotaDone, Delete_Waiting."""

import datetime
import json

import pytest

from fuota_constructs.local.iotwireless import SessionPolicy

HALF_AN_HOUR = 30 * 60


def at(clock, seconds):
    return datetime.datetime.fromtimestamp(clock.time + seconds, datetime.UTC)


@pytest.fixture
def ready(client, task, group):
    """A task with a group: 100,000 bytes in fragments of 200 every 3 seconds take 1500 seconds."""
    task_id = task(FragmentSizeBytes=200, FragmentIntervalMS=3000)
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group())
    return task_id


def status(client, task_id):
    return client.get_fuota_task(Id=task_id)["Status"]


def test_a_started_task_waits_runs_and_is_done(client, ready, clock):
    assert status(client, ready) == "Pending"
    client.start_fuota_task(Id=ready, LoRaWAN={"StartTime": at(clock, 3600)})
    assert client.get_fuota_task(Id=ready)["LoRaWAN"]["StartTime"] == at(clock, 3600)
    clock.advance(3599)
    assert status(client, ready) == "FuotaSession_Waiting"
    clock.advance(1)
    assert status(client, ready) == "In_FuotaSession"
    clock.advance(1499)
    assert status(client, ready) == "In_FuotaSession"
    clock.advance(1)
    assert status(client, ready) == "FuotaDone"


@pytest.mark.parametrize(
    ("redundancy", "interval_ms", "seconds"),
    [(0, 3000, 1500), (50, 3000, 2250), (100, 3000, 3000), (0, 1499, 500), (0, 1501, 1000), (0, 1, 500)],
)
def test_redundancy_and_interval_make_the_session_longer(client, ready, clock, *, redundancy, interval_ms, seconds):
    client.update_fuota_task(Id=ready, RedundancyPercent=redundancy, FragmentIntervalMS=interval_ms)
    client.start_fuota_task(Id=ready)
    clock.advance(HALF_AN_HOUR + seconds - 1)
    assert status(client, ready) == "In_FuotaSession"
    clock.advance(1)
    assert status(client, ready) == "FuotaDone"


def test_a_start_without_time_is_in_half_an_hour(client, ready, clock):
    clock.time += 0.9
    client.start_fuota_task(Id=ready)
    assert client.get_fuota_task(Id=ready)["LoRaWAN"]["StartTime"] == at(clock, HALF_AN_HOUR).replace(microsecond=0)


@pytest.mark.parametrize("seconds", [-3600, 0, HALF_AN_HOUR - 1])
def test_fails_to_start_earlier_than_in_half_an_hour(client, ready, clock, refusal, seconds):
    error = refusal(client.start_fuota_task, Id=ready, LoRaWAN={"StartTime": at(clock, seconds)})
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert f"StartTime is {seconds / 60:.1f} minutes from now" in error["message"]
    assert "30 minutes from now or later" in error["message"]
    assert status(client, ready) == "Pending"


def test_half_an_hour_ahead_is_enough_although_boto3_drops_the_fraction(client, ready, clock):
    clock.time += 0.9
    client.start_fuota_task(Id=ready, LoRaWAN={"StartTime": at(clock, HALF_AN_HOUR)})
    assert status(client, ready) == "FuotaSession_Waiting"


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "2027-13-01T00:00:00Z",
        "",
        1_800_010_000,
        "2027-02-01",
        "20270201T080000Z",
        "2027-W05-1T08:00:00Z",
        "2027-02-01T08:00:00",
        "2027-02-01T08:00Z",
        "9999-12-31T23:59:59-00:01",  # the year 10000 in UTC: the task could not be read any more
    ],
)
def test_fails_on_a_start_time_that_is_none(cloud, ready, text):
    body = json.dumps({"LoRaWAN": {"StartTime": text}}).encode()
    code, answer = cloud.http("PUT", f"/fuota-tasks/{ready}", body)
    assert code == 400
    assert "'loRaWAN.startTime'" in json.loads(answer)["Message"]


def test_fails_to_start_without_groups_and_devices(client, task, refusal):
    error = refusal(client.start_fuota_task, Id=task())
    assert error["code"] == "ConflictException"
    assert "has no multicast group and no wireless device" in error["message"]


def test_a_device_is_enough_to_start(client, task, device):
    task_id = task()
    client.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device())
    client.start_fuota_task(Id=task_id)
    assert status(client, task_id) == "FuotaSession_Waiting"


STATES = ["FuotaSession_Waiting", "In_FuotaSession", "FuotaDone", "Delete_Waiting"]


@pytest.fixture
def in_state(client, ready, clock):
    def bring(state):
        if state == "Delete_Waiting":
            client.delete_fuota_task(Id=ready)
        else:
            client.start_fuota_task(Id=ready)
            clock.advance({"FuotaSession_Waiting": 0, "In_FuotaSession": HALF_AN_HOUR, "FuotaDone": 86400}[state])
        assert status(client, ready) == state
        return ready

    return bring


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("operation", "target"),
    [
        ("start_fuota_task", None),
        ("update_fuota_task", None),
        ("associate_multicast_group_with_fuota_task", "MulticastGroupId"),
        ("disassociate_multicast_group_from_fuota_task", "MulticastGroupId"),
        ("associate_wireless_device_with_fuota_task", "WirelessDeviceId"),
        ("disassociate_wireless_device_from_fuota_task", "WirelessDeviceId"),
    ],
)
def test_fails_to_change_a_task_that_is_not_pending(client, in_state, refusal, *, state, operation, target):
    task_id = in_state(state)
    parameters = {target: "any"} if target else {}
    error = refusal(getattr(client, operation), Id=task_id, **parameters)
    assert (error["code"], error["status"]) == ("ConflictException", 409)
    assert (error["ResourceId"], error["ResourceType"]) == (task_id, "FuotaTask")
    assert f"it is {state}" in error["message"]


@pytest.mark.parametrize("state", STATES)
def test_a_task_in_any_state_can_be_deleted_and_tagged(client, in_state, clock, refusal, state):
    task_id = in_state(state)
    arn = client.get_fuota_task(Id=task_id)["Arn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "state", "Value": state}])
    client.delete_fuota_task(Id=task_id)
    assert status(client, task_id) == "Delete_Waiting"
    clock.advance(2)
    assert refusal(client.get_fuota_task, Id=task_id)["status"] == 404


@pytest.mark.parametrize(
    ("task_state", "group_state"),
    [
        ("FuotaSession_Waiting", "Session_attempting"),
        ("In_FuotaSession", "In_session"),
        ("FuotaDone", "Pending"),
    ],
)
def test_a_group_follows_the_session_of_its_task(client, in_state, task_state, group_state):
    task_id = in_state(task_state)
    group_id = client.list_multicast_groups_by_fuota_task(Id=task_id)["MulticastGroupList"][0]["Id"]
    assert client.get_multicast_group(Id=group_id)["Status"] == group_state


def test_devices_are_initial_and_in_the_end_successful(client, ready, device, clock):
    group_id = client.list_multicast_groups_by_fuota_task(Id=ready)["MulticastGroupList"][0]["Id"]
    client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device())
    client.start_fuota_task(Id=ready)

    def devices():
        return [
            item["FuotaDeviceStatus"] for item in client.list_wireless_devices(FuotaTaskId=ready)["WirelessDeviceList"]
        ]

    assert devices() == ["Initial"]
    clock.advance(86400)
    assert devices() == ["Successful"]


def test_another_policy_decides_otherwise(new_cloud, clock):
    policy = SessionPolicy(minimum_lead_seconds=0, default_lead_seconds=5, image_size_bytes=10, deletion_seconds=60)
    client = new_cloud(session=policy).client()
    task_id = client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="r", FragmentSizeBytes=10)[
        "Id"
    ]
    group_id = client.create_multicast_group(LoRaWAN={"RfRegion": "EU868"})["Id"]
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    client.start_fuota_task(Id=task_id)
    clock.advance(5 + 3)
    assert status(client, task_id) == "FuotaDone"
    client.delete_fuota_task(Id=task_id)
    clock.advance(59)
    assert status(client, task_id) == "Delete_Waiting"
