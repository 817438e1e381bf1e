"""The Lambda that looks at FUOTA tasks: one in a stack for all its monitors, and the table it remembers them in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs

from fuota_constructs.monitor.policy_size import characters_of
from fuota_constructs.provider.configured_function import NETWORK_WILDCARDS, ConfiguredFunction, role_for
from fuota_constructs.provider.permissions import statement, write_logs
from fuota_constructs.synth_checks import MonitorPlan, SynthChecks, TaskPlan, findings_in
from fuota_constructs.template.acknowledgments import POLLS, RULE, AcknowledgedAtSynth
from fuota_constructs.template.functions import make_function, make_log_group
from fuota_constructs.template.on_demand_table import on_demand_table
from fuota_constructs.template.role_policy import RolePolicy
from fuota_constructs.template.service_role import CUSTOMIZED
from fuota_constructs.template.typed_resource import attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.rules import Finding

ID = "FuotaConstructsMonitor"
RUNTIME_DIRECTORY = Path(__file__).with_name("runtime")
LAMBDA_TIMEOUT_SECONDS = 900
"""The most that Lambda allows: the devices of a large fleet come 250 a request, four requests a second at most."""
WILDCARDS = {"ListDevices": "ListWirelessDevices has no resource-level permissions (Service Authorization Reference)"}
"""Why a statement, by Sid, cannot do without a wildcard."""


class PollFunction(constructs.Construct):
    """The function, its role, policy, log group and table, under a fixed id of the stack.

    The table has one item a monitor: what the last poll saw, so that only changes become events. It is on demand, so it
    costs nothing while nothing changes, and goes with the stack: the next poll of a new one begins afresh.
    """

    def __init__(self, stack: cdk.Stack) -> None:
        """Use `PollFunction.of`."""
        super().__init__(stack, ID)
        role, given = role_for(self)
        log_group = make_log_group(self)
        table = on_demand_table(self, "Poll", timeToLiveSpecification={"attributeName": "ExpiresAt", "enabled": True})
        function = make_function(
            self,
            stack,
            code=RUNTIME_DIRECTORY,
            code_name=f"{ID}/Function/Code",
            handler="poll.handler",
            description="Polls of FuotaMonitor (fuota_constructs)",
            role_arn=attribute(role, "roleArn"),
            log_group=log_group,
            timeout_seconds=LAMBDA_TIMEOUT_SECONDS,
            environment={"STATE_TABLE": table.ref},
        )
        self.function_arn = attribute(function, "attrArn")
        """What the rules of the monitors start."""
        self._policy = RolePolicy(
            self,
            role=role,
            policy_name="FuotaConstructsMonitor",
            statements=[
                statement("ListDevices", ["iotwireless:ListWirelessDevices"], "*"),
                statement(
                    "RememberPolls",
                    ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
                    attribute(table, "attrArn"),
                ),
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
            policy=self._policy,
            role=role,
            endpoints="iotwireless.api, dynamodb and events",
        )
        SynthChecks(self, before=self._policy.settle).tasks[self] = None
        self._answers = AcknowledgedAtSynth(self, POLLS)

    @classmethod
    def of(cls, scope: constructs.Construct) -> PollFunction:
        """The one of the scope's stack, made on first need."""
        stack = cdk.Stack.of(scope)
        found = stack.node.try_find_child(ID)
        return found if isinstance(found, cls) else cls(stack)

    @property
    def findings(self) -> Sequence[Finding]:
        """What the rules find in it: whether the monitors of the stack are too many for its policy."""
        return findings_in(TaskPlan(monitor=MonitorPlan(policy_characters=characters_of(self, self._policy.document))))

    def allow(self, *, task_arn: str, event_bus_arn: str, rule: cdk.CfnResource) -> None:
        """Let it poll a task, tell a bus about it, and disable the rule that starts its polls."""
        self._answers.also(rule, RULE)
        self._policy.allow(
            [
                statement("ReadTasks", ["iotwireless:GetFuotaTask"], task_arn),
                statement("PublishEvents", ["events:PutEvents"], event_bus_arn),
                statement(
                    "StopPolling",
                    ["events:DisableRule", "events:EnableRule", "events:ListTargetsByRule"],
                    attribute(rule, "attrArn"),
                ),
            ]
        )
