"""Wireless devices, profiles and destinations."""

import pytest

KEYS = {"OtaaV1_0_x": {"AppKey": "0" * 32, "AppEui": "1" * 16, "GenAppKey": "2" * 32}}
FPORTS = {"Fuota": 201, "Multicast": 200, "ClockSync": 202}


def test_a_device_is_found_by_its_id_and_its_dev_eui(client):
    profile = client.create_device_profile(LoRaWAN={"RfRegion": "EU868"})["Id"]
    service_profile = client.create_service_profile()["Id"]
    lorawan = {
        "DevEui": "00aa11bb22cc33dd",
        "DeviceProfileId": profile,
        "ServiceProfileId": service_profile,
        "FPorts": FPORTS,
        **KEYS,
    }
    parameters = {"Type": "LoRaWAN", "Name": "meter-1", "DestinationName": "readings", "LoRaWAN": lorawan}
    created = client.create_wireless_device(**parameters)
    for identifier, kind in ((created["Id"], "WirelessDeviceId"), ("00AA11BB22CC33DD", "DevEui")):
        got = client.get_wireless_device(Identifier=identifier, IdentifierType=kind)
        del got["ResponseMetadata"]
        assert got == {**parameters, "Id": created["Id"], "Arn": created["Arn"]}
    assert created["Arn"] == f"arn:aws:iotwireless:eu-west-1:123456789012:WirelessDevice/{created['Id']}"


@pytest.mark.parametrize("kind", ["WirelessDeviceId", "DevEui", "ThingName", "SidewalkManufacturingSn"])
def test_fails_on_a_device_that_is_not_there(client, refusal, kind):
    error = refusal(client.get_wireless_device, Identifier="nobody", IdentifierType=kind)
    assert (error["code"], error["ResourceType"]) == ("ResourceNotFoundException", "WirelessDevice")


def test_fails_on_a_dev_eui_that_is_taken(client, device, refusal):
    device_id = device(LoRaWAN={"DevEui": "00aa11bb22cc33dd"})
    parameters = {"Type": "LoRaWAN", "DestinationName": "readings", "LoRaWAN": {"DevEui": "00AA11BB22CC33DD"}}
    error = refusal(client.create_wireless_device, **parameters)
    assert (error["code"], error["ResourceId"]) == ("ConflictException", device_id)


@pytest.mark.parametrize(
    ("member", "kind"), [("DeviceProfileId", "DeviceProfile"), ("ServiceProfileId", "ServiceProfile")]
)
def test_fails_on_a_profile_that_is_not_there(client, device, refusal, member, kind):
    lorawan = {member: "nothing"}
    error = refusal(client.create_wireless_device, Type="LoRaWAN", DestinationName="readings", LoRaWAN=lorawan)
    assert (error["code"], error["ResourceType"]) == ("ResourceNotFoundException", kind)
    assert refusal(client.update_wireless_device, Id=device(), LoRaWAN=lorawan)["code"] == "ResourceNotFoundException"


def test_update_changes_only_what_is_given(client, device):
    device_id = device(Name="meter", LoRaWAN={"DevEui": "00aa11bb22cc33dd", "FPorts": FPORTS})
    client.update_wireless_device(
        Id=device_id, DestinationName="other", LoRaWAN={"FPorts": {"Positioning": {"Gnss": 9}}}
    )
    got = client.get_wireless_device(Identifier=device_id, IdentifierType="WirelessDeviceId")
    assert (got["Name"], got["DestinationName"]) == ("meter", "other")
    assert got["LoRaWAN"] == {"DevEui": "00aa11bb22cc33dd", "FPorts": {**FPORTS, "Positioning": {"Gnss": 9}}}


