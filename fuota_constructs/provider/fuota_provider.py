"""The custom resource provider of a stack: one Lambda for all its FUOTA tasks and firmware objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import constructs
from aws_cdk import aws_iam as iam

from fuota_constructs.acknowledgments import acknowledge_wildcards
from fuota_constructs.firmware_update_role import SERVICE_PRINCIPAL
from fuota_constructs.provider import permissions
from fuota_constructs.template.functions import make_function, make_log_group
from fuota_constructs.template.typed_resource import attribute

RUNTIME_DIRECTORY = Path(__file__).with_name("runtime")
LAMBDA_TIMEOUT_SECONDS = 300

SERVICE_TIMEOUT_SECONDS = LAMBDA_TIMEOUT_SECONDS + 30
"""How long CloudFormation waits for an answer: a margin above the Lambda's timeout, not the default of an hour."""


class FuotaProvider(constructs.Construct):
    """The Lambda behind `Custom::FuotaTask` and `Custom::FirmwareObject`, with its role, policy and log group.

    Path and construct ids are contract: CloudFormation refuses to change a ServiceToken.
    """

    def __init__(self, scope: constructs.Construct, id: str, stack: cdk.Stack) -> None:  # noqa: A002
        """Make the provider; `SharedFirmware` sees to it that a stack has one."""
        super().__init__(scope, id)
        self._stack = stack

        role = iam.CfnRole(self, "Role", assume_role_policy_document=permissions.TRUST)
        log_group = make_log_group(self)
        self._statements = permissions.for_tasks(attribute(log_group, "attrArn"))
        self.policy = iam.CfnPolicy(
            self,
            "Policy",
            policy_document=self._document(),
            policy_name="FuotaConstructsProvider",
            roles=[role.ref],
        )
        """Custom resources depend on it, so that their Delete still has its permissions."""
        function = make_function(
            self,
            code=RUNTIME_DIRECTORY,
            code_name="FuotaConstructs/Provider/Function/Code",
            handler="index.handler",
            description="Provider of Custom::FuotaTask and Custom::FirmwareObject (fuota_constructs)",
            role_arn=role.attr_arn,
            log_group=log_group,
            timeout_seconds=LAMBDA_TIMEOUT_SECONDS,
        )
        # The policy outlives the function, and so every custom resource: CloudFormation deletes in reverse order.
        function.add_resource_dependency(self.policy)
        self.service_token = attribute(function, "attrArn")
        """What custom resources name their provider by."""

    def allow_pass_role(self, role_arn: str) -> None:
        """Let it pass this role, to IoT Wireless and nothing else (CreateFuotaTask and UpdateFuotaTask check that)."""
        self._allow(permissions.pass_role(role_arn, SERVICE_PRINCIPAL))

    def allow_copy(self, *, asset_bucket: str, bucket_arn: str, key_arn: str | None) -> None:
        """Let it copy images from the bucket of the CDK assets to `firmware/` in a firmware bucket."""
        self._allow(*permissions.for_copies(asset_bucket, bucket_arn, key_arn))

    def acknowledge_wildcards(self) -> None:
        """Answer cdk-nag's findings about wildcards; called when references between stacks are settled."""
        acknowledge_wildcards(self._stack, self.policy, self._document(), permissions.WILDCARDS)

    def _allow(self, *statements: permissions.Statement) -> None:
        changed = False
        for statement in statements:
            present = self._statements.setdefault(statement["Sid"], {**statement, "Resource": []})
            for resource in statement["Resource"]:
                if resource not in present["Resource"]:
                    present["Resource"].append(resource)
                    changed = True
        if changed:
            self.policy.policy_document = self._document()

    def _document(self) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": list(self._statements.values())}
