"""A group of their own for the devices of a wave, for one session."""

from collections.abc import Mapping
from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import ABORT, AGAIN, DONE, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Make the group and let the devices join, so many as there is time for; then it is called again.

    Those who have joined are not asked again: whether that were a conflict is not documented. Devices that the service
    does not know, that are of another RfRegion, or that it does not take while the group takes others, are left out,
    and count as not attempted.
    """
    iotwireless = calls.iotwireless
    group = turn.state.get("group") or word.make_on_record(
        "Group", lambda: new_group(turn, calls), iotwireless.delete_multicast_group
    )
    if not group:
        return {"next": ABORT}
    members = WaveRecord(turn, calls).members()
    cursor, left_out = int(turn.state.get("cursor", 0)), int(turn.state.get("leftOut", 0))
    there = {device["Id"] for device in calls.devices(MulticastGroupId=group)}
    while cursor < len(members) and not calls.time_is_up():
        if members[cursor] in there:
            cursor += 1
            continue
        try:
            iotwireless.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=members[cursor])
        except iotwireless.exceptions.ResourceNotFoundException as error:
            # The group is not seen yet, or somebody has deleted it (assumed: the error names it).
            if error.response.get("ResourceId") == group:
                raise
            left_out += 1
        except iotwireless.exceptions.ValidationException:
            left_out += 1
        except iotwireless.exceptions.ConflictException:
            # Of the group, which may be in use, or of this device alone; or it has joined, and the answer was lost.
            if not _is_pending(iotwireless.get_multicast_group(Id=group)):
                raise
            left_out += members[cursor] not in {device["Id"] for device in calls.devices(MulticastGroupId=group)}
        cursor += 1
        calls.pace()
    is_done = cursor >= len(members)
    return {
        "next": DONE if is_done else AGAIN,
        "group": group,
        "cursor": cursor,
        "leftOut": left_out,
        "members": len(members),
    }


def _is_pending(group: Mapping[str, Any]) -> bool:
    """Whether devices may join: in the API the status is a free text, so its spelling is assumed."""
    return str(group.get("Status") or "pending").lower() == "pending"


def new_group(turn: Turn, calls: RolloutCalls) -> str:
    """Make the group of this attempt, or tell the one that was made."""
    session = turn.settings["session"]
    made: str = calls.iotwireless.create_multicast_group(
        Name=turn.name,
        LoRaWAN={"RfRegion": session["rfRegion"], "DlClass": session["dlClass"]},
        Tags=turn.tags,
        ClientRequestToken=turn.token("group"),
    )["Id"]
    return made
