"""A gate as CloudWatch metrics: one line of embedded metric format (EMF), which CloudWatch Logs makes metrics of.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json

from device_outcomes import Tally
from gate import Verdict
from wave_turn import Turn

NAMESPACE = "FuotaConstructs"


def gate_metrics(turn: Turn, tally: Tally, verdict: Verdict, *, now: float) -> str:
    """The line to print, with what the gate said."""
    values = {
        "RolloutAttemptedDevices": tally.attempted,
        "RolloutDeliveredDevices": tally.delivered,
        "RolloutSilentDevices": tally.silent,
        "RolloutLowerBound": verdict.lower,
        "RolloutUpperBound": verdict.upper,
    }
    if tally.attempted:  # a share of nothing is no number
        values["RolloutSuccessRatio"] = tally.good / tally.attempted
    units = {name: "Count" if name.endswith("Devices") else "None" for name in values}
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    return json.dumps(
        {
            "_aws": {
                "Timestamp": int(now * 1000),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Rollout"]], "Metrics": metrics}],
            },
            "Rollout": turn.settings["rollout"],
            "Execution": turn.execution,
            "Wave": turn.wave,
            "Attempt": turn.attempt,
            "Outcome": verdict.outcome,
            "Reason": verdict.reason,
            **values,
        }
    )
