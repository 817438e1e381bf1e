"""What alarms may call: ARNs and actions alike."""

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns

from fuota_constructs import FuotaMonitor, FuotaTask, FuotaValidationError

TASK_ID = "a1b2c3d4-5678-90ab-cdef-111122223333"
ACCOUNT = "111122223333"
ELSEWHERE = "is in us-east-1, and an alarm of this stack calls what is in eu-west-1 only; give a topic in eu-west-1"


@pytest.fixture
def stack() -> cdk.Stack:
    """A stack in eu-west-1."""
    return cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account=ACCOUNT, region="eu-west-1"))


@pytest.fixture
def other(stack) -> cdk.Stack:
    """A stack of the same app in us-east-1."""
    return cdk.Stack(stack.node.root, "Other", env=cdk.Environment(account=ACCOUNT, region="us-east-1"))


def monitor(stack: cdk.Stack, *given: object) -> FuotaMonitor:
    """A monitor whose alarms do that."""
    task = FuotaTask.from_fuota_task_id(stack, "Task", TASK_ID)
    return FuotaMonitor(stack, "Monitor", task=task, alarm_actions=given)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (lambda other: actions.SnsAction(sns.Topic(other, "Topic")), "a CfnTopic (Other/Topic/Resource)"),
        (
            lambda other: actions.SnsAction(sns.Topic(other, "Topic", topic_name="alerts")),
            "a CfnTopic (Other/Topic/Resource)",
        ),
        (
            lambda other: actions.SnsAction(sns.Topic.from_topic_arn(other, "T", f"arn:aws:sns:us-east-1:{ACCOUNT}:a")),
            f"'arn:aws:sns:us-east-1:{ACCOUNT}:a'",
        ),
        (lambda other: sns.Topic(other, "Topic").topic_arn, "a CfnTopic (Other/Topic/Resource)"),
        (lambda other: sns.CfnTopic(other, "Topic").ref, "a CfnTopic (Other/Topic)"),
        (
            lambda other: other.format_arn(service="sns", region="us-east-1", resource="a"),
            "a value known only at deployment",
        ),
    ],
    ids=["action", "action with a name", "action imported", "ARN", "ARN of an L1", "ARN with tokens"],
)
def test_fails_for_what_is_in_another_region(stack, other, given, named) -> None:
    with pytest.raises(FuotaValidationError) as refused:
        monitor(stack, given(other))
    assert str(refused.value).startswith(f"monitor-alarm-actions: alarm_actions has {named}, which {ELSEWHERE}")


def test_actions_of_this_region_and_unknown_ones_are_called(stack) -> None:
    neighbour = cdk.Stack(stack.node.root, "Near", env=cdk.Environment(account=ACCOUNT, region="eu-west-1"))
    topic = sns.Topic(stack, "Topic")
    monitor(stack, actions.SnsAction(topic), sns.Topic(neighbour, "Topic").topic_arn, cdk.Fn.import_value("topic"))
    alarms = assertions.Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm")
    assert len(alarms) > 1
    for alarm in alarms.values():
        called = alarm["Properties"]["AlarmActions"]
        assert called[0] == stack.resolve(topic.topic_arn)
        assert called[2] == {"Fn::ImportValue": "topic"}


def test_actions_of_another_account_are_a_warning_once_for_all_alarms(stack) -> None:
    theirs = "arn:aws:sns:eu-west-1:444455556666:operators"
    there = cdk.Stack(stack.node.root, "There", env=cdk.Environment(account="444455556666", region="eu-west-1"))
    made = actions.SnsAction(sns.Topic(there, "Topic", topic_name="operators"))
    imported = actions.SnsAction(sns.Topic.from_topic_arn(stack, "Imported", f"{theirs}-too"))
    monitor(stack, theirs, imported, made, f"arn:aws:sns:eu-west-1:{ACCOUNT}:ours")
    found = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    assert [each.id for each in found] == ["/Stack/Monitor"] * 3
    for each, named in zip(found, (f"'{theirs}'", f"'{theirs}-too'", "a CfnTopic (There/Topic/Resource)"), strict=True):
        assert each.entry.data.startswith(f"alarm_actions has {named}, which is of account 444455556666, and an alarm")


def test_fails_for_a_function_of_which_the_cdk_gives_all_alarms_one_permission(stack) -> None:
    function = lambda_.Function(
        stack, "F", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.h", code=lambda_.Code.from_inline("h = print")
    )
    flag = "@aws-cdk/aws-cloudwatch-actions:changeLambdaPermissionLogicalIdForLambdaAction"
    with pytest.raises(FuotaValidationError, match=f'a LambdaAction, .* set "{flag}": true in the context of cdk.json'):
        monitor(stack, actions.LambdaAction(function))


def test_fails_as_an_action_of_somebody_fails(stack) -> None:
    topic = sns.Topic(stack, "Topic")
    broken = actions.SnsAction(topic)
    broken.bind = lambda *_: (_ for _ in ()).throw(RuntimeError("theirs"))
    with pytest.raises(RuntimeError, match="theirs"):
        monitor(stack, broken)
