"""Lets a wave bake: a device that has the image may still not survive it."""

from typing import Any

from device_outcomes import DELIVERED
from look import heard
from operator_word import OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, WAIT, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Wait for the bake of the wave after its first session, then look who was heard since.

    A device that has the image, and was not heard for `silentAfterSeconds` after the session, is silent. One of which
    the service tells no uplink at all is not: nothing is known about it.
    """
    del word
    now, done = calls.now(), float(turn.state["doneAt"])
    since, kept = waiting_since(turn.state, f"bake-{turn.attempt}", now)
    bake = float(turn.settings["waves"][turn.wave].get("bakeSeconds", 0)) if turn.attempt == 0 else 0.0
    if seconds := wait_seconds(since=since, now=now, until=done + bake):
        return {"next": WAIT, "seconds": seconds, **kept}
    record = WaveRecord(turn, calls)
    statuses = record.statuses_of(turn.attempt)
    last = {device["Id"]: heard(device) for device in calls.devices(MulticastGroupId=turn.state["group"])}
    long_enough = now - done >= float(turn.settings["gate"]["silentAfterSeconds"])
    for device, found in statuses.items():
        found["heard"] = last.get(device) or found["heard"]
        quiet = found["heard"] is not None and found["heard"] < done
        found["silent"] = found["status"] == DELIVERED and quiet and long_enough
    record.keep_statuses(statuses)
    return {"next": DONE, **kept}
