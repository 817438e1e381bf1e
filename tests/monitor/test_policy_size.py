"""The length of a policy as CloudFormation writes it, worked out at synth."""

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from fuota_constructs import FuotaMonitor, FuotaTask
from fuota_constructs.monitor.policy_size import characters_of
from fuota_constructs.monitor.poll_function import PollFunction


@pytest.mark.parametrize(
    ("region", "name", "rule_name"),
    [
        (None, "Fleet", "Fleet-MonitorRule-0123456789AB"),
        ("ap-northeast-1", "Fleet", "Fleet-MonitorRule-0123456789AB"),
        (None, "F" * 100, "F" * 64),
    ],
)
def test_a_rule_has_a_name_that_cloudformation_makes_up(region: str | None, name: str, rule_name: str) -> None:
    stack = cdk.Stack(cdk.App(), name, env=cdk.Environment(account="111122223333", region=region))
    rule = cdk.CfnResource(stack, "MonitorRule", type="AWS::Events::Rule")
    policy = iam.Policy(stack, "Policy")
    policy.add_statements(
        iam.PolicyStatement(sid="A", actions=["events:DisableRule"], resources=[rule.get_att("Arn").to_string()]),
        iam.PolicyStatement(
            sid="B",
            actions=["iotwireless:GetFuotaTask"],
            resources=[f"arn:{cdk.Aws.PARTITION}:iotwireless:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:FuotaTask/t"],
        ),
    )
    at = f"{region or 'us-east-1'}:111122223333"
    written = {
        "Statement": [
            {
                "Action": "events:DisableRule",
                "Effect": "Allow",
                "Resource": f"arn:aws:events:{at}:rule/{rule_name}",
                "Sid": "A",
            },
            {
                "Action": "iotwireless:GetFuotaTask",
                "Effect": "Allow",
                "Resource": f"arn:aws:iotwireless:{at}:FuotaTask/t",
                "Sid": "B",
            },
        ],
        "Version": "2012-10-17",
    }
    # CloudFormation's suffix has 12 or 13 characters; an ARN of anything else than a rule ends with an id of 36.
    assert 0 <= characters_of(stack, policy.document.to_json()) - len(json.dumps(written, separators=(",", ":"))) <= 6


@pytest.mark.parametrize(
    "later",
    [
        {"Ref": "Task"},
        {"Fn::ImportValue": "task"},
        {"Fn::Select": [1, {"Fn::Split": ["|", {"Fn::ImportValue": "tasks"}]}]},
        {"Fn::If": ["Pilot", {"Fn::ImportValue": "pilot"}, {"Fn::ImportValue": "fleet"}]},
        {"Fn::FindInMap": ["Tasks", {"Ref": "AWS::Region"}, "task"]},
        {"Fn::Join": ["", {"Ref": "Parts"}]},
    ],
    ids=lambda later: next(iter(later)),
)
def test_what_only_cloudformation_knows_counts_as_what_it_is_likely_to_be(later: dict[str, object]) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    def characters(arn: object) -> int:
        return characters_of(stack, {"Statement": [{"Sid": "ReadTasks", "Resource": [arn]}]})

    known = characters(f"arn:aws:iotwireless:us-east-1:{'0' * 12}:FuotaTask/{'0' * 36}")
    assert characters({"Fn::Join": ["", [f"arn:aws:iotwireless:us-east-1:{'0' * 12}:FuotaTask/", later]]}) == known
    assert known <= characters(later) <= known + 10


def test_a_monitor_watches_a_task_whose_id_another_stack_exports() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    FuotaMonitor(stack, "Monitor", task=FuotaTask.from_fuota_task_id(stack, "Task", cdk.Fn.import_value("task")))
    assert PollFunction.of(stack).findings == ()
