"""Wireless devices: their life, and their part in FUOTA tasks and multicast groups."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.errors import conflict, not_found
from fuota_constructs.local.iotwireless.fuota_task_rules import check_region_among_owners
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.pages import page
from fuota_constructs.local.iotwireless.sessions import device_ids_of_task
from fuota_constructs.local.iotwireless.store import (
    DeviceProfile,
    FuotaTask,
    MulticastGroup,
    ServiceProfile,
    WirelessDevice,
)

if TYPE_CHECKING:
    from collections.abc import Container

    from fuota_constructs.local.iotwireless.store import RegionalState

# A free string in the model; the documented state is "Multicast setup ready", the spelling is assumed.
MULTICAST_SETUP_READY = "Multicast_setup_ready"


@operation("CreateWirelessDevice")
def create_wireless_device(call: Call) -> Answer:
    """Create a device.

    Assumed: a DevEui is unique in the region, profiles must exist, the destination is only a name.
    """
    lorawan = call.request.get("LoRaWAN", {})
    _check_profiles(call.state, lorawan)
    if dev_eui := lorawan.get("DevEui"):
        for device in _devices_with_dev_eui(call.state, dev_eui):
            raise conflict("WirelessDevice", device.id, f"DevEui {dev_eui} already belongs to device {device.id}")
    device = call.state.add(WirelessDevice, call.now, call.request)
    return {"Arn": device.arn, "Id": device.id}


@operation("GetWirelessDevice")
def get_wireless_device(call: Call) -> Answer:
    """Describe a device found by its id, its DevEui or the name of its thing."""
    identifier, identifier_type = call.request["Identifier"], call.request["IdentifierType"]
    match identifier_type:
        case "WirelessDeviceId":
            device = call.state.get(WirelessDevice, identifier)
        case "DevEui":
            device = _first(_devices_with_dev_eui(call.state, identifier), identifier)
        case "ThingName":
            devices = call.state.all(WirelessDevice).values()
            device = _first([each for each in devices if each.details.get("ThingName") == identifier], identifier)
        case _:
            raise not_found("WirelessDevice", identifier)
    return {**device.details, "Id": device.id, "Arn": device.arn}


@operation("UpdateWirelessDevice")
def update_wireless_device(call: Call) -> Answer:
    """Change the fields that are given."""
    device = call.state.get(WirelessDevice, call.request["Id"])
    changes = {name: value for name, value in call.request.items() if name != "Id"}
    _check_profiles(call.state, changes.get("LoRaWAN", {}))
    if profile := changes.get("LoRaWAN", {}).get("DeviceProfileId"):
        region = call.state.get(DeviceProfile, profile).details.get("LoRaWAN", {}).get("RfRegion")
        check_region_among_owners(call.state, device, region)
    device.details = _merged(device.details, changes)
    return None


@operation("DeleteWirelessDevice")
def delete_wireless_device(call: Call) -> Answer:
    """Delete a device, also out of its tasks and groups: the operation models no ConflictException."""
    device = call.state.get(WirelessDevice, call.request["Id"])
    call.state.remove(device)
    owners: list[FuotaTask | MulticastGroup] = [
        *call.state.all(FuotaTask).values(),
        *call.state.all(MulticastGroup).values(),
    ]
    for owner in owners:
        if device.id in owner.wireless_device_ids:
            owner.wireless_device_ids.remove(device.id)
    return None


@operation("ListWirelessDevices")
def list_wireless_devices(call: Call) -> Answer:
    """List devices; with a task or group as filter each one has its status there.

    Assumed: a task's devices are those of its groups too; an unknown task or group has no devices.
    """
    request, state = call.request, call.state
    task = state.all(FuotaTask).get(request.get("FuotaTaskId", ""))
    group = state.all(MulticastGroup).get(request.get("MulticastGroupId", ""))
    of_task = of_group = None
    if "FuotaTaskId" in request:
        of_task = device_ids_of_task(state, task) if task else set()
    if "MulticastGroupId" in request:
        of_group = set(group.wireless_device_ids) if group else set()
    devices = [
        device for device in state.all(WirelessDevice).values() if _passes_filters(call, device, of_task, of_group)
    ]

    def describe(device: WirelessDevice) -> dict[str, Any]:
        lorawan = device.details.get("LoRaWAN")
        item = {
            "Arn": device.arn,
            "Id": device.id,
            "Type": device.details["Type"],
            "Name": device.details.get("Name"),
            "DestinationName": device.details["DestinationName"],
            "LoRaWAN": {"DevEui": lorawan.get("DevEui")} if lorawan is not None else None,
            "Positioning": device.details.get("Positioning"),
        }
        if (heard := call.sessions.heard(device.id, call.now)) is not None:
            item["LastUplinkReceivedAt"] = datetime.fromtimestamp(heard, UTC).isoformat().replace("+00:00", "Z")
        if task:
            item["FuotaDeviceStatus"] = call.sessions.device_status(task, device.id, call.now)
        if group:
            item |= _in_group(call, device, group)
        return item

    return page(call, "WirelessDeviceList", devices, describe)


def _passes_filters(
    call: Call, device: WirelessDevice, of_task: Container[str] | None, of_group: Container[str] | None
) -> bool:
    request, details = call.request, device.details
    lorawan = details.get("LoRaWAN", {})
    wanted_and_actual = [
        (request.get("DestinationName"), details["DestinationName"]),
        (request.get("WirelessDeviceType"), details["Type"]),
        (request.get("DeviceProfileId"), lorawan.get("DeviceProfileId")),
        (request.get("ServiceProfileId"), lorawan.get("ServiceProfileId")),
    ]
    if any(wanted is not None and wanted != actual for wanted, actual in wanted_and_actual):
        return False
    return all(ids is None or device.id in ids for ids in (of_task, of_group))


def _in_group(call: Call, device: WirelessDevice, group: MulticastGroup) -> dict[str, Any]:
    # McGroupId counts from 1, the model's minimum (assumed: one more than TS005's).
    member = call.sessions.air.member(group.id, device.id) if call.sessions.has_fleet else None
    if member is None:
        number = _group_number(call.state, device, group)
        return {"MulticastDeviceStatus": MULTICAST_SETUP_READY, "McGroupId": number}
    status = call.sessions.air.status(group, call.state, member, call.now)
    return {
        "MulticastDeviceStatus": status,
        "McGroupId": None if member.mc_group_id is None else member.mc_group_id + 1,
    }


def _group_number(state: RegionalState, device: WirelessDevice, group: MulticastGroup) -> int:
    # Assumed: McGroupId counts the groups of a device.
    groups = [item.id for item in state.all(MulticastGroup).values() if device.id in item.wireless_device_ids]
    return groups.index(group.id) + 1


def _devices_with_dev_eui(state: RegionalState, dev_eui: str) -> list[WirelessDevice]:
    return [
        device
        for device in state.all(WirelessDevice).values()
        if str(device.details.get("LoRaWAN", {}).get("DevEui", "")).lower() == dev_eui.lower()
    ]


def _first(found: list[WirelessDevice], identifier: str) -> WirelessDevice:
    if not found:
        raise not_found("WirelessDevice", identifier)
    return found[0]


def _check_profiles(state: RegionalState, lorawan: dict[str, Any]) -> None:
    if "DeviceProfileId" in lorawan:
        state.get(DeviceProfile, lorawan["DeviceProfileId"])
    if "ServiceProfileId" in lorawan:
        state.get(ServiceProfile, lorawan["ServiceProfileId"])


def _merged(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in changes.items():
        present = merged.get(name)
        merged[name] = _merged(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return merged
