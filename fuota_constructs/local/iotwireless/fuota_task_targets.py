"""The multicast groups or wireless devices of a FUOTA task.

Assumed: associating what is associated succeeds, because AWS's own CloudFormation handler repeats associations on
every update (Settings.strict_associations makes it a ConflictException); disassociating what is not associated is
ResourceNotFoundException.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.errors import ServiceError, conflict
from fuota_constructs.local.iotwireless.fuota_task_rules import (
    check_same_region,
    either_groups_or_devices,
    fragment_size_needs_groups,
    pending_task,
)
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.pages import page
from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup, WirelessDevice

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.store import Resource


@operation("AssociateMulticastGroupWithFuotaTask")
def associate_multicast_group(call: Call) -> Answer:
    """Add a group to a Pending task."""
    task = pending_task(call)
    group = call.state.get(MulticastGroup, call.request["MulticastGroupId"])
    if group.gone_time is not None:
        raise conflict("MulticastGroup", group.id, f"multicast group {group.id} is being deleted")
    if task.wireless_device_ids:
        raise either_groups_or_devices(task, "wireless devices")
    check_same_region(call.state, task.id, task.details.get("LoRaWAN", {}).get("RfRegion"), group)
    add_member(call, task, task.multicast_group_ids, group)
    return None


@operation("AssociateWirelessDeviceWithFuotaTask")
def associate_wireless_device(call: Call) -> Answer:
    """Add a device to a Pending task."""
    task = pending_task(call)
    device = call.state.get(WirelessDevice, call.request["WirelessDeviceId"])
    if task.multicast_group_ids:
        raise either_groups_or_devices(task, "multicast groups")
    if "FragmentSizeBytes" in task.details:
        raise fragment_size_needs_groups(task)
    check_same_region(call.state, task.id, task.details.get("LoRaWAN", {}).get("RfRegion"), device)
    add_member(call, task, task.wireless_device_ids, device)
    return None


@operation("DisassociateMulticastGroupFromFuotaTask")
def disassociate_multicast_group(call: Call) -> Answer:
    """Take a group out of a Pending task."""
    task = pending_task(call)
    remove_member(task, task.multicast_group_ids, "MulticastGroup", call.request["MulticastGroupId"])
    return None


@operation("DisassociateWirelessDeviceFromFuotaTask")
def disassociate_wireless_device(call: Call) -> Answer:
    """Take a device out of a Pending task."""
    task = pending_task(call)
    remove_member(task, task.wireless_device_ids, "WirelessDevice", call.request["WirelessDeviceId"])
    return None


@operation("ListMulticastGroupsByFuotaTask")
def list_multicast_groups_by_fuota_task(call: Call) -> Answer:
    """List the groups of a task."""
    task = call.state.get(FuotaTask, call.request["Id"])
    groups = [call.state.get(MulticastGroup, group_id) for group_id in task.multicast_group_ids]
    return page(call, "MulticastGroupList", groups, lambda group: {"Id": group.id})


def add_member(call: Call, owner: Resource, member_ids: list[str], member: Resource) -> None:
    """Associate a resource with its owner."""
    if member.id not in member_ids:
        member_ids.append(member.id)
    elif call.settings.strict_associations:
        kind = type(owner).__name__
        raise conflict(kind, owner.id, f"{type(member).__name__} {member.id} is already in {kind} {owner.id}")


def remove_member(owner: Resource, member_ids: list[str], kind: str, member_id: str) -> None:
    """Undo an association or answer ResourceNotFoundException."""
    if member_id not in member_ids:
        message = f"{kind} {member_id} is not in {type(owner).__name__} {owner.id}"
        raise ServiceError("ResourceNotFoundException", message, ResourceId=member_id, ResourceType=kind)
    member_ids.remove(member_id)
