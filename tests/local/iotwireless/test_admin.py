"""The other admin routes: state, requests, clock, reset."""

import datetime
import json

import pytest

from fuota_constructs.local.iotwireless import IotWirelessService

CREATE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}
PLACE = {"account": "123456789012", "aws_region": "eu-west-1"}


def test_requests_are_logged_without_their_bodies(cloud, client, clock, refusal):
    clock.advance(5)
    task_id = client.create_fuota_task(**CREATE, Description="a secret")["Id"]
    refusal(client.get_fuota_task, Id="nothing")
    log = cloud.admin("GET", "requests")["requests"]
    assert log[0] == {
        "time": clock.time,
        "operation": "CreateFuotaTask",
        "mutates": True,
        "method": "POST",
        "path": "/fuota-tasks",
        "status": 201,
        "error": None,
        "account": "123456789012",
        "region": "eu-west-1",
        "accessKeyId": "123456789012",
    }
    assert (log[1]["operation"], log[1]["mutates"], log[1]["status"]) == ("GetFuotaTask", False, 404)
    assert log[1]["error"] == "ResourceNotFoundException"
    assert len(log) == 2
    assert "secret" not in json.dumps(log)
    assert task_id not in json.dumps(log)


def test_the_log_can_be_emptied(cloud, client):
    client.create_fuota_task(**CREATE)
    cloud.admin("DELETE", "requests")
    client.list_fuota_tasks()
    assert [entry["mutates"] for entry in cloud.admin("GET", "requests")["requests"]] == [False]


def test_unknown_paths_are_logged_without_operation(cloud):
    cloud.http("GET", "/nowhere")
    (entry,) = cloud.admin("GET", "requests")["requests"]
    assert (entry["operation"], entry["path"], entry["status"], entry["mutates"]) == (None, "/nowhere", 404, False)


def test_the_clock_moves_forward(cloud, client, task, group):
    task_id = task(FragmentSizeBytes=200, FragmentIntervalMS=3000)
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group())
    client.start_fuota_task(Id=task_id)
    before = cloud.admin("GET", "clock")
    assert cloud.admin("POST", "clock", advance_seconds=1800)["now"] == before["now"] + 1800
    assert client.get_fuota_task(Id=task_id)["Status"] == "In_FuotaSession"
    assert cloud.admin("POST", "clock", advance_seconds=1500)["advanced_seconds"] == 3300
    assert client.get_fuota_task(Id=task_id)["Status"] == "FuotaDone"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "advance_seconds is null; it must be a number"),
        ({"advance_seconds": 0}, "it must be over 0"),
        ({"advance_seconds": -5}, "it must be over 0"),
        ({"advance_seconds": "60"}, "it must be a number"),
        ({"advance_seconds": 1e300}, "at most"),
        ({"seconds": 60}, "unknown field seconds; allowed are advance_seconds"),
    ],
)
def test_fails_to_move_the_clock_otherwise(cloud, document, reason):
    answer = cloud.admin("POST", "clock", **document)
    assert answer["status"] == 400
    assert reason in answer["error"]
    assert cloud.admin("GET", "clock")["advanced_seconds"] == 0


def test_the_state_shows_everything_but_keys(cloud, client, task, group, clock):
    keys = {"OtaaV1_1": {"AppKey": "ab" * 16, "NwkKey": "cd" * 16, "JoinEui": "0" * 16}, "DevEui": "1" * 16}
    client.create_wireless_device(Type="LoRaWAN", Name="meter", DestinationName="d", LoRaWAN=keys)
    task_id, group_id = task(Name="v2", Tags=[{"Key": "a", "Value": "b"}]), group()
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    client.start_fuota_task(Id=task_id)
    answer = cloud.admin("GET", "state")
    (state,) = answer["states"]
    assert (answer["now"], state["account"], state["region"]) == (clock.time, "123456789012", "eu-west-1")
    (shown,) = state["fuotaTasks"]
    assert (shown["id"], shown["name"], shown["tags"]) == (task_id, "v2", {"a": "b"})
    assert (shown["status"], shown["multicastGroupIds"]) == ("FuotaSession_Waiting", [group_id])
    assert shown["startTime"] == clock.time + 1800
    assert (state["multicastGroups"][0]["status"], state["wirelessDevices"][0]["devEui"]) == (
        "Session_attempting",
        "1" * 16,
    )
    assert "abab" not in json.dumps(answer)
    assert "cdcd" not in json.dumps(answer)
    assert json.loads(json.dumps(cloud.service.state())) == {"now": answer["now"], "states": answer["states"]}


