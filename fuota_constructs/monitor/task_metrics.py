"""What CloudWatch makes of a monitor's metrics: alarms and widgets. `aws_cloudwatch` is loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import constructs

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.alarm_actions import add_actions
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_cloudwatch as cloudwatch

ACTIONS_RULE = "monitor-alarm-actions"
STATUS_RULE = "monitor-device-status"

_SHOWN_STATUSES = (
    "Successful",
    "Initial",
    "MissingFrag",
    "MICError",
    "MemoryError",
    "Not_enough_memory",
    "Package_Not_Supported",
    "FragAlgo_unsupported",
    "FragIndex_unsupported",
    "Wrong_descriptor",
    "SessionCnt_replay",
    "Device_exist_in_conflict_fuota_task",
)


PERIODS_OF_FAILURE = 3
"""One poll may fail, and Lambda starts it again; polls of three intervals in a row do not fail by chance."""


class TaskMetrics(constructs.Construct):
    """A construct with the metrics of one FUOTA task; who derives from it sets what they are made of."""

    namespace: str
    fuota_task_id: str
    interval: cdk.Duration

    def metric(self, name: str, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """A metric of the task by its name; `options` are those of `cloudwatch.Metric`.

        The maximum over one interval by default. There are data from the first poll that finds the task waiting for
        its session until the one that finds it done for good.
        """
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Metric(
            **{  # type: ignore[arg-type]  # mypy sees one type for all values
                "period": self.interval,
                "statistic": "Maximum",
                **options,
                "namespace": self.namespace,
                "metric_name": name,
                "dimensions_map": {"FuotaTaskId": self.fuota_task_id},
            }
        )

    def metric_devices(self, status: str | None = None, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of the task, all or those of one FuotaDeviceStatus such as `Successful` or `MissingFrag`.

        Raises `FuotaValidationError` (`monitor-device-status`) for another status.
        """
        if status is None:
            return self.metric("Devices", **options)
        if status not in _SHOWN_STATUSES:
            raise FuotaValidationError(
                STATUS_RULE,
                f"status is {shown(status)}; give one of {', '.join(_SHOWN_STATUSES)}",
                construct_path=self.node.path,
            )
        return self.metric(f"Devices.{status}", **options)

    def metric_success_ratio(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Share of the devices that have the image, 0 to 1; no data for a task without devices."""
        return self.metric("SuccessRatio", **options)

    def metric_failed_ratio(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Share of the devices that failed, 0 to 1: every status but Successful, and Initial only of a done task."""
        return self.metric("FailedRatio", **options)

    def metric_seconds_in_status(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Seconds since a poll first saw the task in its status."""
        return self.metric("SecondsInStatus", **options)

    def metric_seconds_past_start(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Seconds that a task waits for its session past the session's start; else 0."""
        return self.metric("SecondsPastStart", **options)

    def metric_done_without_success(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """1 while the task is done and no device has the image, else 0."""
        return self.metric("DoneWithoutSuccess", **options)

    def metric_poll_failed(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """1 for a poll that could not see the task or all its devices, or not tell what it saw; else no data."""
        return self.metric("PollFailed", **options)


def make_alarms(
    monitor: TaskMetrics, *, failure_ratio: float, stuck_seconds: int, actions: Sequence[str | cloudwatch.IAlarmAction]
) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm, cloudwatch.Alarm, cloudwatch.Alarm]:
    """Four alarms: done without success, stuck waiting, too many failures, polls that fail."""
    from aws_cdk import aws_cloudwatch as cloudwatch

    # The polls end when the task is done: without data these two alarms stay as the last poll left them.
    stay, quiet = cloudwatch.TreatMissingData.IGNORE, cloudwatch.TreatMissingData.NOT_BREACHING

    def alarm(
        name: str,
        on: cloudwatch.Metric,
        above: float,
        missing: cloudwatch.TreatMissingData,
        what: str,
        *,
        periods: int = 1,
    ) -> cloudwatch.Alarm:
        made = on.create_alarm(
            monitor,
            name,
            alarm_description=what,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            threshold=above,
            treat_missing_data=missing,
        )
        add_actions(made, actions, rule=ACTIONS_RULE)
        return made

    return (
        alarm(
            "DoneWithoutSuccessAlarm",
            monitor.metric_done_without_success(),
            0,
            stay,
            "The FUOTA task is done and no device has the image: look at the device statuses, at the image's address"
            " and at what the firmware update role may read.",
        ),
        alarm(
            "StuckWaitingAlarm",
            monitor.metric_seconds_past_start(),
            stuck_seconds,
            quiet,
            "The FUOTA task still waits for its session long after the session should have begun.",
        ),
        alarm(
            "FailuresAlarm",
            monitor.metric_failed_ratio(),
            failure_ratio,
            stay,
            "More devices of the FUOTA task failed than is accepted: the metrics Devices.<status> say why.",
        ),
        alarm(
            "PollsFailAlarm",
            monitor.metric_poll_failed(),
            0,
            quiet,
            "The polls of the FUOTA task fail, so nobody watches it: the function's log says why.",
            periods=PERIODS_OF_FAILURE,
        ),
    )


def widgets(monitor: TaskMetrics, alarms: Sequence[cloudwatch.IAlarm]) -> list[cloudwatch.IWidget]:
    """A row: devices by status, shares, seconds in status, alarms."""
    from aws_cdk import aws_cloudwatch as cloudwatch

    by_status = [monitor.metric_devices(status, label=status) for status in _SHOWN_STATUSES]
    share = cloudwatch.YAxisProps(min=0, max=1, show_units=False)
    return [
        cloudwatch.GraphWidget(title="Devices by status", left=by_status, stacked=True, width=9, height=7),
        cloudwatch.GraphWidget(
            title="Share of devices",
            left=[monitor.metric_success_ratio(label="successful"), monitor.metric_failed_ratio(label="failed")],
            left_y_axis=share,
            width=6,
            height=7,
        ),
        cloudwatch.GraphWidget(
            title="Seconds in status, and waiting past the start",
            left=[monitor.metric_seconds_in_status(label="in status"), monitor.metric_seconds_past_start(label="late")],
            width=5,
            height=7,
        ),
        cloudwatch.AlarmStatusWidget(
            title="Alarms",
            alarms=alarms,
            width=4,
            height=7,
        ),
    ]
