"""What an alarm does: an ARN, or an action of `aws_cloudwatch_actions`. `aws_cloudwatch` is loaded when first used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jsii

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from constructs import Construct

    AlarmActions = Sequence[str | cloudwatch.IAlarmAction]


def expect_actions(actions: AlarmActions, at: Construct, *, rule: str) -> AlarmActions:
    """Refuse what is no list of actions.

    Raises `FuotaValidationError` of this rule.
    """
    if not isinstance(actions, Sequence) or isinstance(actions, str):
        said = f"alarm_actions is {shown(actions)}; give a list of them"
        raise FuotaValidationError(rule, said, construct_path=at.node.path)
    for action in actions:
        if not isinstance(action, str) and not hasattr(action, "bind"):
            said = (
                f"alarm_actions has {shown(action)}; give ARNs, such as topic.topic_arn, or actions of"
                " aws_cloudwatch_actions"
            )
            raise FuotaValidationError(rule, said, construct_path=at.node.path)
    return actions


def add_actions(alarm: cloudwatch.Alarm, actions: AlarmActions) -> None:
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