def test_the_state_does_not_change_in_the_hand(cloud, client, task, group):
    task_id = task()
    state = cloud.service.state()
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group())
    assert state["states"][0]["fuotaTasks"][0]["multicastGroupIds"] == []


def test_reset_forgets_everything(cloud, client):
    first = client.create_fuota_task(**CREATE, ClientRequestToken="t")["Id"]
    cloud.admin("POST", "clock", advance_seconds=60)
    cloud.admin("POST", "faults", operation="*", fault="throttle")
    assert cloud.admin("POST", "reset") == {"status": 200}
    assert cloud.admin("GET", "clock")["advanced_seconds"] == 0
    assert cloud.admin("GET", "requests")["requests"] == []
    assert cloud.admin("GET", "state")["states"] == []
    assert client.list_fuota_tasks()["FuotaTaskList"] == []
    assert client.create_fuota_task(**CREATE, ClientRequestToken="t")["Id"] != first


@pytest.mark.parametrize(("method", "route"), [("GET", "nothing"), ("PUT", "clock"), ("GET", "reset"), ("GET", "")])
def test_fails_on_a_route_that_is_not_there(cloud, method, route):
    answer = cloud.admin(method, route)
    assert answer["status"] == 404
    assert "POST /_fuota/faults" in answer["error"]


def test_the_log_of_requests_is_bounded(cloud, client):
    for number in range(3):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_fuota_task(Id=f"{number}" + "x" * 200)
        cloud.http("GET", f"/fuota-tasks/{number}{'x' * 50_000}", account="123456789012")
    short, long = cloud.admin("GET", "requests")["requests"][-2:]
    assert len(short["path"]) < 300
    assert len(long["path"]) == 1024 + len("...")
    assert long["path"].endswith("x...")


def test_admin_requests_are_not_logged(cloud):
    cloud.admin("GET", "state")
    assert cloud.admin("GET", "requests")["requests"] == []


def test_the_clock_of_the_machine_is_the_default():
    now = datetime.datetime.now(datetime.UTC).timestamp()
    assert abs(IotWirelessService().now() - now) < 3600


def test_stand_ins_have_the_ids_they_are_given(cloud, client, refusal):
    things = {"multicast_groups": {"g1": "US915", "g2": None}, "wireless_devices": ["d1"], "fuota_tasks": ["t1"]}
    for _ in range(2):  # what is there is left alone
        assert cloud.admin("POST", "stand-ins", **PLACE, **things) == {"status": 200}
    assert client.get_multicast_group(Id="g1")["LoRaWAN"]["RfRegion"] == "US915"
    assert client.get_multicast_group(Id="g2")["LoRaWAN"]["RfRegion"] == "EU868"
    assert client.get_wireless_device(Identifier="d1", IdentifierType="WirelessDeviceId")["Name"] == "stand-in"
    assert client.get_fuota_task(Id="t1")["Status"] == "Pending"
    assert len(client.list_multicast_groups()["MulticastGroupList"]) == 2


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "need account and aws_region"),
        ({"account": "1" * 12}, "need account and aws_region"),
        ({**PLACE, "groups": {}}, "unknown field groups"),
        ({**PLACE, "multicast_groups": ["g"]}, "give an RfRegion or null for each id"),
        ({**PLACE, "multicast_groups": {"g": 1}}, "give an RfRegion or null for each id"),
        ({**PLACE, "wireless_devices": "d"}, "give a list of ids"),
        ({**PLACE, "fuota_tasks": [""]}, "give a list of ids"),
        ({**PLACE, "account": "1"}, 'account is "1"; it must have 12 digits'),
        ({**PLACE, "aws_region": "r"}, 'aws_region is "r"; it must be the name of an AWS Region'),
    ],
)
def test_fails_to_make_stand_ins_of_something_else(cloud, document, message):
    answer = cloud.admin("POST", "stand-ins", **document)
    assert message in answer["error"]


@pytest.mark.parametrize(
    ("place", "message"), [({"account": "1"}, "it must have 12 digits"), ({"aws_region": "x"}, "an AWS Region")]
)
def test_fails_to_have_versions_reported_where_no_client_gets(cloud, place, message):
    table = {"table": "versions", "rollout": "Stack/Rollout", "version": "2.4.0"}
    assert message in cloud.admin("POST", "versions", **{**PLACE, **table, **place})["error"]
