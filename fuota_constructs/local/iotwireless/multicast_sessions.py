"""Sessions of multicast groups, and adding or removing many devices at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.device_query import devices_matching
from fuota_constructs.local.iotwireless.errors import ServiceError, conflict, invalid
from fuota_constructs.local.iotwireless.fuota_task_rules import check_same_region
from fuota_constructs.local.iotwireless.multicast_groups import idle_group
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.store import MulticastGroup, WirelessDevice, tags_of

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.session import SessionPolicy

_LONGEST_CLASS_C_SECONDS = 18 * 60 * 60  # AWS IoT Wireless Developer Guide; class B: 2 days, which the model enforces


@operation("StartMulticastGroupSession")
def start_multicast_group_session(call: Call) -> Answer:
    """Schedule a session of a Pending group: 30 minutes to 48 hours ahead (documented)."""
    group = idle_group(call)
    session = dict(call.request["LoRaWAN"])
    policy = call.settings.session
    session["SessionStartTime"] = _start_time(session.get("SessionStartTime"), math.floor(call.now), policy)
    session.setdefault("SessionTimeout", policy.default_multicast_timeout_seconds)
    if group.details["LoRaWAN"].get("DlClass") == "ClassC" and session["SessionTimeout"] > _LONGEST_CLASS_C_SECONDS:
        raise invalid(
            f"SessionTimeout is {session['SessionTimeout']} s; a class C session lasts {_LONGEST_CLASS_C_SECONDS} s "
            "or less"
        )
    for name, value in group.details["LoRaWAN"].get("DefaultSessionParameters", {}).items():
        session.setdefault(name, value)
    group.session = session
    # Documented: rounded up to a supported power of two. Assumed: GetMulticastGroupSession shows the value given.
    group.session_end_time = session["SessionStartTime"] + 2 ** math.ceil(math.log2(session["SessionTimeout"]))
    return None


@operation("GetMulticastGroupSession")
def get_multicast_group_session(call: Call) -> Answer:
    """Describe the session of a group, also when it is over (assumed)."""
    return {"LoRaWAN": _group_with_session(call).session}


@operation("CancelMulticastGroupSession")
def cancel_multicast_group_session(call: Call) -> Answer:
    """Cancel a session that is scheduled or running (assumed: ConflictException once it is over)."""
    group = _group_with_session(call)
    if group.session_end_time is None or call.now >= group.session_end_time:
        raise conflict("MulticastGroup", group.id, f"the session of multicast group {group.id} is over")
    group.session = group.session_end_time = None
    return None


@operation("StartBulkAssociateWirelessDeviceWithMulticastGroup")
def start_bulk_associate(call: Call) -> Answer:
    """Add every matching device that is not yet in the group, at once (assumed: AWS takes its time)."""
    group = idle_group(call)
    devices = _matching_devices(call)
    for device in devices:
        check_same_region(call.state, group.id, group.details["LoRaWAN"].get("RfRegion"), device)
    group.wireless_device_ids += [device.id for device in devices if device.id not in group.wireless_device_ids]
    return None


@operation("StartBulkDisassociateWirelessDeviceFromMulticastGroup")
def start_bulk_disassociate(call: Call) -> Answer:
    """Take every matching device out of the group."""
    group = call.state.get(MulticastGroup, call.request["Id"])
    leaving = {device.id for device in _matching_devices(call)}
    group.wireless_device_ids = [device_id for device_id in group.wireless_device_ids if device_id not in leaving]
    return None


def _start_time(given: float | None, present: int, policy: SessionPolicy) -> float:
    if given is None:
        return present + policy.default_lead_seconds
    if not present + policy.minimum_lead_seconds <= given <= present + policy.longest_multicast_lead_seconds:
        raise invalid(
            f"SessionStartTime is {(given - present) / 60:.1f} minutes from now; a multicast session starts "
            f"{policy.minimum_lead_seconds / 60:g} minutes to {policy.longest_multicast_lead_seconds / 3600:g} hours "
            "from now"
        )
    return given


def _group_with_session(call: Call) -> MulticastGroup:
    group = call.state.get(MulticastGroup, call.request["Id"])
    if group.session is None:
        message = f"multicast group {group.id} has no session"
        raise ServiceError(
            "ResourceNotFoundException", message, ResourceId=group.id, ResourceType="MulticastGroupSession"
        )
    return group


def _matching_devices(call: Call) -> list[WirelessDevice]:
    query, tags = call.request.get("QueryString"), tags_of(call.request.get("Tags", []))
    if not query and not tags:
        raise invalid(f"{call.operation} needs a QueryString or Tags that say which wireless devices it is about")
    devices = devices_matching(call.state, query) if query else list(call.state.all(WirelessDevice).values())
    # Assumed: devices that carry all of the tags.
    return [device for device in devices if tags.items() <= device.tags.items()]
