"""What an alarm does: an ARN, or an action of `aws_cloudwatch_actions`. `aws_cloudwatch` is loaded when first used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.service_arns import parts_of
from fuota_constructs.template.tokens import is_known, is_list_token, known_text, shown

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from constructs import Construct

    Actions = Sequence[str | cloudwatch.IAlarmAction]
    AlarmActions = Actions | None

MOST_ACTIONS = 5
"""Source: CloudWatch API, PutMetricAlarm: AlarmActions."""


def expect_actions(actions: AlarmActions, at: Construct, *, rule: str) -> Actions:
    """Refuse what is no list of actions, and ARNs that no alarm of this stack can call.

    Raises `FuotaValidationError` of this rule.
    """
    if actions is None:
        return ()
    if not isinstance(actions, Sequence) or isinstance(actions, str):
        said = f"alarm_actions is {shown(actions)}; give a list of them"
    elif len(actions) > MOST_ACTIONS:
        said = (
            f"alarm_actions has {len(actions)} actions, and CloudWatch takes at most {MOST_ACTIONS} of an alarm: give"
            " one topic, to which all subscribe"
        )
    else:
        wrongs = (wrong for action in actions if (wrong := _wrong_with(action, at)))
        if (said := next(wrongs, "")) == "":
            return actions
    raise FuotaValidationError(rule, said, construct_path=at.node.path)


def _wrong_with(action: object, at: Construct) -> str | None:
    if is_list_token(action):
        return "alarm_actions is a list known only at deployment; give its elements, such as cdk.Fn.select(0, actions)"
    is_arn = isinstance(action, str) and (not is_known(action) or action.startswith("arn:"))
    if not is_arn and (isinstance(action, str) or not hasattr(action, "bind")):
        return (
            f"alarm_actions has {shown(action)}; give ARNs, such as topic.topic_arn, or actions of"
            " aws_cloudwatch_actions"
        )
    # CloudWatch calls what is in the Region of the alarm only (CloudWatch API, PutMetricAlarm).
    there = parts_of(action)[3] if isinstance(action, str) else None
    here = known_text(cdk.Stack.of(at).region) if there else None
    if there and here and there != here:
        return (
            f"alarm_actions has {shown(action)}, which is in {there}, and an alarm of this stack calls what is in"
            f" {here} only; give a topic in {here}"
        )
    return None


def add_actions(alarm: cloudwatch.Alarm, actions: Actions) -> None:
    """Have an alarm do that."""
    for action in actions:
        alarm.add_alarm_action(_action_of(action))


def _action_of(action: str | cloudwatch.IAlarmAction) -> cloudwatch.IAlarmAction:
    from aws_cdk import aws_cloudwatch as cloudwatch

    if not isinstance(action, str):
        return action
    arn = action

    # Made here, because the actions of aws_cloudwatch_actions load Lambda, EC2 and Auto Scaling with them.
    @jsii.implements(cloudwatch.IAlarmAction)
    class ActionByArn:
        def bind(self, scope: Construct, alarm: cloudwatch.IAlarm) -> cloudwatch.AlarmActionConfig:
            del scope, alarm
            return cloudwatch.AlarmActionConfig(alarm_action_arn=arn)

    return ActionByArn()
