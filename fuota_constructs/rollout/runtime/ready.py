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
    return {"next": HOLD, "outcome": "INCONCLUSIVE", "verdict": HOLD, "pending": 0, "reason": reason, **facts}


def is_set_up(device: Mapping[str, Any]) -> bool:
    """Whether a device is "Multicast setup ready", however that is spelt: in the API it is a free text."""
    status = str(device.get("MulticastDeviceStatus") or "").lower().replace("_", " ")
    return status.endswith("setup ready")
