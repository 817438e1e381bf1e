"""What happens next in a rollout, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from fuota_constructs.operations.rollout_status import HELD
from fuota_constructs.operations.start import show

if TYPE_CHECKING:
    from datetime import datetime

    from fuota_constructs.operations.rollout_status import RolloutStatus


MANY_DEVICES: Final = 1000
"""From so many on it is worth saying how long joining takes: two minutes."""


class Next(NamedTuple):
    """What happens, and when: None where nobody knows, or it is over."""

    text: str
    at: datetime | None = None


def next_of(status: RolloutStatus) -> Next:
    """What happens next; the moment is that of the event, or else that of the next look."""
    if status.is_final:
        return Next("nothing: it is over")
    if status.status == HELD:
        return _asked(status)
    if status.is_aborting:
        return Next("the abort is heard at the next look; then task and group are taken away", status.moment("Until"))
    said = "the answer is heard at the next look" if status.word in {"approve", "resume", "skip"} else ""
    return _step(status, said)


def _asked(status: RolloutStatus) -> Next:
    if status.wants_approval:
        return Next(f"somebody says approve, skip or abort: {status.wave_name} wants an approval")
    if status.holds_after_a_session:
        return Next("somebody says resume, skip or abort")
    if status.waits_for_image:
        return Next("it goes on by itself once the image can be read; or somebody says abort", status.moment("Until"))
    return Next("somebody says resume or abort: nothing of this session is on the air yet")


def _step(status: RolloutStatus, said: str) -> Next:
    wave, step, until = status.wave_name, str(status.control.get("Step", "")), status.moment("Until")
    session = f"session {int(status.control.get('Attempt') or 0) + 1} of {wave}"
    if step == "decide" and said:
        return Next(said, until)
    if step in {"", "choose"}:
        return Next("the devices are chosen and dealt to the waves", until)
    if step == "ready" and until:
        return Next(f"the devices of {wave} are set up for its group, with their next uplinks", until)
    if step == "settle" and until:
        return _settles(status, until)
    moments = {
        "window": (f"{session} starts, once it fits the maintenance window", status.moment("StartAt")),
        "launch": (f"{session} starts", status.moment("StartAt")),
        "look": (f"{session} is over", status.moment("EndAt")),
    }
    if step in moments:
        return Next(*moments[step])
    texts = {
        "check": _joining(status),
        "gather": _joining(status),
        "ready": f"{session} gets its time",
        "settle": f"the gate judges {wave}",
        "judge": f"task and group of {wave} are taken away, then what its gate said happens",
        "clean": f"task and group of {wave} are taken away, then what its gate said happens",
        "decide": f"what was answered about {wave} happens",
        "stragglers": f"those of {wave} that another session may help are tried again",
    }
    return Next(texts.get(step, "the next step"), until)


def _joining(status: RolloutStatus) -> str:
    """Devices join one by one, so that a large wave takes hours."""
    wave, joined = status.wave_name, str(status.control.get("Joined") or "")
    text = f"the devices of {wave} join a group of their own"
    of_all = status.waves[status.wave_number].targets if status.waves else None
    if joined:
        text += f", {joined} have by now"
    if of_all and of_all >= MANY_DEVICES:
        text += "; on AWS eight join in a second"
    return text


def _settles(status: RolloutStatus, until: datetime) -> Next:
    by = status.moment("VersionsBy")
    if by is None:
        return Next(f"{status.wave_name} has baked, and its gate judges it", _bakes_until(status))
    report = f"the devices of {status.wave_name} report the version they run"
    return Next(f"{report}, until {show(by)} at the latest", until)


def _bakes_until(status: RolloutStatus) -> datetime | None:
    done, until = status.moment("DoneAt"), status.moment("Until")
    bake = float(status.wave_settings.get("bakeSeconds", 0))
    if int(status.control.get("Attempt") or 0):  # a session for those that are tried again
        bake = min(bake, float((status.settings.get("gate") or {}).get("silentAfterSeconds", 0)))
    if done is None or until is None:
        return until
    return max(until, done + timedelta(seconds=bake))
