"""The status of a rollout as CloudWatch metrics, written at each step."""

from metric_line import metric_line
from standing import ABORTED, FAILED, HELD, RUNNING
from wave_turn import Turn


def status_metrics(turn: Turn, status: str, *, held_since: float | None, now: float) -> str:
    """The line to print; all of them each time, so that one falls to 0 when another rises."""
    values = {
        "RolloutRunning": int(status == RUNNING),
        "RolloutHeld": int(status == HELD),
        "RolloutSecondsHeld": 0 if held_since is None else max(0, round(now - held_since)),
        "RolloutAborted": int(status == ABORTED),
        "RolloutFailed": int(status == FAILED),
    }
    return metric_line(
        turn.settings["rollout"], values, now=now, Execution=turn.execution, Step=turn.step, Status=status
    )


def untold(turn: Turn, event: str, error: str, *, now: float) -> str:
    """The line about an event that could not be put; written only then, so the metric costs nothing otherwise."""
    return metric_line(
        turn.settings["rollout"],
        {"RolloutUntoldEvents": 1},
        now=now,
        Execution=turn.execution,
        Step=turn.step,
        Event=event,
        Error=error,
    )
