"""A monitor of a FUOTA task: metrics, events, alarms and a dashboard, where AWS has none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn, cast

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.event_bus import event_bus_arn
from fuota_constructs.monitor.poll_function import PollFunction
from fuota_constructs.monitor.task_metrics import ACTIONS_RULE, TaskMetrics, make_alarms, widgets
from fuota_constructs.synth_checks import MonitorPlan, TaskPlan, findings_in, place_of, place_of_stack
from fuota_constructs.template.alarm_actions import expect_actions
from fuota_constructs.template.durations import known_seconds
from fuota_constructs.template.keyword_names import naming_keywords
from fuota_constructs.template.references import refers
from fuota_constructs.template.service_arns import expect_arn
from fuota_constructs.template.tokens import is_known, shown
from fuota_constructs.template.typed_resource import attribute, typed_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import constructs
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk.interfaces.aws_events import IEventBusRef
    from aws_cdk.interfaces.aws_iotwireless import IFuotaTaskRef

NAMESPACE = "FuotaConstructs"
DEFAULT_MINUTES = 5
LONGEST_MINUTES = 60
DEFAULT_STUCK_MINUTES = 15
DEFAULT_FAILURE_RATIO = 0.1
_NAMESPACE_CHARACTERS = re.compile(r"(?!AWS/|:)(?=.*[^ ])[A-Za-z0-9._/#: -]{1,255}")
"""Source: Amazon CloudWatch User Guide, namespaces."""


class FuotaMonitor(TaskMetrics):
    """Watches one FUOTA task, made here or imported: CloudWatch metrics, EventBridge events and four alarms.

    AWS publishes no progress of a FUOTA session, and `FuotaDone` is reached when every device failed, too. A Lambda,
    one in a stack for all its monitors, polls the task and its devices. A task that is `Pending` costs one request a
    poll, without metrics; when it is done and nothing changed any more, the polling stops by itself until a deployment
    makes a new task. Changes shorter than `interval` are not seen. Beyond 40,000 devices past `Initial` device events
    stop; metrics and task events go on. A stack has room for some 50 monitors, because each adds to
    the function's policy; more fail the synth.
    """

    @naming_keywords
    def __init__(
        self,
        scope: constructs.Construct,
        id: str,
        *,
        task: IFuotaTaskRef,
        interval: cdk.Duration | None = None,
        event_bus: IEventBusRef | None = None,
        namespace: str | None = None,
        alarm_actions: Sequence[str | cloudwatch.IAlarmAction] | None = None,
        failure_ratio: float | None = None,
        stuck_after: cdk.Duration | None = None,
    ) -> None:
        """Watch a task.

        `task`: a `FuotaTask`, an imported one, or an L1 `CfnFuotaTask`, in the account and Region of this stack.
        `interval`: time between two polls, 1 to 60 whole minutes; 5 minutes by default.
        `event_bus`: where events go, in the Region of this stack; the policy of a bus of another account must allow it.
        By default the account's default bus.
        `namespace`: of the metrics, 1 to 255 letters, digits, spaces and `._/#:-`, not beginning with `AWS/`;
        `FuotaConstructs` by default.
        `alarm_actions`: what the alarms do, at most 5 in the Region of this stack: ARNs, for example `topic.topic_arn`,
        or actions of `aws_cloudwatch_actions`; nothing by default.
        `failure_ratio`: share of devices, 0 to 1, above which failures alarm; 0.1 by default.
        `stuck_after`: how long after the start of its session a task may still wait for it, 1 to 10,080 whole minutes
        (a week); 15 minutes by default.

        Raises `FuotaValidationError` for values of a wrong kind or out of range.
        """
        super().__init__(scope, id)
        if not refers(task, "fuota_task_ref"):
            self._refuse(
                "monitor-task", f"task is {shown(task)}; give a FuotaTask, or FuotaTask.from_fuota_task_id(...)"
            )
        reference = task.fuota_task_ref
        expect_arn(reference.fuota_task_arn, "FuotaTask", self)
        self._expect_own_place(task, reference.fuota_task_arn)
        bus_arn = event_bus_arn(event_bus, self, rule="monitor-event-bus")
        minutes = self._minutes("interval", interval, DEFAULT_MINUTES, at_most=LONGEST_MINUTES)
        stuck_minutes = self._minutes("stuck_after", stuck_after, DEFAULT_STUCK_MINUTES)
        self.namespace = self._namespace(namespace)
        """The namespace of the metrics."""
        self.fuota_task_id = reference.fuota_task_id
        """The task that is watched, also the dimension `FuotaTaskId` of the metrics."""
        self.interval = cdk.Duration.minutes(minutes)
        """Time between two polls, and the period of the metrics."""

        function = PollFunction.of(self)
        rule = self._make_rule(minutes, function, bus_arn)
        function.allow(task_arn=reference.fuota_task_arn, event_bus_arn=bus_arn, rule=rule)
        alarms = make_alarms(
            self,
            failure_ratio=self._ratio(failure_ratio),
            stuck_seconds=60 * stuck_minutes,
            actions=expect_actions(alarm_actions, self, rule=ACTIONS_RULE),
        )
        self._alarms = alarms
        self.done_without_success_alarm, self.stuck_waiting_alarm, self.failures_alarm, self.polls_fail_alarm = alarms

    def widgets(self) -> list[cloudwatch.IWidget]:
        """A row of widgets, 24 columns, for a dashboard of yours."""
        return widgets(self, list(self._alarms))

    def dashboard(
        self,
        id: str = "Dashboard",
        *,
        dashboard_name: str | None = None,
    ) -> cloudwatch.Dashboard:
        """A dashboard of this task; CloudFormation makes up its name by default."""
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Dashboard(self, id, dashboard_name=dashboard_name, widgets=[self.widgets()])

    def _make_rule(self, minutes: int, function: PollFunction, bus_arn: str) -> cdk.CfnResource:
        # The rule tells its own name, which its target could not refer to: the Lambda disables it when the task is
        # done. A new task changes this input, and CloudFormation then puts the rule as it is here: enabled.
        template = (
            f'{{"fuotaTaskId": "{self.fuota_task_id}", "namespace": "{self.namespace}", "eventBus": "{bus_arn}",'
            ' "rule": "<aws.events.rule-name>"}'
        )
        rule = typed_resource(
            self,
            "Rule",
            "aws_events.CfnRule",
            {
                "description": "Polls of a FUOTA task; it disables itself when the task is done (fuota_constructs)",
                "scheduleExpression": f"rate({minutes} minute{'' if minutes == 1 else 's'})",
                "state": "ENABLED",
                "targets": [
                    {"arn": function.function_arn, "id": "Poll", "inputTransformer": {"inputTemplate": template}}
                ],
            },
        )
        typed_resource(
            self,
            "Permission",
            "aws_lambda.CfnPermission",
            {
                "action": "lambda:InvokeFunction",
                "functionName": function.function_arn,
                "principal": "events.amazonaws.com",
                "sourceArn": attribute(rule, "attrArn"),
            },
        )
        return rule

    def _expect_own_place(self, task: IFuotaTaskRef, arn: str) -> None:
        # At once, and not at synth with the other findings: all that follows would be about another task.
        for finding in findings_in(TaskPlan(monitor=MonitorPlan(place_of_stack(self), place_of(task, arn)))):
            self._refuse(finding.rule, finding.message)

    def _minutes(self, name: str, value: object, default: int, *, at_most: int = 10_080) -> int:
        if value is None:
            return default
        seconds = known_seconds(value)
        if seconds is not None and seconds % 60 == 0 and 1 <= seconds // 60 <= at_most:
            return int(seconds // 60)
        given = shown(value) if seconds is None else f"{seconds:.15g} s"
        raise FuotaValidationError(
            f"monitor-{name.replace('_', '-')}",
            f"{name} is {given}; give 1 to {at_most} whole minutes, for example cdk.Duration.minutes({default})",
            construct_path=self.node.path,
        )

    def _namespace(self, namespace: object) -> str:
        if namespace is None:
            return NAMESPACE
        known = isinstance(namespace, str) and is_known(namespace)
        if not isinstance(namespace, str) or (known and not _NAMESPACE_CHARACTERS.fullmatch(namespace)):
            self._refuse(
                "monitor-namespace",
                f"namespace is {shown(namespace)}; choose 1 to 255 letters, digits, spaces and ._/#:-, not beginning"
                " with AWS/",
            )
        return str(namespace)

    def _ratio(self, failure_ratio: object) -> float:
        if failure_ratio is None:
            return DEFAULT_FAILURE_RATIO
        is_number = isinstance(failure_ratio, int | float) and not isinstance(failure_ratio, bool)
        if not is_number or (is_known(failure_ratio) and not 0 <= cast("float", failure_ratio) <= 1):
            wrong = f"failure_ratio is {shown(failure_ratio)}; choose a share from 0 to 1"
            self._refuse("monitor-failure-ratio", wrong)
        return float(cast("float", failure_ratio))

    def _refuse(self, rule: str, message: str) -> NoReturn:
        raise FuotaValidationError(rule, message, construct_path=self.node.path)
