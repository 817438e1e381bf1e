"""The two state machines of a rollout, as their files say, and the role they run as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs

from fuota_constructs.provider.permissions import statement
from fuota_constructs.template.role_policy import RolePolicy
from fuota_constructs.template.service_role import CUSTOMIZED, service_role
from fuota_constructs.template.typed_resource import attribute, typed_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

MACHINES = Path(__file__).with_name("machine")
STATES = "states.amazonaws.com"

WILDCARDS = {"WatchWaves": "the names of executions are made up when a wave is started"}
"""Why a statement, by Sid, cannot do without a wildcard."""


class RolloutMachines(constructs.Construct):
    """The machine of a rollout, and that of a wave, of which it runs an execution for each."""

    def __init__(
        self,
        scope: constructs.Construct,
        id: str,
        *,
        function_arn: str,
        tags: Mapping[str, str],
    ) -> None:
        """Make them, to call this function; `tags` are those of the rollout's machine, by which it is found."""
        super().__init__(scope, id)
        # So that no machine of another account can make Step Functions use it (AWS Step Functions Developer Guide,
        # "Prevent cross-service confused deputy issue").
        own_account = {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
        role = service_role(self, "Role", STATES, conditions=own_account)
        role_arn = attribute(role, "roleArn")
        wave = self._machine("Wave", "wave", role_arn, {"FunctionArn": function_arn})
        wave_arn = attribute(wave, "attrArn")
        stack = cdk.Stack.of(self)
        events_rule = stack.format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule"
        )
        self.policy = RolePolicy(
            self,
            role=role,
            policy_name="FuotaConstructsRolloutMachines",
            statements=[
                statement("CallSteps", ["lambda:InvokeFunction"], function_arn),
                statement("StartWaves", ["states:StartExecution"], wave_arn),
                statement("WatchWaves", ["states:DescribeExecution", "states:StopExecution"], executions_of(wave_arn)),
                # By which Step Functions hears of the end of an execution that another one waits for (AWS Step
                # Functions Developer Guide, IAM policies for nested workflows).
                statement("HearOfWaves", ["events:DescribeRule", "events:PutRule", "events:PutTargets"], events_rule),
            ],
            wildcards=WILDCARDS,
            customized=self.node.try_get_context(CUSTOMIZED) is not None,
        )
        arns = {"FunctionArn": function_arn, "WaveMachineArn": wave_arn}
        rollout = self._machine("Rollout", "rollout", role_arn, arns, tags)
        # Making a machine that waits for others, Step Functions checks that its role may be told of their end.
        self.policy.outlive(rollout)
        self.rollout_arn = attribute(rollout, "attrArn")
        """What starting a rollout starts."""
        self.wave_arn = wave_arn
        """What a rollout starts for each wave."""
        self.executions_arn = executions_of(self.rollout_arn)
        """All executions of the rollout."""
        self.rollout = rollout

    def _machine(
        self,
        id: str,
        file: str,
        role_arn: str,
        arns: dict[str, str],
        tags: Mapping[str, str] | None = None,
    ) -> cdk.CfnResource:
        return typed_resource(
            self,
            id,
            "aws_stepfunctions.CfnStateMachine",
            {
                "definitionString": (MACHINES / f"{file}.asl.json").read_text(encoding="utf-8"),
                "definitionSubstitutions": arns,
                "roleArn": role_arn,
                "stateMachineType": "STANDARD",
                **({"tags": [{"key": key, "value": value} for key, value in tags.items()]} if tags else {}),
            },
        )


def name_of(machine_arn: str) -> str:
    """The name of a machine: arn:aws:states:<Region>:<account>:stateMachine:<name>."""
    return cdk.Fn.select(6, cdk.Fn.split(":", machine_arn))


def evidence_of(bucket_arn: str, machine_arn: str) -> str:
    """What the executions of a machine keep in a bucket, where others may keep theirs."""
    return f"{bucket_arn}/rollouts/{name_of(machine_arn)}/*"


def executions_of(machine_arn: str) -> str:
    """The ARN of every execution of a machine: arn:aws:states:<Region>:<account>:execution:<name of the machine>:*."""
    execution = f"{cdk.Aws.PARTITION}:states:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:execution"
    return f"arn:{execution}:{name_of(machine_arn)}:*"
