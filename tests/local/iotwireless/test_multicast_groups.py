"""Multicast groups: their life, their devices, messages to them."""

import base64
import datetime
import uuid

import pytest

LORAWAN = {
    "RfRegion": "EU868",
    "DlClass": "ClassB",
    "ParticipatingGateways": {"GatewayList": ["gateway-1"], "TransmissionInterval": 1000},
    "DefaultSessionParameters": {"DlDr": 3, "DlFreq": 869525000},
}


def test_get_gives_what_create_was_given(client, clock):
    created = client.create_multicast_group(Name="north", Description="meters", LoRaWAN=LORAWAN)
    assert uuid.UUID(created["Id"]).version == 4
    assert created["Arn"] == f"arn:aws:iotwireless:eu-west-1:123456789012:MulticastGroup/{created['Id']}"
    got = client.get_multicast_group(Id=created["Id"])
    del got["ResponseMetadata"]
    assert got == {
        "Arn": created["Arn"],
        "Id": created["Id"],
        "Name": "north",
        "Description": "meters",
        "Status": "Pending",
        "LoRaWAN": {**LORAWAN, "NumberOfDevicesRequested": 0, "NumberOfDevicesInGroup": 0},
        "CreatedAt": datetime.datetime.fromtimestamp(clock.time, datetime.UTC),
    }


def test_fails_to_create_without_lorawan(client, refusal):
    error = refusal(client.create_multicast_group, Name="north")
    assert error["code"] == "ValidationException"
    assert "Value null at 'loRaWAN' failed to satisfy constraint: Member must not be null" in error["message"]


def test_update_changes_only_what_is_given(client):
    group_id = client.create_multicast_group(Name="north", LoRaWAN=LORAWAN)["Id"]
    client.update_multicast_group(Id=group_id, LoRaWAN={"DlClass": "ClassC"})
    got = client.get_multicast_group(Id=group_id)
    assert (got["Name"], got["LoRaWAN"]["DlClass"], got["LoRaWAN"]["RfRegion"]) == ("north", "ClassC", "EU868")


def test_gateways_and_the_default_session_are_set_and_cleared(client, group):
    group_id = group()
    sending = {"GatewayList": ["b", "a"], "TransmissionInterval": 500}
    session = {"DlDr": 3, "DlFreq": 869_525_000}
    client.update_multicast_group(
        Id=group_id, LoRaWAN={"ParticipatingGateways": sending, "DefaultSessionParameters": session}
    )
    found = client.get_multicast_group(Id=group_id)["LoRaWAN"]
    assert (found["RfRegion"], found["ParticipatingGateways"], found["DefaultSessionParameters"]) == (
        "EU868",
        sending,
        session,
    )
    client.update_multicast_group(
        Id=group_id, LoRaWAN={"ParticipatingGateways": {"GatewayList": []}, "DefaultSessionParameters": {}}
    )
    found = client.get_multicast_group(Id=group_id)["LoRaWAN"]
    assert (found["ParticipatingGateways"], found["DefaultSessionParameters"]) == ({"GatewayList": []}, {})


@pytest.mark.parametrize(
    "lorawan",
    [
        {"ParticipatingGateways": {"GatewayList": ["g"] * 21}},
        {"ParticipatingGateways": {"TransmissionInterval": 60_001}},
        {"DefaultSessionParameters": {"DlDr": 16}},
        {"DefaultSessionParameters": {"DlFreq": 1_000_000_001}},
    ],
)
def test_fails_on_settings_beyond_the_limits_of_the_api(client, group, refusal, lorawan):
    assert refusal(client.update_multicast_group, Id=group(), LoRaWAN=lorawan)["code"] == "ValidationException"


def test_fails_when_devices_join_during_a_session_but_they_may_leave(client, group, device, clock, refusal):
    group_id, stays, goes = group(), device(), device()
    client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=goes)
    client.start_multicast_group_session(Id=group_id, LoRaWAN={"SessionTimeout": 3600})
    for _ in range(2):  # attempting, then in session
        join = client.associate_wireless_device_with_multicast_group
        assert refusal(join, Id=group_id, WirelessDeviceId=stays)["code"] == "ConflictException"
        change = {"DefaultSessionParameters": {"DlDr": 3}}
        assert refusal(client.update_multicast_group, Id=group_id, LoRaWAN=change)["code"] == "ConflictException"
        clock.advance(1800)
    client.disassociate_wireless_device_from_multicast_group(Id=group_id, WirelessDeviceId=goes)
    clock.advance(7200)
    for _ in range(2):
        client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=stays)
    assert client.get_multicast_group(Id=group_id)["LoRaWAN"]["NumberOfDevicesInGroup"] == 1


def test_list_names_every_group(client, group):
    first, second = group(Name="first"), group()
    groups = client.list_multicast_groups()["MulticastGroupList"]
    assert [(item["Id"], item.get("Name")) for item in groups] == [(first, "first"), (second, None)]


