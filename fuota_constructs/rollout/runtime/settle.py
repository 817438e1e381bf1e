"""Lets a wave bake: a device that has the image may still not survive it."""

from collections.abc import Mapping
from typing import Any

from device_outcomes import APPLIED, DELIVERED, OTHER_VERSION, UNREPORTED, Fared
from device_versions import is_version, reported_versions
from look import heard
from operator_word import OperatorWord
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_record import WaveRecord
from wave_turn import DONE, WAIT, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Wait for the bake of the wave after its session, then look who was heard since.

    A device that has the image, and was not heard for `silentAfterSeconds` after the session, is silent. One of which
    the service tells no uplink at all is not: nothing is known about it. Where versions count it waits for the reports,
    too, no longer than was asked for.
    """
    del word
    now, done = calls.now(), float(turn.state["doneAt"])
    since, kept = waiting_since(turn.state, f"bake-{turn.attempt}", now)
    record = WaveRecord(turn, calls)
    if seconds := wait_seconds(since=since, now=now, until=done + _bake_seconds(turn, record)):
        return {"next": WAIT, "seconds": seconds, **kept}
    statuses = record.statuses_of(turn.attempt)
    last = {device["Id"]: heard(device) for device in calls.devices(MulticastGroupId=turn.state["group"])}
    long_enough = now - done >= float(turn.settings["gate"]["silentAfterSeconds"])
    for device, found in statuses.items():
        if device not in last:
            continue  # it left the group meanwhile: whether it is heard, nobody tells
        found["heard"] = last[device] or found["heard"]
        quiet = found["heard"] is not None and found["heard"] < done
        found["silent"] = found["status"] == DELIVERED and quiet and long_enough
    deadline = done + float((turn.settings.get("applied") or {}).get("withinSeconds", 0))
    is_open = not _note_versions(turn, statuses, calls, done)
    if is_open and (seconds := wait_seconds(since=since, now=now, until=deadline)):
        return {"next": WAIT, "seconds": seconds, "versionsBy": deadline, **kept}
    record.keep_statuses(statuses)
    return {"next": DONE, "versionsBy": None, **kept}


def _bake_seconds(turn: Turn, record: WaveRecord) -> float:
    """The bake of a first session; of one more as much of it as shows who of those that got the image fell silent."""
    bake = float(turn.settings["waves"][turn.wave].get("bakeSeconds", 0))
    if turn.attempt == 0:
        return bake
    if all(found["status"] != DELIVERED for found in record.statuses_of(turn.attempt).values()):
        return 0.0
    return min(bake, float(turn.settings["gate"]["silentAfterSeconds"]))


def _note_versions(turn: Turn, statuses: Mapping[str, Fared], calls: RolloutCalls, done: float) -> bool:
    """Note what those report that have the image; whether all report the version that counts, or none is asked for.

    Another version that was reported before the end of the session says nothing: the device was still to install the
    new one. A device may also report the old one after it, until it reboots; so only the deadline decides.
    """
    asked = turn.settings.get("applied")
    if not asked:
        return True
    delivered = [device for device, found in statuses.items() if found["status"] == DELIVERED]
    reports = reported_versions(asked["table"], delivered, calls)
    for device in delivered:
        report, found = reports.get(device), statuses[device]
        if report is not None and is_version(asked["version"], report.version):
            found["applied"] = APPLIED
        elif report is not None and report.at is not None and report.at > done:
            found["applied"], found["version"] = OTHER_VERSION, report.version
        else:
            found["applied"] = UNREPORTED
    return all(statuses[device]["applied"] == APPLIED for device in delivered)
