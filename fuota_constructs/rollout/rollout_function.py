"""The function of a rollout, with a module a step, and the table of the operator's word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs

from fuota_constructs.firmware.role_access import as_resource
from fuota_constructs.provider.configured_function import NETWORK_WILDCARDS, ConfiguredFunction, role_for
from fuota_constructs.provider.permissions import (
    ROLLOUT_TAG,
    SERVICE_PRINCIPAL,
    for_assets,
    pass_role,
    read_encryption,
    statement,
    write_logs,
)
from fuota_constructs.provider.permissions import WILDCARDS as OF_THE_PROVIDER
from fuota_constructs.rollout.rollout_machines import evidence_of
from fuota_constructs.template.functions import make_function, make_log_group
from fuota_constructs.template.on_demand_table import on_demand_table
from fuota_constructs.template.role_policy import RolePolicy
from fuota_constructs.template.service_role import CUSTOMIZED
from fuota_constructs.template.typed_resource import attribute, typed_resource

if TYPE_CHECKING:
    from fuota_constructs.firmware.bucket_facts import BucketFacts
    from fuota_constructs.rollout.rollout_machines import RolloutMachines
    from fuota_constructs.template.role_policy import Statement

RUNTIME_DIRECTORY = Path(__file__).with_name("runtime")
LORAWAN_DIRECTORY = Path(__file__).parents[1] / "lorawan"
LAMBDA_TIMEOUT_SECONDS = 900
"""The most that Lambda allows: devices join a group eight a second."""
LAMBDA_MEMORY_MB = 512
"""For the ids and statuses of 100,000 devices."""

_HEAR = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]

WILDCARDS = {
    "ListSessions": "these actions have no resource-level permissions (Service Authorization Reference)",
    "MakeSessions": "these actions have no resource-level permissions (Service Authorization Reference)",
    "RunTasks": "the service makes up the ids of FUOTA tasks; those of other rollouts are excluded by their tag",
    "FillGroups": "the service makes up the ids of groups; those of other rollouts are excluded by their tag",
    "MoveDevices": "who is in a rollout is known only when it starts",
    "KeepEvidence": "the names of executions are made up when a rollout is started",
    "SeeSessions": "whose sessions a device is in is found out by looking at them all",
    "SeeOthers": "the names of executions are made up when a rollout is started",
    "UseBucketKey": OF_THE_PROVIDER["UseFirmwareKey"],
    **{sid: OF_THE_PROVIDER[sid] for sid in ("ReadAssets", "DecryptAssets")},
}
"""Why a statement, by Sid, cannot do without a wildcard."""


class RolloutFunction(constructs.Construct):
    """The function, its role, policy, log group and table."""

    def __init__(
        self,
        scope: constructs.Construct,
        id: str,
        *,
        rollout_name: str,
        bucket: BucketFacts,
        firmware_role_arn: str,
        bucket_made_here: bool,
        image_key: str,
        versions_arn: str | None,
        event_bus_arn: str,
    ) -> None:
        """Make them; `rollout_name` is the value of the tag of what the function makes.

        `bucket_made_here`: it is the bucket of tasks that are given none, whose policy this library writes.
        """
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        role, given = role_for(self)
        log_group = make_log_group(self)
        self.table = on_demand_table(self, "Rollout")
        self.tags = {
            ROLLOUT_TAG: rollout_name,
            f"{ROLLOUT_TAG}-table": self.table.ref,
            f"{ROLLOUT_TAG}-bucket": bucket.name,
        }
        """What the state machine carries, by which an operator finds the rollout, its word and its evidence."""
        function = make_function(
            self,
            stack,
            code=RUNTIME_DIRECTORY,
            code_name=f"{self.node.path}/Code",
            handler="rollout_step.handler",
            description="Steps of FuotaRollout (fuota_constructs)",
            role_arn=attribute(role, "roleArn"),
            log_group=log_group,
            timeout_seconds=LAMBDA_TIMEOUT_SECONDS,
            environment={
                "CONTROL_TABLE": self.table.ref,
                "EVENT_BUS": event_bus_arn,
                "FIRMWARE_BUCKET": bucket.name,
                "ROLLOUT": rollout_name,
            },
            packages={"fuota_constructs/lorawan": LORAWAN_DIRECTORY},
            memory_mb=LAMBDA_MEMORY_MB,
        )
        self.role_arn = attribute(role, "roleArn")
        """What it runs as."""
        self.function_arn = attribute(function, "attrArn")
        """What the machines call."""
        self.table_arn = attribute(self.table, "attrArn")
        """The table of the operator's word."""
        key = bucket.key_arn
        image_arn = f"{bucket.arn}/{as_resource(image_key)}"
        self.policy = RolePolicy(
            self,
            role=role,
            policy_name="FuotaConstructsRollout",
            statements=[
                *_sessions(rollout_name),
                pass_role(firmware_role_arn, SERVICE_PRINCIPAL),
                # Without it S3 says of an object that is not there that access is denied (Amazon S3 API, GetObject).
                statement("FindEvidence", ["s3:ListBucket"], bucket.arn),
                *([] if bucket_made_here else [read_encryption(bucket.arn)]),
                *([statement("UseBucketKey", ["kms:Decrypt", "kms:GenerateDataKey"], key)] if key else []),
                # Before a wave: is the image there, and may the service read it?
                statement("SeeImage", ["s3:GetObject"], image_arn),
                statement("SeeBucketPolicy", ["s3:GetBucketPolicy"], bucket.arn),
                statement("AskAboutRole", ["iam:GetRole", "iam:SimulatePrincipalPolicy"], firmware_role_arn),
                *([statement("ReadVersions", ["dynamodb:BatchGetItem"], versions_arn)] if versions_arn else []),
                statement("HearTheOperator", _HEAR, self.table_arn),
                statement("PublishEvents", ["events:PutEvents"], event_bus_arn),
                write_logs(attribute(log_group, "attrArn")),
            ],
            wildcards={**WILDCARDS, **NETWORK_WILDCARDS},
            customized=self.node.try_get_context(CUSTOMIZED) is not None,
            given=given,
        )
        self.configured_function = ConfiguredFunction(
            self,
            function=function,
            log_group=log_group,
            policy=self.policy,
            role=role,
            endpoints="iotwireless.api, dynamodb, events, s3 and states",
        )

    def allow_asset(self, asset_bucket: str) -> None:
        """Let it read a list of devices among the CDK assets."""
        self.policy.allow(for_assets(asset_bucket))

    def watch(self, machines: RolloutMachines, *, bucket_arn: str) -> cdk.CfnResource:
        """Let it see whether an earlier execution is under way, and hear of one that died: it tells of that, too.

        Answers with what that needs last.
        """
        evidence = evidence_of(bucket_arn, machines.rollout_arn)
        self.policy.allow(
            [
                statement("SeeOthers", ["states:DescribeExecution"], machines.executions_arn),
                statement("KeepEvidence", ["s3:GetObject", "s3:PutObject"], evidence),
            ]
        )
        rule = typed_resource(
            self,
            "Ends",
            "aws_events.CfnRule",
            {
                "description": "Executions of a rollout that died, which tell nothing themselves (fuota_constructs)",
                "eventPattern": {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {"stateMachineArn": [machines.rollout_arn], "status": ["ABORTED", "FAILED", "TIMED_OUT"]},
                },
                "state": "ENABLED",
                "targets": [{"arn": self.function_arn, "id": "Function"}],
            },
        )
        return typed_resource(
            self,
            "Permission",
            "aws_lambda.CfnPermission",
            {
                "action": "lambda:InvokeFunction",
                "functionName": self.function_arn,
                "principal": "events.amazonaws.com",
                "sourceArn": attribute(rule, "attrArn"),
            },
        )


