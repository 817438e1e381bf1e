"""Metrics that functions write to their log (embedded metric format) become CloudWatch metrics, which alarms look at.

MiniStack keeps such lines as text only; CloudWatch Logs makes metrics of them. MiniStack's alarms look at all data of a
metric's name and namespace, whatever the dimensions: two tasks under watch in one cloud share their alarms.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOGS, _METRICS = "ministack.services.cloudwatch_logs", "ministack.services.cloudwatch"
SEAMS = (
    (_LOGS, "_append_log_events", ("stream", "events")),
    (_METRICS, "_put_metric_data", ("params", "cbor_data", "is_cbor", "is_json")),
)


def install() -> None:
    """Have every line that arrives in a log looked at, in the account and region it arrives in."""
    logs: Any = importlib.import_module(_LOGS)
    metrics: Any = importlib.import_module(_METRICS)
    append_before = logs._append_log_events

    def append(stream: Any, events: list[dict[str, Any]]) -> None:
        append_before(stream, events)
        for event in events:
            for namespace, data in metrics_in(event["message"]):
                metrics._put_metric_data({}, {"Namespace": namespace, "MetricData": data}, False, is_json=True)

    logs._append_log_events = append


def metrics_in(line: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The metrics of a line: namespace and what PutMetricData takes; none for a line that is no EMF."""
    try:
        document = json.loads(line)
        meta = document["_aws"]
        for directive in meta["CloudWatchMetrics"]:
            yield (
                directive["Namespace"],
                [
                    {
                        "MetricName": metric["Name"],
                        "Unit": metric.get("Unit", "None"),
                        "Value": document[metric["Name"]],
                        "Timestamp": meta["Timestamp"] / 1000,
                        "Dimensions": [{"Name": name, "Value": document[name]} for name in dimensions],
                    }
                    for metric in directive["Metrics"]
                    for dimensions in directive["Dimensions"]
                ],
            )
    except (ValueError, KeyError, TypeError):
        return  # CloudWatch keeps what it cannot read as text, too
