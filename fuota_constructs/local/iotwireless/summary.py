"""What is in the service, in a form that may be shown to anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.session import group_status, task_status
from fuota_constructs.local.iotwireless.store import (
    Destination,
    DeviceProfile,
    FuotaTask,
    MulticastGroup,
    ServiceProfile,
    WirelessDevice,
)

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.store import RegionalState, Resource, Store


def summary(store: Store, now: float) -> dict[str, Any]:
    """Summarize every account and region that has something."""
    states = []
    for state in store.states():
        state.forget_deleted(now)
        states.append(
            {
                "account": state.account,
                "region": state.region,
                "fuotaTasks": [
                    {
                        **_identity(task),
                        "status": task_status(task, now),
                        "createdAt": task.created_at,
                        "startTime": task.start_time,
                        "doneTime": task.done_time,
                        "multicastGroupIds": task.multicast_group_ids,
                        "wirelessDeviceIds": task.wireless_device_ids,
                        "parameters": task.details,
                    }
                    for task in state.all(FuotaTask).values()
                ],
                "multicastGroups": [_group(group, state, now) for group in state.all(MulticastGroup).values()],
                # Only what identifies a device: its details hold its root keys.
                "wirelessDevices": [
                    {**_identity(device), "devEui": device.details.get("LoRaWAN", {}).get("DevEui")}
                    for device in state.all(WirelessDevice).values()
                ],
                "deviceProfiles": [_identity(profile) for profile in state.all(DeviceProfile).values()],
                "serviceProfiles": [_identity(profile) for profile in state.all(ServiceProfile).values()],
                "destinations": [_identity(destination) for destination in state.all(Destination).values()],
            }
        )
    return {"now": now, "states": states}


def _identity(resource: Resource) -> dict[str, Any]:
    return {"id": resource.id, "arn": resource.arn, "name": resource.details.get("Name"), "tags": resource.tags}


def _group(group: MulticastGroup, state: RegionalState, now: float) -> dict[str, Any]:
    return {
        **_identity(group),
        "status": group_status(group, state, now),
        "createdAt": group.created_at,
        "wirelessDeviceIds": group.wireless_device_ids,
        "sentMessages": len(group.sent_messages),
        "parameters": group.details,
    }
