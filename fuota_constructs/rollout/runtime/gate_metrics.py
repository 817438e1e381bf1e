"""A gate as CloudWatch metrics."""

from device_outcomes import Tally
from gate import Verdict
from metric_line import metric_line
from wave_turn import Turn


def gate_metrics(turn: Turn, tally: Tally, verdict: Verdict, *, now: float) -> str:
    """The line to print, with what the gate said."""
    values = {
        "RolloutAttemptedDevices": tally.attempted,
        "RolloutDeliveredDevices": tally.delivered,
        "RolloutFailedDevices": tally.lost + tally.failed,
        "RolloutSilentDevices": tally.silent,
        "RolloutLowerBound": verdict.lower,
        "RolloutUpperBound": verdict.upper,
    }
    if turn.settings.get("applied"):
        values["RolloutAppliedDevices"] = tally.good
    if tally.attempted:  # a share of nothing is no number
        values["RolloutSuccessRatio"] = tally.good / tally.attempted
    return metric_line(
        turn.settings["rollout"],
        values,
        now=now,
        Execution=turn.execution,
        Wave=turn.wave,
        Attempt=turn.attempt,
        Outcome=verdict.outcome,
        Reason=verdict.reason,
    )
