"""Waits until the devices of a wave know its group: each needs some uplinks for that."""

from collections.abc import Mapping
from typing import Any

from operator_word import OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_turn import DONE, HOLD, WAIT, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Go on when the share asked for is set up, or after the deadline with those that are."""
    del word
    left_out, members = int(turn.state.get("leftOut", 0)), int(turn.state.get("members", 0))
    if left_out and left_out == members:
        reason = (
            f"none of {members} devices could join the group of the wave: the service does not know them, or they are"
            " of another RfRegion"
        )
        return _held(reason)
    setup, now = turn.settings["setup"], calls.now()
    since, kept = waiting_since(turn.state, f"setup-{turn.attempt}", now)
    devices = list(calls.devices(MulticastGroupId=turn.state["group"]))
    count = sum(map(is_set_up, devices))
    facts = {**kept, "ready": count}
    if devices and count >= float(setup["share"]) * len(devices):
        return {"next": DONE, **facts}
    deadline = since + float(setup["deadlineSeconds"])
    if seconds := wait_seconds(since=since, now=now, until=deadline):
        return {"next": WAIT, "seconds": seconds, **facts}
    if count:
        return {"next": DONE, **facts}
    reason = f"none of {len(devices)} devices was set up for the group of the wave within {setup['deadlineSeconds']} s"
    if turn.settings["targets"].get("multicastGroupIds"):
        reason += (
            ": they stay in the groups that the rollout takes them from, and a device whose firmware supports one group"
            " at a time (TS005) refuses a second; give the rollout a list of devices that are in no group"
        )
    return {**_held(reason), **facts}


def _held(reason: str) -> dict[str, Any]:
    facts = {"outcome": "INCONCLUSIVE", "verdict": HOLD, "heldByWord": False, "pending": 0}
    return {"next": HOLD, **facts, "reason": reason}


def is_set_up(device: Mapping[str, Any]) -> bool:
    """Whether a device is "Multicast setup ready", however that is spelt: in the API it is a free text."""
    status = str(device.get("MulticastDeviceStatus") or "").lower().replace("_", " ")
    return status.endswith("setup ready")