def _sessions(rollout_name: str) -> list[Statement]:
    """What making, running and taking away the groups and tasks of waves needs."""
    here = f"arn:{cdk.Aws.PARTITION}:iotwireless:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
    # Not those of other rollouts. One without the tag is just being made. IoT Wireless supports tags in policies (AWS
    # IoT Wireless Developer Guide, "How AWS IoT Wireless works with IAM"); tried on AWS it was not.
    ours = {"Condition": {"StringEqualsIfExists": {f"aws:ResourceTag/{ROLLOUT_TAG}": rollout_name}}}

    def actions(*names: str) -> list[str]:
        return [f"iotwireless:{name}" for name in names]

    attach = "AssociateMulticastGroupWithFuotaTask"
    membership = ("AssociateWirelessDeviceWithMulticastGroup", "DisassociateWirelessDeviceFromMulticastGroup")
    return [
        statement("MakeSessions", actions("CreateFuotaTask", "CreateMulticastGroup", "ListWirelessDevices"), "*"),
        # Whether devices are in another session, before a wave.
        statement("ListSessions", actions("ListFuotaTasks", "ListMulticastGroups"), "*"),
        statement(
            "SeeSessions",
            actions("GetFuotaTask", "GetMulticastGroup"),
            f"{here}:FuotaTask/*",
            f"{here}:MulticastGroup/*",
        ),
        {
            **statement(
                "RunTasks",
                actions(
                    "AssociateMulticastGroupWithFuotaTask",
                    "DeleteFuotaTask",
                    "GetFuotaTask",
                    "ListMulticastGroupsByFuotaTask",
                    "StartFuotaTask",
                    "TagResource",
                ),
                f"{here}:FuotaTask/*",
            ),
            **ours,
        },
        {
            **statement(
                "FillGroups",
                actions(attach, "DeleteMulticastGroup", "TagResource", *membership),
                f"{here}:MulticastGroup/*",
            ),
            **ours,
        },
        # Both ends of a membership are checked (Service Authorization Reference).
        statement("MoveDevices", actions(*membership), f"{here}:WirelessDevice/*"),
    ]