def test_delete_waits_and_then_the_group_is_gone(client, group, clock, refusal):
    group_id = group()
    client.delete_multicast_group(Id=group_id)
    assert client.get_multicast_group(Id=group_id)["Status"] == "Delete_waiting"
    client.delete_multicast_group(Id=group_id)
    error = refusal(client.update_multicast_group, Id=group_id)
    assert error["code"] == "ConflictException"
    clock.advance(2)
    for call in (client.get_multicast_group, client.delete_multicast_group):
        error = refusal(call, Id=group_id)
        assert (error["code"], error["ResourceType"]) == ("ResourceNotFoundException", "MulticastGroup")


def test_fails_to_delete_a_group_until_the_fuota_task_that_uses_it_is_gone(client, task, group, clock, refusal):
    group_id, task_id = group(), task()
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    for delete_task in (False, True):
        if delete_task:
            client.delete_fuota_task(Id=task_id)
        error = refusal(client.delete_multicast_group, Id=group_id)
        assert (error["code"], error["ResourceId"]) == ("ConflictException", group_id)
        assert f"is in use by FUOTA task {task_id}" in error["message"]
    clock.advance(2)
    client.delete_multicast_group(Id=group_id)


def test_a_group_a_task_let_go_can_be_deleted(client, task, group):
    group_id, task_id = group(), task()
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    client.disassociate_multicast_group_from_fuota_task(Id=task_id, MulticastGroupId=group_id)
    client.delete_multicast_group(Id=group_id)


def test_devices_join_and_leave(client, group, device):
    group_id, first, second = group(), device(), device()
    for device_id in (first, second, first):
        client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device_id)
    lorawan = client.get_multicast_group(Id=group_id)["LoRaWAN"]
    assert (lorawan["NumberOfDevicesRequested"], lorawan["NumberOfDevicesInGroup"]) == (2, 2)
    client.disassociate_wireless_device_from_multicast_group(Id=group_id, WirelessDeviceId=first)
    (item,) = client.list_wireless_devices(MulticastGroupId=group_id)["WirelessDeviceList"]
    assert (item["Id"], item["MulticastDeviceStatus"], item["McGroupId"]) == (second, "Multicast_setup_ready", 1)
    assert "FuotaDeviceStatus" not in item


def test_the_groups_of_a_device_are_numbered(client, group, device):
    device_id, groups = device(), [group(), group()]
    for group_id in groups:
        client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device_id)
    items = [client.list_wireless_devices(MulticastGroupId=group_id)["WirelessDeviceList"][0] for group_id in groups]
    assert [item["McGroupId"] for item in items] == [1, 2]


def test_fails_on_a_device_that_is_not_there(client, group, refusal):
    for call in (
        client.associate_wireless_device_with_multicast_group,
        client.disassociate_wireless_device_from_multicast_group,
    ):
        error = refusal(call, Id=group(), WirelessDeviceId="nobody")
        assert (error["code"], error["ResourceId"]) == ("ResourceNotFoundException", "nobody")


def test_fails_on_a_device_of_another_region(client, group, device, refusal):
    profile = client.create_device_profile(LoRaWAN={"RfRegion": "US915"})["Id"]
    device_id = device(LoRaWAN={"DeviceProfileId": profile})
    error = refusal(client.associate_wireless_device_with_multicast_group, Id=group(), WirelessDeviceId=device_id)
    assert error["code"] == "ValidationException"


def test_a_message_is_accepted_and_remembered(cloud, client, group):
    group_id = group()
    payload = base64.b64encode(b"hello").decode()
    parameters = {"Id": group_id, "PayloadData": payload, "WirelessMetadata": {"LoRaWAN": {"FPort": 200}}}
    answers = [client.send_data_to_multicast_group(**parameters) for _ in range(2)]
    assert len({answer["MessageId"] for answer in answers}) == 2
    (state,) = cloud.admin("GET", "state")["states"]
    assert state["multicastGroups"][0]["sentMessages"] == 2


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"PayloadData": "*"}, "payloadData"),
        ({"PayloadData": "A" * 2052}, "payloadData"),
        ({"WirelessMetadata": {"LoRaWAN": {"FPort": 224}}}, "wirelessMetadata.loRaWAN.fPort"),
        ({"WirelessMetadata": None}, "wirelessMetadata"),
    ],
)
def test_fails_on_a_message_that_cannot_be_sent(client, group, refusal, changes, member):
    parameters = {"PayloadData": "AAAA", "WirelessMetadata": {"LoRaWAN": {"FPort": 1}}, **changes}
    given = {name: value for name, value in parameters.items() if value is not None}
    error = refusal(client.send_data_to_multicast_group, Id=group(), **given)
    assert error["code"] == "ValidationException"
    assert f"at '{member}'" in error["message"]


def test_fails_on_a_message_to_a_group_that_is_being_deleted(client, group, refusal):
    group_id = group()
    client.delete_multicast_group(Id=group_id)
    error = refusal(client.send_data_to_multicast_group, Id=group_id, PayloadData="AAAA", WirelessMetadata={})
    assert error["code"] == "ConflictException"
