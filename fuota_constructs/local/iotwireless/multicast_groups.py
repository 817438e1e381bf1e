"""Multicast groups: their life, their devices and the messages sent to them."""

from __future__ import annotations

import uuid

from fuota_constructs.local.iotwireless.errors import conflict, invalid
from fuota_constructs.local.iotwireless.fuota_task_rules import check_region_among_owners, check_same_region
from fuota_constructs.local.iotwireless.fuota_task_targets import add_member, remove_member
from fuota_constructs.local.iotwireless.model import service_model
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.pages import page
from fuota_constructs.local.iotwireless.session import MulticastGroupStatus, group_status, tasks_of_group
from fuota_constructs.local.iotwireless.store import MulticastGroup, WirelessDevice


@operation("CreateMulticastGroup")
def create_multicast_group(call: Call) -> Answer:
    """Create a Pending group."""
    group = call.state.add(MulticastGroup, call.now, call.request)
    return {"Arn": group.arn, "Id": group.id}


@operation("GetMulticastGroup")
def get_multicast_group(call: Call) -> Answer:
    """Describe a group; devices that no fleet made are in it at once."""
    group = call.state.get(MulticastGroup, call.request["Id"])
    devices = in_group = len(group.wireless_device_ids)
    if call.sessions.has_fleet:
        in_group -= sum(not member.ready(call.now) for member in call.sessions.air.served(group.id).members.values())
    return {
        **group.details,
        "Arn": group.arn,
        "Id": group.id,
        "Status": group_status(group, call.state, call.now),
        "CreatedAt": group.created_at,
        "LoRaWAN": {
            **group.details["LoRaWAN"],
            "NumberOfDevicesRequested": devices,
            "NumberOfDevicesInGroup": in_group,
        },
    }


@operation("UpdateMulticastGroup")
def update_multicast_group(call: Call) -> Answer:
    """Change the fields that are given, outside of sessions (assumed)."""
    group = idle_group(call)
    changes = {name: value for name, value in call.request.items() if name != "Id"}
    region = changes.get("LoRaWAN", {}).get("RfRegion")
    check_region_among_owners(call.state, group, region)
    for device_id in group.wireless_device_ids:
        check_same_region(call.state, group.id, region, call.state.get(WirelessDevice, device_id))
    if "LoRaWAN" in changes:
        changes["LoRaWAN"] = {**group.details["LoRaWAN"], **changes["LoRaWAN"]}
    group.details.update(changes)
    return None


@operation("DeleteMulticastGroup")
def delete_multicast_group(call: Call) -> Answer:
    """Delete a group "if it is not in use by a FUOTA task".

    Assumed: every task that still exists uses its groups, whatever its status and even in Delete_Waiting; so does
    a multicast session. Deleting again while the deletion goes on is no error.
    """
    group = call.state.get(MulticastGroup, call.request["Id"])
    if group.gone_time is not None:
        return None
    if tasks := tasks_of_group(group, call.state):
        ids = ", ".join(task.id for task in tasks)
        raise conflict("MulticastGroup", group.id, f"multicast group {group.id} is in use by FUOTA task {ids}")
    idle_group(call)
    group.gone_time = call.now + call.settings.session.deletion_seconds
    return None


@operation("ListMulticastGroups")
def list_multicast_groups(call: Call) -> Answer:
    """List all groups."""
    groups = call.state.all(MulticastGroup).values()
    return page(
        call,
        "MulticastGroupList",
        groups,
        lambda group: {"Id": group.id, "Arn": group.arn, "Name": group.details.get("Name")},
    )


@operation("AssociateWirelessDeviceWithMulticastGroup")
def associate_wireless_device(call: Call) -> Answer:
    """Add a device to a group that is not in session (assumed)."""
    group = idle_group(call)
    device = call.state.get(WirelessDevice, call.request["WirelessDeviceId"])
    check_same_region(call.state, group.id, group.details["LoRaWAN"].get("RfRegion"), device)
    add_member(call, group, group.wireless_device_ids, device)
    return None


@operation("DisassociateWirelessDeviceFromMulticastGroup")
def disassociate_wireless_device(call: Call) -> Answer:
    """Take a device out of a group, at any time: the operation models no ConflictException."""
    group = call.state.get(MulticastGroup, call.request["Id"])
    remove_member(group, group.wireless_device_ids, "WirelessDevice", call.request["WirelessDeviceId"])
    return None


@operation("SendDataToMulticastGroup")
def send_data_to_multicast_group(call: Call) -> Answer:
    """Accept a message and remember it; nothing is transmitted."""
    group = call.state.get(MulticastGroup, call.request["Id"])
    if group.gone_time is not None:
        raise conflict("MulticastGroup", group.id, f"multicast group {group.id} is being deleted")
    message = {name: value for name, value in call.request.items() if name != "Id"}
    message_id = str(uuid.uuid4())
    group.sent_messages.append({"MessageId": message_id, "SentAt": call.now, **message})
    return {"MessageId": message_id}


def idle_group(call: Call) -> MulticastGroup:
    """Find the group of a request and refuse it while a session is scheduled or running, or it is being deleted.

    With ConflictException where the operation models it, else ValidationException (assumed: a bulk association).
    """
    group = call.state.get(MulticastGroup, call.request["Id"])
    status = group_status(group, call.state, call.now)
    if status == MulticastGroupStatus.PENDING:
        return group
    message = f"{call.operation} needs multicast group {group.id} to be Pending; it is {status}"
    if "ConflictException" in service_model().operations[call.operation].errors:
        raise conflict("MulticastGroup", group.id, message)
    raise invalid(message)
