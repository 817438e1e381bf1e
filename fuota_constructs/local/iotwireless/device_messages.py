"""Messages for one wireless device, its thing, what was heard of it, and where gateways would connect.

The local cloud has no radio but that of its fleets: a message stays in the queue, and a device was never heard.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fuota_constructs.local.iotwireless.errors import conflict, invalid, not_found
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.pages import page
from fuota_constructs.local.iotwireless.store import WirelessDevice

_THING = re.compile(r"arn:aws[a-z-]*:iot:[a-z0-9-]+:\d{12}:thing/(?P<name>[a-zA-Z0-9:_-]{1,128})")
_ALL = "*"
# Nothing listens there. The names are AWS's, but for the top-level domain that no DNS has (RFC 6761, 6.4).
_ENDPOINTS = {
    "CUPS": "https://local.cups.lorawan.{region}.invalid:443",
    "LNS": "wss://local.lns.lorawan.{region}.invalid:443",
}


@dataclass(frozen=True)
class _Queued:
    serial: int
    described: dict[str, Any]


@operation("SendDataToWirelessDevice")
def send_data_to_wireless_device(call: Call) -> Answer:
    """Put a message into the device's queue, where it stays."""
    device = call.state.get(WirelessDevice, call.request["Id"])
    message = {
        "MessageId": str(uuid.uuid4()),
        "TransmitMode": call.request["TransmitMode"],
        "ReceivedAt": datetime.fromtimestamp(call.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "LoRaWAN": call.request.get("WirelessMetadata", {}).get("LoRaWAN"),
    }
    device.last_message += 1
    device.queued_messages.append({"serial": device.last_message, "described": message})
    return {"MessageId": message["MessageId"]}


@operation("ListQueuedMessages")
def list_queued_messages(call: Call) -> Answer:
    """List the messages of a device, oldest first."""
    queued = [_Queued(**message) for message in _device(call).queued_messages]
    return page(call, "DownlinkQueueMessagesList", queued, lambda message: message.described)


@operation("DeleteQueuedMessages")
def delete_queued_messages(call: Call) -> Answer:
    """Take a message out of the queue, or all of them with `*`; one that is not there is 404 (assumed)."""
    device, wanted = _device(call), call.request["MessageId"]
    kept = [message for message in device.queued_messages if wanted not in (_ALL, message["described"]["MessageId"])]
    if wanted != _ALL and len(kept) == len(device.queued_messages):
        raise not_found("Message", wanted)
    device.queued_messages = kept
    return None


@operation("AssociateWirelessDeviceWithThing")
def associate_wireless_device_with_thing(call: Call) -> Answer:
    """Give the device a thing; that AWS IoT has it is not checked, and a second one is a conflict (assumed)."""
    device, arn = call.state.get(WirelessDevice, call.request["Id"]), call.request["ThingArn"]
    match = _THING.fullmatch(arn)
    if match is None:
        raise invalid(f"ThingArn is {arn[:200]!r}; it must be arn:aws:iot:<region>:<account>:thing/<name>")
    if device.details.get("ThingArn") not in (None, arn):
        raise conflict("WirelessDevice", device.id, f"{device.id} has the thing {device.details['ThingArn']} already")
    device.details |= {"ThingArn": arn, "ThingName": match["name"]}
    return None


@operation("DisassociateWirelessDeviceFromThing")
def disassociate_wireless_device_from_thing(call: Call) -> Answer:
    """Take its thing from the device; without one it is 404 (assumed)."""
    device = call.state.get(WirelessDevice, call.request["Id"])
    if "ThingArn" not in device.details:
        raise not_found("Thing", device.id)
    del device.details["ThingArn"], device.details["ThingName"]
    return None


@operation("GetWirelessDeviceStatistics")
def get_wireless_device_statistics(call: Call) -> Answer:
    """Say what was heard of a device: nothing, as in the example of the AWS CLI's reference."""
    return {"WirelessDeviceId": call.state.get(WirelessDevice, call.request["WirelessDeviceId"]).id}


@operation("GetServiceEndpoint")
def get_service_endpoint(call: Call) -> Answer:
    """Name the endpoint of gateways, CUPS unless told (the CLI's reference); without a certificate, as it is none."""
    service = call.request.get("ServiceType", "CUPS")
    return {"ServiceType": service, "ServiceEndpoint": _ENDPOINTS[service].format(region=call.caller.region)}


def _device(call: Call) -> WirelessDevice:
    # Assumed: a device is not found where the request takes it for one of the other type.
    device = call.state.get(WirelessDevice, call.request["Id"])
    if call.request.get("WirelessDeviceType", device.details["Type"]) != device.details["Type"]:
        raise not_found("WirelessDevice", device.id)
    return device
