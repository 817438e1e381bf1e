"""FUOTA tasks: their life from Pending to gone."""

from __future__ import annotations

import math

from fuota_constructs.local.iotwireless.errors import conflict, invalid
from fuota_constructs.local.iotwireless.fuota_task_rules import (
    check_same_region,
    fragment_size_needs_groups,
    pending_task,
)
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.pages import page
from fuota_constructs.local.iotwireless.session import task_status
from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup, WirelessDevice


@operation("CreateFuotaTask")
def create_fuota_task(call: Call) -> Answer:
    """Create a Pending task; image and role are not looked at, as AWS documents these errors for the session only."""
    call.check_pass_role()
    task = call.state.add(FuotaTask, call.now, call.request)
    return {"Arn": task.arn, "Id": task.id}


@operation("GetFuotaTask")
def get_fuota_task(call: Call) -> Answer:
    """Describe a task."""
    task = call.state.get(FuotaTask, call.request["Id"])
    lorawan = {**task.details.get("LoRaWAN", {}), "StartTime": task.start_time}
    return {
        **task.details,
        "Arn": task.arn,
        "Id": task.id,
        "Status": task_status(task, call.now),
        "CreatedAt": task.created_at,
        "LoRaWAN": lorawan if lorawan != {"StartTime": None} else None,
    }


@operation("UpdateFuotaTask")
def update_fuota_task(call: Call) -> Answer:
    """Change the fields that are given; the others stay, and nothing can be unset."""
    task = pending_task(call)
    call.check_pass_role()
    changes = {name: value for name, value in call.request.items() if name != "Id"}
    if task.wireless_device_ids and "FragmentSizeBytes" in changes:
        raise fragment_size_needs_groups(task)
    region = changes.get("LoRaWAN", {}).get("RfRegion")
    targets: list[MulticastGroup | WirelessDevice] = [
        *(call.state.get(MulticastGroup, group_id) for group_id in task.multicast_group_ids),
        *(call.state.get(WirelessDevice, device_id) for device_id in task.wireless_device_ids),
    ]
    for target in targets:
        check_same_region(call.state, task.id, region, target)
    if "LoRaWAN" in changes:
        changes["LoRaWAN"] = {**task.details.get("LoRaWAN", {}), **changes["LoRaWAN"]}
    task.details.update(changes)
    return None


@operation("DeleteFuotaTask")
def delete_fuota_task(call: Call) -> Answer:
    """Delete a task in any state; while it is in Delete_Waiting, deleting again is no error (assumed)."""
    task = call.state.get(FuotaTask, call.request["Id"])
    if task.gone_time is None:
        task.gone_time = call.now + call.settings.session.deletion_seconds
    return None


@operation("ListFuotaTasks")
def list_fuota_tasks(call: Call) -> Answer:
    """List all tasks, those in Delete_Waiting too (assumed)."""
    tasks = call.state.all(FuotaTask).values()
    return page(
        call, "FuotaTaskList", tasks, lambda task: {"Id": task.id, "Arn": task.arn, "Name": task.details.get("Name")}
    )


@operation("StartFuotaTask")
def start_fuota_task(call: Call) -> Answer:
    """Schedule the session of a Pending task that has a group or a device (assumed: ConflictException without)."""
    task = pending_task(call)
    if not task.multicast_group_ids and not task.wireless_device_ids:
        raise conflict("FuotaTask", task.id, f"FUOTA task {task.id} has no multicast group and no wireless device")
    policy = call.settings.session
    # Start times travel in whole seconds (boto3 drops the rest), so the present counts in whole seconds too.
    present = math.floor(call.now)
    start_time = call.request.get("LoRaWAN", {}).get("StartTime", present + policy.default_lead_seconds)
    if start_time < present + policy.minimum_lead_seconds:
        minutes = policy.minimum_lead_seconds / 60
        ahead = (start_time - present) / 60
        raise invalid(
            f"StartTime is {ahead:.1f} minutes from now; the session of FUOTA task {task.id} must start "
            f"{minutes:g} minutes from now or later"
        )
    task.start_time = start_time
    task.done_time = start_time + policy.session_seconds(task)
    return None
