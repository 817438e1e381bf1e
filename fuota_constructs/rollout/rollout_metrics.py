"""What CloudWatch makes of a rollout: metrics, alarms and widgets. `aws_cloudwatch` is loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import constructs

from fuota_constructs.template.alarm_actions import add_actions, expect_actions
from fuota_constructs.template.durations import seconds_of

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_cloudwatch as cloudwatch

    from fuota_constructs.template.alarm_actions import AlarmActions

NAMESPACE = "FuotaConstructs"
LONGEST_HOLD_SECONDS = 30 * 86_400


class RolloutMetrics(constructs.Construct):
    """A construct with the metrics of one rollout; who derives from it sets what they are about."""

    rollout_name: str

    def __init__(
        self,
        scope: constructs.Construct,
        id: str,
    ) -> None:
        """A construct without metrics yet: who derives from it gives it a name."""
        super().__init__(scope, id)
        self._alarms: list[cloudwatch.IAlarm] = []

    def metric(self, name: str, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """A metric of the rollout by its name; `options` are those of `cloudwatch.Metric`.

        The maximum over a minute by default: no two steps of a rollout that wait are in the same one. Those about
        devices are written at each gate, for its wave; the others at each step.
        """
        import aws_cdk as cdk
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Metric(
            **{  # type: ignore[arg-type]  # mypy sees one type for all values
                "period": cdk.Duration.minutes(1),
                "statistic": "Maximum",
                **options,
                "namespace": NAMESPACE,
                "metric_name": name,
                "dimensions_map": {"Rollout": self.rollout_name},
            }
        )

    def metric_success_ratio(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Share of the attempted devices of a wave with the image, or with `applied` its version, 0 to 1."""
        return self.metric("RolloutSuccessRatio", **options)

    def metric_attempted_devices(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of a wave that were delivered, failed or are not heard of."""
        return self.metric("RolloutAttemptedDevices", **options)

    def metric_delivered_devices(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of a wave that have the image."""
        return self.metric("RolloutDeliveredDevices", **options)

    def metric_failed_devices(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of a wave that failed, those that lost the image to the radio among them."""
        return self.metric("RolloutFailedDevices", **options)

    def metric_applied_devices(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of a wave that report the version asked for; written where `applied` asks for one only."""
        return self.metric("RolloutAppliedDevices", **options)

    def metric_silent_devices(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of a wave that are silent since they have the image."""
        return self.metric("RolloutSilentDevices", **options)

    def metric_lower_bound(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """What share of devices with the image is proven by the waves so far, 0 to 1."""
        return self.metric("RolloutLowerBound", **options)

    def metric_upper_bound(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """What share of devices with the image is possible after the waves so far, 0 to 1."""
        return self.metric("RolloutUpperBound", **options)

    def metric_running(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """1 while the rollout is RUNNING, else 0."""
        return self.metric("RolloutRunning", **options)

    def metric_held(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """1 while the rollout is HELD, else 0."""
        return self.metric("RolloutHeld", **options)

    def metric_seconds_held(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Seconds that the rollout is HELD already, else 0."""
        return self.metric("RolloutSecondsHeld", **options)

    def metric_aborted(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """1 when the rollout was ABORTED, 0 from the start of the next one."""
        return self.metric("RolloutAborted", **options)

    def metric_failed(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """1 when the rollout FAILED: its execution died. 0 from the start of the next one."""
        return self.metric("RolloutFailed", **options)

    def alarm_on_held(
        self,
        id: str = "HeldAlarm",
        *,
        after: cdk.Duration | None = None,
        alarm_actions: AlarmActions = None,
    ) -> cloudwatch.Alarm:
        """An alarm while the rollout is HELD: it asks for an approval or another word.

        `after`: how long that may take before, whole seconds up to 30 days; it alarms at once by default. A rollout
        that waits looks after a minute first, and later after a twentieth of the time: so late it may be.
        `alarm_actions`: as for `FuotaMonitor`; nothing by default.

        Raises `FuotaValidationError` for values of a wrong kind or out of range.
        """
        seconds = seconds_of("after", after, 0, at_most=LONGEST_HOLD_SECONDS, rule="rollout-alarm-after")
        on = self.metric_seconds_held() if seconds else self.metric_held()
        what = "The rollout is held: `fuota rollout status` says why, approve, resume, skip or abort answers it."
        return self._alarm(id, on, seconds, what, alarm_actions)

    def alarm_on_aborted(
        self,
        id: str = "AbortedAlarm",
        *,
        alarm_actions: AlarmActions = None,
    ) -> cloudwatch.Alarm:
        """An alarm when a gate or the operator has ABORTED the rollout, until the next one starts.

        `alarm_actions`: as for `FuotaMonitor`; nothing by default.

        Raises `FuotaValidationError` for what is no action.
        """
        what = "The rollout was aborted: `fuota rollout report` has the evidence of its gates."
        return self._alarm(id, self.metric_aborted(), 0, what, alarm_actions)

    def alarm_on_failed(
        self,
        id: str = "FailedAlarm",
        *,
        alarm_actions: AlarmActions = None,
    ) -> cloudwatch.Alarm:
        """An alarm when the execution of the rollout died, until it is redriven or the next one starts.

        `alarm_actions`: as for `FuotaMonitor`; nothing by default.

        Raises `FuotaValidationError` for what is no action.
        """
        what = "The execution of the rollout died: redrive it within 14 days, or start a new one."
        return self._alarm(id, self.metric_failed(), 0, what, alarm_actions)

    def widgets(self) -> list[cloudwatch.IWidget]:
        """A row of widgets, 24 columns, for a dashboard of yours; with the alarms that were made before."""
        from aws_cdk import aws_cloudwatch as cloudwatch

        devices = [
            self.metric_delivered_devices(label="delivered"),
            self.metric_failed_devices(label="failed"),
            self.metric_silent_devices(label="silent"),
        ]
        shares = [
            self.metric_success_ratio(label="success ratio"),
            self.metric_lower_bound(label="proven"),
            self.metric_upper_bound(label="possible"),
        ]
        share = cloudwatch.YAxisProps(min=0, max=1, show_units=False)
        statuses = [
            self.metric_running(label="running"),
            self.metric_held(label="held"),
            self.metric_aborted(label="aborted"),
            self.metric_failed(label="failed"),
        ]
        width = 6 if self._alarms else 8
        row: list[cloudwatch.IWidget] = [
            cloudwatch.GraphWidget(title="Devices of a wave, at its gate", left=devices, width=width, height=7),
            cloudwatch.GraphWidget(title="Share with the image", left=shares, left_y_axis=share, width=width, height=7),
            cloudwatch.GraphWidget(title="Status", left=statuses, left_y_axis=share, width=width, height=7),
        ]
        if self._alarms:
            row.append(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self._alarms, width=width, height=7))
        return row

    def dashboard(
        self,
        id: str = "Dashboard",
        *,
        dashboard_name: str | None = None,
    ) -> cloudwatch.Dashboard:
        """A dashboard of this rollout, with the alarms that were made before; CloudFormation makes up its name."""
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Dashboard(self, id, dashboard_name=dashboard_name, widgets=[self.widgets()])

    def _alarm(
        self,
        id: str,
        on: cloudwatch.Metric,
        above: float,
        what: str,
        actions: AlarmActions,
    ) -> cloudwatch.Alarm:
        from aws_cdk import aws_cloudwatch as cloudwatch

        rule = "rollout-alarm-actions"
        expected = expect_actions(actions, self, rule=rule)
        made = on.create_alarm(
            self,
            id,
            alarm_description=what,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            threshold=above,
            # Between two steps, and after the last one, there are no data: it stays as the last step left it.
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        add_actions(made, expected, rule=rule)
        self._alarms.append(made)
        return made
