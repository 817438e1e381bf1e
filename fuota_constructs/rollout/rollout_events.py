"""What EventBridge and CloudWatch make of a rollout. `aws_cloudwatch` and `aws_events` are loaded when first used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.event_bus import expect_rules_here
from fuota_constructs.rollout.event_schema import OUTCOMES, ROLLOUT_CHANGE, SOURCE, STATUSES, WAVE_CHANGE
from fuota_constructs.rollout.rollout_metrics import RolloutMetrics
from fuota_constructs.template.references import refers
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    import constructs
    from aws_cdk import aws_events as events
    from aws_cdk.interfaces.aws_events import IEventBusRef


class RolloutEvents(RolloutMetrics):
    """A construct with the metrics and events of one rollout; who derives from it sets what they are about."""

    state_machine_arn: str

    def __init__(
        self,
        scope: constructs.Construct,
        id: str,
        event_bus: IEventBusRef | None,
    ) -> None:
        """A construct whose events go to this bus; None is the default bus of the account."""
        super().__init__(scope, id)
        self.event_bus = event_bus

    def on_event(
        self,
        id: str,
        *,
        target: events.IRuleTarget | None = None,
    ) -> events.Rule:
        """A rule for all events of the rollout, those of its waves among them.

        Raises `FuotaValidationError` for a `target` that is none, and where the `event_bus` is of another account.
        """
        return self._rule(id, target, [ROLLOUT_CHANGE, WAVE_CHANGE])

    def on_status_change(
        self,
        id: str,
        *,
        target: events.IRuleTarget | None = None,
        statuses: Sequence[str] | None = None,
    ) -> events.Rule:
        """A rule for `FUOTA Rollout Status Change`: it runs, is held, is over.

        `statuses`: only these of `RUNNING`, `HELD`, `SUCCEEDED`, `ABORTED` and `FAILED`; all by default. `HELD` is
        when somebody is asked for an approval or another word.

        Raises `FuotaValidationError` for another status, and as `on_event`.
        """
        return self._rule(id, target, [ROLLOUT_CHANGE], status=self._known("statuses", statuses, STATUSES))

    def on_wave_status_change(
        self,
        id: str,
        *,
        target: events.IRuleTarget | None = None,
        outcomes: Sequence[str] | None = None,
    ) -> events.Rule:
        """A rule for `FUOTA Rollout Wave Status Change`: a wave runs, its gate has judged.

        `outcomes`: only these of `RUNNING`, `PASSED`, `INCONCLUSIVE`, `ABORTED` and `SKIPPED`; all by default.

        Raises `FuotaValidationError` for another outcome, and as `on_event`.
        """
        return self._rule(id, target, [WAVE_CHANGE], outcome=self._known("outcomes", outcomes, OUTCOMES))

    def _rule(
        self,
        id: str,
        target: events.IRuleTarget | None,
        detail_types: list[str],
        **only: list[str],
    ) -> events.Rule:
        from aws_cdk import aws_events as events

        if target is not None and not refers(target, "bind"):
            raise FuotaValidationError(
                "rollout-event-target",
                f"target is {shown(target)}; give one of aws_events_targets, and more with add_target of the rule",
                construct_path=self.node.path,
            )
        expect_rules_here(self.event_bus, self, rule="rollout-event-bus")
        # By the ARN of the machine, which no other account or Region has, on a bus that several share.
        given: dict[str, Any] = {"source": [SOURCE], "detail_type": detail_types, "resources": [self.state_machine_arn]}
        if detail := {name: values for name, values in only.items() if values}:
            given["detail"] = detail
        return events.Rule(
            cast("constructs.Construct", self),
            id,
            event_bus=self.event_bus,
            event_pattern=events.EventPattern(**given),
            targets=None if target is None else [target],
        )

    def _known(self, name: str, given: object, known: Sequence[str]) -> list[str]:
        if given is None:
            return []
        if not isinstance(given, Sequence) or isinstance(given, str) or not given or any(x not in known for x in given):
            raise FuotaValidationError(
                f"rollout-{name}",
                f"{name} is {shown(given)}; give a list of {', '.join(known)}",
                construct_path=self.node.path,
            )
        return list(given)
