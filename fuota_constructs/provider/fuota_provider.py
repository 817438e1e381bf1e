"""The custom resource provider of a stack: one Lambda for all its FUOTA tasks and firmware objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import constructs

from fuota_constructs.provider import permissions
from fuota_constructs.template.functions import follow_custom_resource_config, make_function, make_log_group
from fuota_constructs.template.role_policy import RolePolicy
from fuota_constructs.template.service_role import service_role
from fuota_constructs.template.typed_resource import attribute

if TYPE_CHECKING:
    import aws_cdk as cdk

RUNTIME_DIRECTORY = Path(__file__).with_name("runtime")
LAMBDA_TIMEOUT_SECONDS = 300

SERVICE_TIMEOUT_SECONDS = LAMBDA_TIMEOUT_SECONDS + 30
"""How long CloudFormation waits for an answer: a margin above the Lambda's timeout, not the default of an hour."""


class FuotaProvider(constructs.Construct):
    """The Lambda behind `Custom::FuotaTask` and `Custom::FirmwareObject`, with its role, policy and log group.

    Path and construct ids are contract: CloudFormation refuses to change a ServiceToken.
    """

    def __init__(self, scope: constructs.Construct, id: str, stack: cdk.Stack, *, customized: bool) -> None:  # noqa: A002
        """Make the provider; `SharedFirmware` sees to it that a stack has one.

        `customized`: others make the roles.
        """
        super().__init__(scope, id)
        role = service_role(self, "Role", "lambda.amazonaws.com")
        self.role_arn = attribute(role, "roleArn")
        """What buckets of other accounts know it by."""
        log_group = make_log_group(self)
        self._policy = RolePolicy(
            self,
            role=role,
            policy_name="FuotaConstructsProvider",
            statements=permissions.for_tasks(attribute(log_group, "attrArn")),
            wildcards=permissions.WILDCARDS,
            customized=customized,
        )
        self.policy = self._policy.resource
        """Custom resources depend on it, so that their Delete has its permissions; none where others make the roles."""
        function = make_function(
            self,
            stack,
            code=RUNTIME_DIRECTORY,
            code_name="FuotaConstructs/Provider/Function/Code",
            handler="index.handler",
            description="Provider of Custom::FuotaTask and Custom::FirmwareObject (fuota_constructs)",
            role_arn=self.role_arn,
            log_group=log_group,
            timeout_seconds=LAMBDA_TIMEOUT_SECONDS,
        )
        # The policy outlives the function, and so every custom resource: CloudFormation deletes in reverse order.
        if self.policy:
            function.add_resource_dependency(self.policy)
        follow_custom_resource_config(function, log_group)
        self.service_token = attribute(function, "attrArn")
        """What custom resources name their provider by."""

    def allow_pass_role(self, role_arn: str) -> None:
        """Let it pass this role, to IoT Wireless and nothing else (CreateFuotaTask and UpdateFuotaTask check that)."""
        self._policy.allow([permissions.pass_role(role_arn, permissions.SERVICE_PRINCIPAL)])

    def allow_copy(self, *, asset_bucket: str, bucket_arn: str, key_arn: str | None) -> None:
        """Let it copy images from the bucket of the CDK assets to `firmware/` in a firmware bucket."""
        self._policy.allow(permissions.for_copies(asset_bucket, bucket_arn, key_arn))

    def settle(self) -> None:
        """Settle the policy; called when references between stacks are settled."""
        self._policy.settle()
