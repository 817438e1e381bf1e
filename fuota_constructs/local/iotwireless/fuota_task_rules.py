"""What the service refuses to do with a FUOTA task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.errors import ServiceError, conflict, invalid
from fuota_constructs.local.iotwireless.session import FuotaTaskStatus, task_status
from fuota_constructs.local.iotwireless.store import DeviceProfile, FuotaTask, MulticastGroup, WirelessDevice

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.operations import Call
    from fuota_constructs.local.iotwireless.store import RegionalState


def pending_task(call: Call) -> FuotaTask:
    """Find the task of a request and refuse it unless it is Pending.

    Documented: no update and no added device outside Pending. Assumed: the error is ConflictException, which these
    operations model, and disassociation is refused as well.
    """
    task = call.state.get(FuotaTask, call.request["Id"])
    status = task_status(task, call.now)
    if status != FuotaTaskStatus.PENDING:
        message = f"{call.operation} needs FUOTA task {task.id} to be Pending; it is {status}"
        raise conflict("FuotaTask", task.id, message)
    return task


def rf_region_of(state: RegionalState, target: MulticastGroup | WirelessDevice) -> str | None:
    """Give the RfRegion of a group, or of the device profile of a device, where it has one."""
    lorawan = target.details.get("LoRaWAN", {})
    if isinstance(target, WirelessDevice):
        profile = state.all(DeviceProfile).get(lorawan.get("DeviceProfileId", ""))
        lorawan = profile.details.get("LoRaWAN", {}) if profile else {}
    region: str | None = lorawan.get("RfRegion")
    return region


def check_same_region(
    state: RegionalState, owner_id: str, owner_region: str | None, target: MulticastGroup | WirelessDevice
) -> None:
    """Refuse a group or device of another RfRegion.

    Documented: the regions of task, groups and devices must match. Assumed: it is refused when they are associated,
    and when one of them is updated, with ValidationException (waiting does not help), and only when both sides have an
    RfRegion.
    """
    _check_same_region(owner_id, owner_region, target, rf_region_of(state, target))


def check_region_among_owners(
    state: RegionalState, target: MulticastGroup | WirelessDevice, region: str | None
) -> None:
    """Refuse to move a group or device to another RfRegion than the tasks and groups it is in."""
    owners: list[FuotaTask | MulticastGroup] = [
        *(task for task in state.all(FuotaTask).values() if target.id in task.multicast_group_ids),
        *(task for task in state.all(FuotaTask).values() if target.id in task.wireless_device_ids),
        *(group for group in state.all(MulticastGroup).values() if target.id in group.wireless_device_ids),
    ]
    for owner in owners:
        _check_same_region(owner.id, owner.details.get("LoRaWAN", {}).get("RfRegion"), target, region)


def _check_same_region(
    owner_id: str, owner_region: str | None, target: MulticastGroup | WirelessDevice, target_region: str | None
) -> None:
    if owner_region and target_region and owner_region != target_region:
        kind = "multicast group" if isinstance(target, MulticastGroup) else "wireless device"
        raise invalid(
            f"{kind} {target.id} is in RfRegion {target_region}; {owner_id} is in RfRegion {owner_region}, "
            "and both must be in the same one"
        )


def either_groups_or_devices(task: FuotaTask, present: str) -> ServiceError:
    """Say that a task has the other kind of target: devices or groups, never both (documented; the code is assumed)."""
    message = f"FUOTA task {task.id} already has {present}; a task has multicast groups or wireless devices, not both"
    return conflict("FuotaTask", task.id, message)


def fragment_size_needs_groups(task: FuotaTask) -> ServiceError:
    """Say that FragmentSizeBytes is for multicast only (documented; that it is refused here is assumed)."""
    return invalid(
        f"FragmentSizeBytes is supported only for FUOTA tasks with multicast groups; FUOTA task {task.id} "
        "is for wireless devices"
    )
