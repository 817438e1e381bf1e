"""The multicast groups or wireless devices of a FUOTA task."""

import pytest


def test_groups_are_listed_in_order_and_leave_again(client, task, group):
    task_id, first, second = task(), group(), group()
    for group_id in (first, second):
        client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    listed = client.list_multicast_groups_by_fuota_task(Id=task_id)["MulticastGroupList"]
    assert listed == [{"Id": first}, {"Id": second}]
    client.disassociate_multicast_group_from_fuota_task(Id=task_id, MulticastGroupId=first)
    assert client.list_multicast_groups_by_fuota_task(Id=task_id)["MulticastGroupList"] == [{"Id": second}]


def test_devices_are_found_by_their_task_and_leave_again(client, task, device):
    task_id, first, second = task(), device(), device()
    for device_id in (first, second):
        client.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device_id)

    def devices():
        return [item["Id"] for item in client.list_wireless_devices(FuotaTaskId=task_id)["WirelessDeviceList"]]

    assert devices() == [first, second]
    client.disassociate_wireless_device_from_fuota_task(Id=task_id, WirelessDeviceId=first)
    assert devices() == [second]


def test_a_repeated_association_changes_nothing(client, task, group):
    task_id, group_id = task(), group()
    for _ in range(2):
        client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    assert client.list_multicast_groups_by_fuota_task(Id=task_id)["MulticastGroupList"] == [{"Id": group_id}]


def test_fails_on_a_repeated_association_when_associations_are_strict(new_cloud, refusal):
    client = new_cloud(strict_associations=True).client()
    task_id = client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="r")["Id"]
    group_id = client.create_multicast_group(LoRaWAN={"RfRegion": "EU868"})["Id"]
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    error = refusal(client.associate_multicast_group_with_fuota_task, Id=task_id, MulticastGroupId=group_id)
    assert (error["code"], error["ResourceId"]) == ("ConflictException", task_id)


@pytest.mark.parametrize("verb", ["associate", "disassociate"])
@pytest.mark.parametrize(
    ("kind", "member"), [("multicast_group", "MulticastGroupId"), ("wireless_device", "WirelessDeviceId")]
)
def test_fails_on_a_target_that_is_not_there(client, task, refusal, *, verb, kind, member):
    joint = "with" if verb == "associate" else "from"
    error = refusal(getattr(client, f"{verb}_{kind}_{joint}_fuota_task"), **{"Id": task(), member: "nobody"})
    assert (error["code"], error["ResourceId"]) == ("ResourceNotFoundException", "nobody")
    assert error["ResourceType"] == member.removesuffix("Id")


def test_fails_on_devices_for_a_task_with_groups(client, task, group, device, refusal):
    task_id = task()
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group())
    error = refusal(client.associate_wireless_device_with_fuota_task, Id=task_id, WirelessDeviceId=device())
    assert (error["code"], error["status"]) == ("ConflictException", 409)
    assert "multicast groups or wireless devices, not both" in error["message"]


def test_fails_on_groups_for_a_task_with_devices(client, task, group, device, refusal):
    task_id = task()
    client.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device())
    error = refusal(client.associate_multicast_group_with_fuota_task, Id=task_id, MulticastGroupId=group())
    assert error["code"] == "ConflictException"
    assert "already has wireless devices" in error["message"]


def test_fails_on_a_group_of_another_region(client, task, group, refusal):
    task_id, group_id = task(LoRaWAN={"RfRegion": "EU868"}), group("US915")
    error = refusal(client.associate_multicast_group_with_fuota_task, Id=task_id, MulticastGroupId=group_id)
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert f"multicast group {group_id} is in RfRegion US915; {task_id} is in RfRegion EU868" in error["message"]


def test_fails_on_a_device_whose_profile_is_of_another_region(client, task, device, refusal):
    profile = client.create_device_profile(LoRaWAN={"RfRegion": "US915"})["Id"]
    parameters = {
        "Id": task(LoRaWAN={"RfRegion": "EU868"}),
        "WirelessDeviceId": device(LoRaWAN={"DeviceProfileId": profile}),
    }
    error = refusal(client.associate_wireless_device_with_fuota_task, **parameters)
    assert error["code"] == "ValidationException"
    assert "RfRegion US915" in error["message"]


