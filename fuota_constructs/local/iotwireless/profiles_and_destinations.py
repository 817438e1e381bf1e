"""Device profiles, service profiles and destinations, as far as wireless devices need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.errors import conflict
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.pages import page
from fuota_constructs.local.iotwireless.store import Destination, DeviceProfile, ServiceProfile, WirelessDevice

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.store import Resource

# What a service profile has that nobody gave: the values of get-service-profile's example in the AWS CLI's reference
# (assumed to be the defaults), and those that the API's model calls defaults (TxPowerIndexMin to NbTransMax). The
# example has neither policies nor a channel mask.
_NETWORK_VALUES = {
    "UlRate": 60,
    "UlBucketSize": 4096,
    "DlRate": 60,
    "DlBucketSize": 4096,
    "AddGwMetadata": False,
    "DevStatusReqFreq": 24,
    "ReportDevStatusBattery": False,
    "ReportDevStatusMargin": False,
    "DrMin": 0,
    "DrMax": 15,
    "PrAllowed": False,
    "HrAllowed": False,
    "RaAllowed": False,
    "NwkGeoLoc": False,
    "TargetPer": 5,
    "MinGwDiversity": 1,
    "TxPowerIndexMin": 0,
    "TxPowerIndexMax": 15,
    "NbTransMin": 0,
    "NbTransMax": 3,
}


@operation("CreateDeviceProfile")
def create_device_profile(call: Call) -> Answer:
    """Create a device profile."""
    profile = call.state.add(DeviceProfile, call.now, call.request)
    return {"Arn": profile.arn, "Id": profile.id}


@operation("GetDeviceProfile")
def get_device_profile(call: Call) -> Answer:
    """Describe a device profile."""
    profile = call.state.get(DeviceProfile, call.request["Id"])
    return {**profile.details, "Arn": profile.arn, "Id": profile.id}


@operation("DeleteDeviceProfile")
def delete_device_profile(call: Call) -> Answer:
    """Delete a device profile no device has (assumed: ConflictException otherwise)."""
    profile = call.state.get(DeviceProfile, call.request["Id"])
    _check_unused(call, profile, "DeviceProfileId")
    call.state.remove(profile)
    return None


@operation("ListDeviceProfiles")
def list_device_profiles(call: Call) -> Answer:
    """List device profiles, all or those of one type."""
    profiles = [
        profile
        for profile in call.state.all(DeviceProfile).values()
        if call.request.get("DeviceProfileType") in {None, "Sidewalk" if "Sidewalk" in profile.details else "LoRaWAN"}
    ]
    return page(call, "DeviceProfileList", profiles, _id_arn_name)


@operation("CreateServiceProfile")
def create_service_profile(call: Call) -> Answer:
    """Create a service profile."""
    profile = call.state.add(ServiceProfile, call.now, call.request)
    return {"Arn": profile.arn, "Id": profile.id}


@operation("GetServiceProfile")
def get_service_profile(call: Call) -> Answer:
    """Describe a service profile, with the network's values where none were given."""
    profile = call.state.get(ServiceProfile, call.request["Id"])
    lorawan = {**_NETWORK_VALUES, **profile.details.get("LoRaWAN", {})}
    return {**profile.details, "LoRaWAN": lorawan, "Arn": profile.arn, "Id": profile.id}


@operation("DeleteServiceProfile")
def delete_service_profile(call: Call) -> Answer:
    """Delete a service profile no device has (assumed: ConflictException otherwise)."""
    profile = call.state.get(ServiceProfile, call.request["Id"])
    _check_unused(call, profile, "ServiceProfileId")
    call.state.remove(profile)
    return None


@operation("ListServiceProfiles")
def list_service_profiles(call: Call) -> Answer:
    """List service profiles."""
    return page(call, "ServiceProfileList", call.state.all(ServiceProfile).values(), _id_arn_name)


@operation("CreateDestination")
def create_destination(call: Call) -> Answer:
    """Create a destination; its name is unique (assumed: ConflictException otherwise)."""
    name = call.request["Name"]
    if name in call.state.all(Destination):
        raise conflict("Destination", name, f"destination {name} already exists")
    destination = call.state.add(Destination, call.now, call.request, name)
    return {"Arn": destination.arn, "Name": destination.id}


@operation("GetDestination")
def get_destination(call: Call) -> Answer:
    """Describe a destination."""
    destination = call.state.get(Destination, call.request["Name"])
    return {**destination.details, "Arn": destination.arn}


@operation("UpdateDestination")
def update_destination(call: Call) -> Answer:
    """Change the fields that are given."""
    call.state.get(Destination, call.request["Name"]).details.update(call.request)
    return None


@operation("DeleteDestination")
def delete_destination(call: Call) -> Answer:
    """Delete a destination no device has (assumed: ConflictException otherwise)."""
    destination = call.state.get(Destination, call.request["Name"])
    for device in call.state.all(WirelessDevice).values():
        if device.details["DestinationName"] == destination.id:
            raise conflict("Destination", destination.id, f"destination {destination.id} is used by {device.id}")
    call.state.remove(destination)
    return None


@operation("ListDestinations")
def list_destinations(call: Call) -> Answer:
    """List destinations."""
    destinations = call.state.all(Destination).values()
    return page(call, "DestinationList", destinations, lambda item: {**item.details, "Arn": item.arn})


def _id_arn_name(resource: Resource) -> dict[str, Any]:
    return {"Id": resource.id, "Arn": resource.arn, "Name": resource.details.get("Name")}


def _check_unused(call: Call, profile: Resource, member: str) -> None:
    for device in call.state.all(WirelessDevice).values():
        if device.details.get("LoRaWAN", {}).get(member) == profile.id:
            kind = type(profile).__name__
            raise conflict(kind, profile.id, f"{kind} {profile.id} is used by wireless device {device.id}")
