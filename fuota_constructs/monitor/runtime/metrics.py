"""A poll as CloudWatch metrics: one line of embedded metric format (EMF), which CloudWatch Logs makes metrics of.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from typing import Any

from progress import DONE, Progress
from watched import Watched

DEVICE_STATUSES = (
    "Device_exist_in_conflict_fuota_task",
    "FragAlgo_unsupported",
    "FragIndex_unsupported",
    "Initial",
    "MICError",
    "MemoryError",
    "MissingFrag",
    "Not_enough_memory",
    "Package_Not_Supported",
    "SessionCnt_replay",
    "Successful",
    "Wrong_descriptor",
)
"""FuotaDeviceStatus of the service's model; all are told at every poll, so that a count falls to 0 when it does."""


def emf_line(progress: Progress, watched: Watched, *, now: int) -> str:
    """The line to print, with the time it is printed.

    The devices of a large fleet are listed for minutes, and an alarm of short periods passes over data as old as that.
    """
    note = {"Note": "more devices than are remembered: no device events"} if progress.unremembered else {}
    return _line(watched, _values(progress), {"Status": progress.status, **note}, now=now)


def failed_line(watched: Watched, why: str, *, now: int) -> str:
    """The line of a poll that saw nothing: without one, a task that nobody watches any more looks like a quiet one."""
    return _line(watched, {"PollFailed": 1}, {"Note": why}, now=now)


def _line(watched: Watched, values: dict[str, Any], more: dict[str, str], *, now: int) -> str:
    return json.dumps(
        {
            "_aws": {
                "Timestamp": now * 1000,
                "CloudWatchMetrics": [
                    {
                        "Namespace": watched.namespace,
                        "Dimensions": [["FuotaTaskId"]],
                        "Metrics": [{"Name": name, "Unit": _unit(name)} for name in values],
                    }
                ],
            },
            "FuotaTaskId": watched.task_id,
            **more,
            **values,
        }
    )


def _values(progress: Progress) -> dict[str, Any]:
    # A status this list does not know yet is told as well, under its own name.
    by_status = {status: progress.counts.get(status, 0) for status in (*DEVICE_STATUSES, *sorted(progress.counts))}
    values: dict[str, Any] = {
        "Devices": progress.devices,
        **{f"Devices.{status}": count for status, count in by_status.items()},
        "SecondsInStatus": progress.seconds_in_status,
        "SecondsPastStart": progress.seconds_past_start,
        "DoneWithoutSuccess": int(progress.done_without_success),
        "Done": int(progress.status == DONE),
    }
    if progress.devices:  # a share of nothing is no number
        values["SuccessRatio"] = progress.successful / progress.devices
        values["FailedRatio"] = progress.failed / progress.devices
    return values


def _unit(name: str) -> str:
    if name.startswith("Seconds"):
        return "Seconds"
    return "None" if name.endswith("Ratio") else "Count"