def test_fails_when_an_update_moves_the_task_away_from_its_groups(client, task, group, refusal):
    task_id = task(LoRaWAN={"RfRegion": "EU868"})
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group("EU868"))
    error = refusal(client.update_fuota_task, Id=task_id, LoRaWAN={"RfRegion": "US915"}, Name="moved")
    assert error["code"] == "ValidationException"
    assert "Name" not in client.get_fuota_task(Id=task_id)


def test_fails_when_an_update_moves_a_group_away_from_its_task_or_devices(client, task, group, device, refusal):
    ours, moved = group("EU868"), {"RfRegion": "US915"}
    client.associate_multicast_group_with_fuota_task(Id=task(LoRaWAN={"RfRegion": "EU868"}), MulticastGroupId=ours)
    error = refusal(client.update_multicast_group, Id=ours, LoRaWAN=moved, Name="moved")
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert "Name" not in client.get_multicast_group(Id=ours)

    served = group("EU868")
    profile = client.create_device_profile(LoRaWAN={"RfRegion": "EU868"})["Id"]
    member = device(LoRaWAN={"DeviceProfileId": profile})
    client.associate_wireless_device_with_multicast_group(Id=served, WirelessDeviceId=member)
    error = refusal(client.update_multicast_group, Id=served, LoRaWAN=moved)
    assert f"wireless device {member} is in RfRegion EU868; {served} is in RfRegion US915" in error["message"]
    client.update_multicast_group(Id=served, LoRaWAN={"DlClass": "ClassB"})


def test_fails_when_an_update_moves_a_device_away_from_its_group(client, group, device, refusal):
    profiles = [client.create_device_profile(LoRaWAN={"RfRegion": name})["Id"] for name in ("EU868", "US915")]
    ours, member = group("EU868"), device(LoRaWAN={"DeviceProfileId": profiles[0]})
    client.associate_wireless_device_with_multicast_group(Id=ours, WirelessDeviceId=member)
    error = refusal(client.update_wireless_device, Id=member, LoRaWAN={"DeviceProfileId": profiles[1]})
    assert error["code"] == "ValidationException"
    assert f"wireless device {member} is in RfRegion US915; {ours} is in RfRegion EU868" in error["message"]
    client.update_wireless_device(Id=member, LoRaWAN={"DeviceProfileId": profiles[0]})


def test_a_task_without_region_takes_any_group(client, task, group):
    client.associate_multicast_group_with_fuota_task(Id=task(), MulticastGroupId=group("US915"))


def test_fails_on_devices_for_a_task_with_a_fragment_size(client, task, device, refusal):
    parameters = {"Id": task(FragmentSizeBytes=100), "WirelessDeviceId": device()}
    error = refusal(client.associate_wireless_device_with_fuota_task, **parameters)
    assert error["code"] == "ValidationException"
    assert "FragmentSizeBytes is supported only for FUOTA tasks with multicast groups" in error["message"]


def test_fails_on_a_fragment_size_for_a_task_with_devices(client, task, device, refusal):
    task_id = task()
    client.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device())
    client.update_fuota_task(Id=task_id, RedundancyPercent=10)
    error = refusal(client.update_fuota_task, Id=task_id, FragmentSizeBytes=100)
    assert error["code"] == "ValidationException"


def test_fails_on_a_group_that_is_being_deleted(client, task, group, refusal):
    group_id = group()
    client.delete_multicast_group(Id=group_id)
    error = refusal(client.associate_multicast_group_with_fuota_task, Id=task(), MulticastGroupId=group_id)
    assert (error["code"], error["ResourceId"]) == ("ConflictException", group_id)


def test_a_deleted_device_leaves_its_tasks(client, task, device):
    task_id, device_id = task(), device()
    client.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device_id)
    client.delete_wireless_device(Id=device_id)
    assert client.list_wireless_devices(FuotaTaskId=task_id)["WirelessDeviceList"] == []
    client.update_fuota_task(Id=task_id, LoRaWAN={"RfRegion": "EU868"})
