"""What CloudWatch and EventBridge make of a rollout. `aws_cloudwatch` and `aws_events` are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import constructs

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_events as events

NAMESPACE = "FuotaConstructs"


class RolloutEvents(constructs.Construct):
    """A construct with the metrics and events of one rollout; who derives from it sets what they are about."""

    rollout_name: str
    state_machine_arn: str

    def metric(self, name: str, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """A metric of the rollout by its name; `options` are those of `cloudwatch.Metric`.

        Written at each gate; the last value of an hour by default.
        """
        import aws_cdk as cdk
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Metric(
            **{  # type: ignore[arg-type]
                "period": cdk.Duration.hours(1),
                "statistic": "Maximum",
                **options,
                "namespace": NAMESPACE,
                "metric_name": name,
                "dimensions_map": {"Rollout": self.rollout_name},
            }
        )

    def metric_success_ratio(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Share of the attempted devices of a wave that have the image, 0 to 1."""
        return self.metric("RolloutSuccessRatio", **options)

    def metric_silent_devices(self, **options: str | cdk.Duration) -> cloudwatch.Metric:
        """Devices of a wave that are silent since they have the image."""
        return self.metric("RolloutSilentDevices", **options)

    def on_event(
        self,
        id: str,
        *,
        target: events.IRuleTarget | None = None,
    ) -> events.Rule:
        """A rule for the events of the rollout: it began, it is over, it failed.

        They are those that Step Functions sends about executions, `Step Functions Execution Status Change`; the
        output of one that is over has the status of the rollout (`SUCCEEDED` or `ABORTED`) and why.
        """
        from aws_cdk import aws_events as events

        pattern = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"stateMachineArn": [self.state_machine_arn]},
        )
        return events.Rule(
            cast("constructs.Construct", self), id, event_pattern=pattern, targets=[target] if target else None
        )
