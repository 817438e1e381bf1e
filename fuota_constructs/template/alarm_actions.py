"""What an alarm does: an ARN, or an action of `aws_cloudwatch_actions`. `aws_cloudwatch` is loaded when first used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import jsii

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.late_warnings import warn
from fuota_constructs.template.references import refers
from fuota_constructs.template.service_arns import parts_of
from fuota_constructs.template.tokens import is_known, is_list_token, known_text, maker_of, shown

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from constructs import Construct

    Actions = Sequence[str | cloudwatch.IAlarmAction]
    AlarmActions = Actions | None

_LAMBDA_FLAG = "@aws-cdk/aws-cloudwatch-actions:changeLambdaPermissionLogicalIdForLambdaAction"

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
    if not is_arn and (isinstance(action, str) or not refers(action, "bind")):
        return (
            f"alarm_actions has {shown(action)}; give ARNs, such as topic.topic_arn, or actions of"
            " aws_cloudwatch_actions"
        )
    return _elsewhere(action, at) if isinstance(action, str) else None


def _elsewhere(arn: str, at: Construct) -> str | None:
    # CloudWatch calls what is in the Region of the alarm only (CloudWatch API, PutMetricAlarm).
    there = _region_of(arn)
    here = known_text(cdk.Stack.of(at).region) if there else None
    if there and here and there != here:
        return (
            f"alarm_actions has {_named(arn)}, which is in {there}, and an alarm of this stack calls what is in {here}"
            f" only; give a topic in {here}"
        )
    return None


def _region_of(arn: str) -> str | None:
    """The Region of what an ARN names, where that is known: also of what another stack of this app makes."""
    if is_known(arn) or parts_of(arn)[3]:
        return parts_of(arn)[3]
    maker = maker_of(arn)
    return known_text(cdk.Stack.of(maker).region) if maker else None


def _account_of(arn: str) -> str | None:
    """The account of what an ARN names, where that is known; actions of EC2 and the like have none."""
    if is_known(arn) or parts_of(arn)[4]:
        return parts_of(arn)[4]
    maker = maker_of(arn)
    return known_text(cdk.Stack.of(maker).account) if maker else None


def add_actions(alarm: cloudwatch.Alarm, actions: Actions, *, rule: str) -> None:
    """Have an alarm do that; what is of another account is a warning.

    Raises `FuotaValidationError` of this rule for what turns out to be in another Region.
    """
    here = known_text(cdk.Stack.of(alarm).account) if actions else None
    for action in actions:
        arn = action if isinstance(action, str) else _bound(action, alarm, rule=rule)
        if wrong := _elsewhere(arn, alarm):
            raise FuotaValidationError(rule, wrong, construct_path=alarm.node.path)
        there = _account_of(arn) if here else None
        if there not in {here, None}:
            warn(
                cast("Construct", alarm.node.scope),
                rule,
                f"alarm_actions has {_named(arn)}, which is of account {there}, and an alarm of account {here} reaches"
                f" it only where its own policy allows that: let cloudwatch.amazonaws.com in there, for alarms of"
                f" account {here}, and acknowledge this then",
            )
        alarm.add_alarm_action(_action_of(arn))


def _bound(action: cloudwatch.IAlarmAction, alarm: cloudwatch.Alarm, *, rule: str) -> str:
    try:
        return action.bind(alarm, alarm).alarm_action_arn
    except RuntimeError as error:
        if "AlarmPermission" not in str(error):
            raise
        # Without this flag the CDK gives the permissions of all alarms on one function the same id.
        raise FuotaValidationError(
            rule,
            f"alarm_actions has {shown(action)}, which the CDK lets one alarm of the function have only; set"
            f' "{_LAMBDA_FLAG}": true in the context of cdk.json, or give a topic',
            construct_path=alarm.node.path,
        ) from None


def _named(arn: str) -> str:
    maker = maker_of(arn)
    return shown(maker) if maker else shown(arn)


def _action_of(arn: str) -> cloudwatch.IAlarmAction:
    from aws_cdk import aws_cloudwatch as cloudwatch

    # Made here, because the actions of aws_cloudwatch_actions load Lambda, EC2 and Auto Scaling with them.
    @jsii.implements(cloudwatch.IAlarmAction)
    class ActionByArn:
        def bind(self, scope: Construct, alarm: cloudwatch.IAlarm) -> cloudwatch.AlarmActionConfig:
            del scope, alarm
            return cloudwatch.AlarmActionConfig(alarm_action_arn=arn)

    return ActionByArn()
