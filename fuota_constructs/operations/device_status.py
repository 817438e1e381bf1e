"""What each FuotaDeviceStatus means and what to do about it, as the AWS IoT Wireless Developer Guide has it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from fuota_constructs.operations.status_proof import VERSION_FIRST

Kind = Literal["updated", "open", "failed"]


class DeviceStatus(NamedTuple):
    """A status: what it counts as, what it means, what AWS documents as its remedy."""

    name: str
    kind: Kind
    meaning: str
    remedy: str


NOT_GIVEN: Final = "(none)"
_NEW_TASK = "start a new FUOTA task for these devices"

DEVICE_STATUSES: Final = {
    status.name: status
    for status in (
        DeviceStatus(
            "Successful",
            "updated",
            "nothing is missing, says the device: with most stacks the image is reassembled; it is not installed yet",
            "check the version your devices report",
        ),
        DeviceStatus("Initial", "open", "no session with the device yet; package support is being checked", ""),
        DeviceStatus(
            "MissingFrag",
            "failed",
            "fragments are missing, says the device: too many were lost, or its stack counts wrong",
            f"{VERSION_FIRST}; then {_NEW_TASK}, with more redundancy or at a time with better reception",
        ),
        DeviceStatus("MICError", "failed", "the rebuilt image is not the one that was sent", _NEW_TASK),
        DeviceStatus("MemoryError", "failed", "the device failed to store the image", f"{_NEW_TASK}; check its flash"),
        DeviceStatus(
            "Not_enough_memory",
            "failed",
            "the device cannot hold the image",
            "send a delta image, or smaller fragments",
        ),
        DeviceStatus(
            "Package_Not_Supported",
            "failed",
            "the device's firmware lacks the FUOTA packages (TS003, TS004, TS005)",
            "update these devices in another way first",
        ),
        DeviceStatus(
            "FragAlgo_unsupported",
            "failed",
            "the device does not know the fragmentation algorithm",
            "check the device's TS004 version",
        ),
        DeviceStatus(
            "FragIndex_unsupported",
            "failed",
            "the device has no such fragmentation session (AWS uses index 1 for multicast, 0 for unicast)",
            "start a new task; else use multicast instead of unicast; else check the device's firmware",
        ),
        DeviceStatus(
            "Wrong_descriptor",
            "failed",
            "the device rejects the Descriptor",
            "set the Descriptor its firmware expects (4 bytes), or leave it out; else contact AWS Support",
        ),
        DeviceStatus("SessionCnt_replay", "failed", "the session counter was used before", _NEW_TASK),
        DeviceStatus(
            "Device_exist_in_conflict_fuota_task",
            "failed",
            "the device is in another FUOTA task that is scheduled or running",
            "let that task end, or take the device out of it; then start a new task",
        ),
    )
}


def status_named(name: str | None) -> DeviceStatus:
    """What is known about a status; one that AWS adds later counts as not updated."""
    if name is None:
        return DeviceStatus(NOT_GIVEN, "open", "the service gives no status for the device", "")
    unknown = DeviceStatus(name, "failed", "not a status that AWS documented when this was written", "see AWS's docs")
    return DEVICE_STATUSES.get(name, unknown)
