"""A group of their own for the devices of a wave, for one session."""

from typing import Any

from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import AGAIN, DONE, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Make the group and let the devices join, so many as there is time for; then it is called again.

    Those who have joined are not asked again: whether that were a conflict is not documented. Devices that the service
    does not know, or that are of another RfRegion, are left out, and count as not attempted.
    """
    iotwireless = calls.iotwireless
    group = turn.state.get("group") or _new_group(turn, calls)
    word.tell(Group=group)  # before the first device joins: whoever comes after a machine that died takes it away
    members = WaveRecord(turn, calls).members()
    cursor, left_out = int(turn.state.get("cursor", 0)), int(turn.state.get("leftOut", 0))
    there = {device["Id"] for device in calls.devices(MulticastGroupId=group)}
    while cursor < len(members) and not calls.time_is_up():
        if members[cursor] in there:
            cursor += 1
            continue
        try:
            iotwireless.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=members[cursor])
        except (iotwireless.exceptions.ResourceNotFoundException, iotwireless.exceptions.ValidationException):
            left_out += 1
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


def _new_group(turn: Turn, calls: RolloutCalls) -> str:
    session = turn.settings["session"]
    made: str = calls.iotwireless.create_multicast_group(
        Name=turn.name,
        LoRaWAN={"RfRegion": session["rfRegion"], "DlClass": session["dlClass"]},
        Tags=turn.tags,
        ClientRequestToken=turn.token("group"),
    )["Id"]
    return made
