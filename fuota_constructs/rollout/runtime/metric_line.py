"""CloudWatch metrics as a line of embedded metric format (EMF), which CloudWatch Logs makes metrics of.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Mapping

NAMESPACE = "FuotaConstructs"


def metric_line(rollout: str, values: Mapping[str, float], *, now: float, **facts: object) -> str:
    """The line to print: metrics of a rollout, and facts for people."""
    metrics = [{"Name": name, "Unit": _unit(name)} for name in values]
    return json.dumps(
        {
            "_aws": {
                "Timestamp": int(now * 1000),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Rollout"]], "Metrics": metrics}],
            },
            "Rollout": rollout,
            **facts,
            **values,
        }
    )


def _unit(name: str) -> str:
    if "Seconds" in name:
        return "Seconds"
    return "None" if name.endswith(("Ratio", "Bound")) else "Count"
