"""Before airtime: whether the image can be read, and who of the wave needs it and is free to take it."""

from typing import Any

from device_versions import is_version, reported_versions
from image_access import ImageAccess, image_access
from operator_word import OperatorWord
from other_sessions import OtherSessions, other_sessions
from patience import wait_seconds, waiting_since
from rollout_calls import RolloutCalls
from wave_record import Checked, WaveRecord
from wave_turn import DONE, JUDGE, SKIP, WAIT, Turn


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Leave out who has the version already or is in another session; wait while the service cannot read the image.

    Who takes part is settled once an attempt. Nothing is made before that, so what is wrong costs nothing.
    """
    now = calls.now()
    since, kept = waiting_since(turn.state, f"check-{turn.attempt}", now)
    record = WaveRecord(turn, calls)
    checked = record.checked()
    if checked is None:
        image = image_access(turn, calls, record)
        if image.refusal:
            word.tell(Held=turn.gate, Wave=str(turn.wave), Reason=image.refusal)
            return {"next": WAIT, "seconds": wait_seconds(since=since, now=now), "imageRefused": True, **kept}
        checked = _checked(turn, calls, record, image)
        record.keep_checked(checked)
    if turn.state.get("imageRefused"):
        word.tell(Held="")
    return {"next": DONE, "imageRefused": False, **_nobody(turn, checked), **kept}


def _checked(turn: Turn, calls: RolloutCalls, record: WaveRecord, image: ImageAccess) -> Checked:
    planned = record.planned_members()
    others: OtherSessions = other_sessions(calls, set(planned))
    already = _already(turn, planned, calls)
    conflicting = {device: others.busy[device] for device in planned if device in others.busy and device not in already}
    members = [device for device in planned if device not in already and device not in conflicting]
    unknown = [image.unknown] if image.unknown else []
    return Checked(members, sorted(already), conflicting, [*unknown, *others.unknown])


def _already(turn: Turn, devices: list[str], calls: RolloutCalls) -> set[str]:
    asked = turn.settings.get("applied")
    if not asked:
        return set()
    reports = reported_versions(asked["table"], devices, calls)
    return {device for device, report in reports.items() if is_version(asked["version"], report.version)}


def _nobody(turn: Turn, checked: Checked) -> dict[str, Any]:
    """Where the machine goes on when nobody is left to send anything to."""
    if checked.members:
        return {}
    if checked.conflicting or turn.attempt:
        return {"next": JUDGE}
    version, count = turn.settings["applied"]["version"], len(checked.already)
    reason = f"all {count} devices of the wave report version {version} already: nothing was sent"
    counts = {"attempted": 0, "delivered": 0, "failed": 0, "silent": 0, "applied": 0, "already": count}
    return {"next": SKIP, "outcome": "SKIPPED", "reason": reason, "pending": 0, "counts": counts}
