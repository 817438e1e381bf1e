"""Resources with ids of somebody else's choice: what an app imports, for a rehearsal of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.store import FuotaTask, MulticastGroup, WirelessDevice

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.store import RegionalState

TAGS = [{"Key": "fuota-constructs:stand-in", "Value": "true"}]


def add_stand_ins(
    state: RegionalState, now: float, *, groups: dict[str, str | None], devices: list[str], tasks: list[str]
) -> None:
    """Make those that are not there; groups come with their RfRegion, which is EU868 where nobody says."""
    for group, rf_region in groups.items():
        if group not in state.all(MulticastGroup):
            lorawan = {"RfRegion": rf_region or "EU868", "DlClass": "ClassC"}
            state.add(MulticastGroup, now, {"Name": "stand-in", "LoRaWAN": lorawan, "Tags": TAGS}, group)
    for device in devices:
        if device not in state.all(WirelessDevice):
            request: dict[str, Any] = {
                "Type": "LoRaWAN",
                "Name": "stand-in",
                "DestinationName": "stand-in",
                "Tags": TAGS,
            }
            state.add(WirelessDevice, now, request, device)
    for task in tasks:
        if task not in state.all(FuotaTask):
            made_up = {"FirmwareUpdateImage": "s3://stand-in/image", "FirmwareUpdateRole": "stand-in"}
            state.add(FuotaTask, now, {"Name": "stand-in", **made_up, "Tags": TAGS}, task)