def test_list_filters(client, device, task):
    profiles = [client.create_device_profile()["Id"] for _ in range(2)]
    service_profile = client.create_service_profile()["Id"]
    first = device(LoRaWAN={"DeviceProfileId": profiles[0], "DevEui": "00aa11bb22cc33dd"})
    second = device(LoRaWAN={"DeviceProfileId": profiles[1], "ServiceProfileId": service_profile})
    third = device(DestinationName="other", Type="Sidewalk")
    task_id = task()
    client.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=second)

    def listed(**filters):
        return [item["Id"] for item in client.list_wireless_devices(**filters)["WirelessDeviceList"]]

    assert listed() == [first, second, third]
    assert listed(DestinationName="readings") == [first, second]
    assert listed(DeviceProfileId=profiles[0]) == [first]
    assert listed(ServiceProfileId=service_profile) == [second]
    assert listed(WirelessDeviceType="Sidewalk") == [third]
    assert listed(FuotaTaskId=task_id) == [second]
    assert listed(FuotaTaskId=task_id, DeviceProfileId=profiles[0]) == []
    assert listed(FuotaTaskId="nothing") == []
    assert listed(MulticastGroupId="nothing") == []
    (item,) = client.list_wireless_devices(DeviceProfileId=profiles[0])["WirelessDeviceList"]
    assert item == {
        "Id": first,
        "Arn": item["Arn"],
        "Type": "LoRaWAN",
        "DestinationName": "readings",
        "LoRaWAN": {"DevEui": "00aa11bb22cc33dd"},
    }


def test_a_deleted_device_is_gone_and_leaves_its_groups(client, device, group, refusal):
    device_id, group_id = device(), group()
    client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device_id)
    client.delete_wireless_device(Id=device_id)
    assert client.get_multicast_group(Id=group_id)["LoRaWAN"]["NumberOfDevicesInGroup"] == 0
    assert refusal(client.delete_wireless_device, Id=device_id)["code"] == "ResourceNotFoundException"


@pytest.mark.parametrize("kind", ["device_profile", "service_profile"])
def test_profiles_come_and_go(client, device, refusal, kind):
    name = "".join(word.capitalize() for word in kind.split("_"))
    created = getattr(client, f"create_{kind}")(Name="meter", LoRaWAN={})
    got = getattr(client, f"get_{kind}")(Id=created["Id"])
    assert (got["Arn"], got["Name"]) == (created["Arn"], "meter")
    assert f":{name}/" in created["Arn"]
    (item,) = getattr(client, f"list_{kind}s")()[f"{name}List"]
    assert item == {"Id": created["Id"], "Arn": created["Arn"], "Name": "meter"}
    user = device(LoRaWAN={f"{name}Id": created["Id"]})
    error = refusal(getattr(client, f"delete_{kind}"), Id=created["Id"])
    assert (error["code"], error["ResourceType"]) == ("ConflictException", name)
    client.delete_wireless_device(Id=user)
    getattr(client, f"delete_{kind}")(Id=created["Id"])
    assert refusal(getattr(client, f"get_{kind}"), Id=created["Id"])["code"] == "ResourceNotFoundException"


def test_device_profiles_are_listed_by_type(client):
    lorawan = client.create_device_profile(LoRaWAN={})["Id"]
    sidewalk = client.create_device_profile(Sidewalk={})["Id"]
    for kind, expected in (("LoRaWAN", lorawan), ("Sidewalk", sidewalk)):
        (item,) = client.list_device_profiles(DeviceProfileType=kind)["DeviceProfileList"]
        assert item["Id"] == expected


def test_destinations_come_and_go(client, device, refusal):
    parameters = {
        "Name": "readings",
        "ExpressionType": "MqttTopic",
        "Expression": "meters/readings",
        "RoleArn": "arn:aws:iam::123456789012:role/Readings",
    }
    created = client.create_destination(**parameters)
    assert created["Arn"] == "arn:aws:iotwireless:eu-west-1:123456789012:Destination/readings"
    assert refusal(client.create_destination, **parameters)["code"] == "ConflictException"
    client.update_destination(Name="readings", Description="all meters")
    got = client.get_destination(Name="readings")
    del got["ResponseMetadata"]
    assert got == {**parameters, "Arn": created["Arn"], "Description": "all meters"}
    assert client.list_destinations()["DestinationList"] == [got]
    user = device(DestinationName="readings")
    assert refusal(client.delete_destination, Name="readings")["code"] == "ConflictException"
    client.delete_wireless_device(Id=user)
    client.delete_destination(Name="readings")
    assert refusal(client.get_destination, Name="readings")["code"] == "ResourceNotFoundException"
