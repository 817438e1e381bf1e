"""Whether the multicast groups of a task are ready for a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of, is_denied
from fuota_constructs.operations.checks import Check, error, ok, some, warning
from fuota_constructs.operations.task import group_devices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.task import Device, Group, Task

FILL = "give it wireless_devices in the app, or associate them by the API, and check again"
PREPARE = "wait until their set-up is ready; it needs uplinks of the devices"


def group_checks(aws: Aws, task: Task, groups: Sequence[Group]) -> tuple[list[Check], list[Device]]:
    """What was found about the groups, and all their devices."""
    checks: list[Check] = []
    found = [(group, group_devices(aws, group.id)) for group in groups]
    devices = [device for _, members in found for device in members]
    for group, members in found:
        checks += [_region(task, group), *_members(group, members, others=bool(devices)), *_busy(group)]
    return checks, devices


def with_session(aws: Aws, group: Group, now: datetime) -> tuple[Group, list[Check]]:
    """The group as its own session sets it up, where it has one that is not over, and what could not be checked.

    Only a session says the PingSlotPeriod. Assumed: a FUOTA session keeps its values, as the AWS IoT Wireless Developer
    Guide has them set by StartMulticastGroupSession before StartFuotaTask.
    """
    try:
        session: dict[str, Any] = aws.iotwireless.get_multicast_group_session(Id=group.id).get("LoRaWAN") or {}
    except ClientError as failure:
        if code_of(failure) == "ResourceNotFoundException":
            return group, []
        if not is_denied(failure):
            raise
        message = "could not check the session of the group: you may not call iotwireless:GetMulticastGroupSession"
        return group, [warning(f"group {group}", message, "have it checked by somebody who may")]
    start = session.get("SessionStartTime")
    if start is None or start + timedelta(seconds=session.get("SessionTimeout", 0)) < now:
        return group, []
    set_up = replace(
        group,
        data_rate=session.get("DlDr", group.data_rate),
        frequency_hz=session.get("DlFreq", group.frequency_hz),
        ping_slot_period=session.get("PingSlotPeriod"),
    )
    return set_up, []


def _region(task: Task, group: Group) -> Check:
    name = f"group {group}"
    if task.rf_region is None or group.rf_region is None:
        return warning(name, "could not check that the RfRegions agree: task or group has none", "set LoRaWAN.RfRegion")
    if task.rf_region != group.rf_region:
        message = f"the group is in RfRegion {group.rf_region} and the task in {task.rf_region}"
        return error(name, message, "use a group of the task's RfRegion")
    return ok(name, f"is in RfRegion {group.rf_region}, as the task")


def _members(group: Group, members: Sequence[Device], *, others: bool) -> list[Check]:
    name = f"group {group}"
    if not members and others:
        message = "has no devices; the session goes to those of the other groups"
        return [warning(name, message, f"{FILL}, if it shall have some")]
    if not members:
        message = "has no devices, so nobody receives the session; whether they are to join later is not known here"
        return [error(name, message, FILL)]
    unready = [str(device) for device in members if device.multicast_status and not _is_ready(device.multicast_status)]
    silent = [str(device) for device in members if not device.multicast_status]
    checks = []
    if unready:
        message = f"{len(unready)} of {len(members)} devices are not set up for multicast: {some(unready)}"
        checks.append((error if len(unready) == len(members) else warning)(name, message, PREPARE))
    if silent:
        message = f"could not check the multicast set-up of {len(silent)} of {len(members)} devices: {some(silent)}"
        checks.append(warning(name, message, PREPARE))
    requested, inside = group.devices_requested, group.devices_in_group
    if requested is not None and inside is not None and inside < requested:
        message = f"{inside} of {requested} requested devices are in the group"
        checks.append((warning if inside else error)(name, message, PREPARE))
    return checks or [ok(name, f"{len(members)} devices are set up for multicast")]


def _busy(group: Group) -> list[Check]:
    status = (group.status or "").replace("_", " ").lower()
    if status in {"", "pending"}:
        return []
    if status == "delete waiting":
        return [error(f"group {group}", "is being deleted", "use another group")]
    message = f"is {group.status}: a session of its own, or of another FUOTA task, is scheduled or running"
    return [warning(f"group {group}", message, "let it end, or cancel it, before this session starts")]


def _is_ready(status: str) -> bool:
    # A free string in the API; the Developer Guide calls the state "Multicast setup ready".
    words = status.replace("_", " ").lower()
    return words.endswith("ready") and "not ready" not in words
