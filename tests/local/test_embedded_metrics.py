"""Lines of a log that are metrics, and lines that are not."""

import json

import pytest

from fuota_constructs.local.embedded_metrics import metrics_in

LINE = {
    "_aws": {
        "Timestamp": 1_800_000_000_000,
        "CloudWatchMetrics": [
            {"Namespace": "N", "Dimensions": [["Task"], []], "Metrics": [{"Name": "Devices", "Unit": "Count"}]}
        ],
    },
    "Task": "t",
    "Devices": 3,
}


def test_each_metric_is_there_once_for_each_set_of_dimensions() -> None:
    datum = {"MetricName": "Devices", "Unit": "Count", "Value": 3, "Timestamp": 1_800_000_000}
    assert list(metrics_in(json.dumps(LINE))) == [
        ("N", [{**datum, "Dimensions": [{"Name": "Task", "Value": "t"}]}, {**datum, "Dimensions": []}])
    ]


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId: 1",
        "{not JSON",
        "{}",
        '{"level": "INFO"}',
        '{"_aws": 1}',
        '{"_aws": {"CloudWatchMetrics": 5}}',
        json.dumps({name: value for name, value in LINE.items() if name != "Devices"}),
        json.dumps({name: value for name, value in LINE.items() if name != "Task"}),
    ],
)
def test_other_lines_are_text(line: str) -> None:
    assert list(metrics_in(line)) == []
