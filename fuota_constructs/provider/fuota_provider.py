"""The custom resource provider of a stack: one Lambda for all its FUOTA tasks and firmware objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import constructs
import jsii
from aws_cdk import aws_iam as iam

from fuota_constructs.acknowledgments import WildcardAcknowledgment
from fuota_constructs.firmware_update_role import SERVICE_PRINCIPAL

if TYPE_CHECKING:
    from collections.abc import Sequence

RUNTIME_DIRECTORY = Path(__file__).with_name("runtime")
RUNTIME_EXCLUDES = ["**/__pycache__", "**/*.pyc"]
LAMBDA_RUNTIME = "python3.14"
LAMBDA_TIMEOUT_SECONDS = 300
LAMBDA_MEMORY_MB = 256
LOG_RETENTION_DAYS = 30

SERVICE_TIMEOUT_SECONDS = LAMBDA_TIMEOUT_SECONDS + 30
"""How long CloudFormation waits for an answer: a margin above the Lambda's timeout, not the default of an hour."""


@jsii.implements(cdk.ITaggableV2)
class FuotaProvider(constructs.Construct):
    """The Lambda behind `Custom::FuotaTask` and `Custom::FirmwareObject`, with its role, policy and log group.

    The function is a bare `CfnResource`, as CDK core's own providers are: importing `aws_cdk.aws_lambda` would cost
    seconds and 190 MB in every synth. Path and construct ids are contract: CloudFormation refuses to change a
    ServiceToken.
    """

    def __init__(self, scope: constructs.Construct, id: str) -> None:  # noqa: A002
        """Make the provider; `SharedFirmware` sees to it that a stack has one."""
        super().__init__(scope, id)
        self._stack = cdk.Stack.of(self)
        self._tags = cdk.TagManager(cdk.TagType.KEY_VALUE, "AWS::Lambda::Function")
        self._statements: dict[str, tuple[iam.PolicyStatement, set[str]]] = {}

        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group = self._log_group()
        self._policy = iam.Policy(self, "Policy", roles=[role])
        function = self._function(role, log_group)

        self.policy = cast("cdk.CfnResource", self._policy.node.default_child)
        """Its resource; custom resources depend on it, so that their Delete still has its permissions."""
        self.service_token: str = function.get_att("Arn").to_string()
        self._allow_task_actions()
        self._allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group.get_att("Arn").to_string())
        self.node.add_validation(WildcardAcknowledgment(self._policy, _WILDCARDS))

    @property
    def cdk_tag_manager(self) -> cdk.TagManager:
        """The tags of the Lambda and its log group."""
        return self._tags

    def allow_pass_role(self, role_arn: str) -> None:
        """Let it pass this role, to IoT Wireless and nothing else (CreateFuotaTask and UpdateFuotaTask check that)."""
        condition = {"StringEquals": {"iam:PassedToService": SERVICE_PRINCIPAL}}
        self._allow("PassFirmwareUpdateRole", ["iam:PassRole"], role_arn, conditions=condition)

    def allow_copy(self, *, asset_bucket: str, bucket_arn: str, key_arn: str | None) -> None:
        """Let it copy images from the bucket of the CDK assets to `firmware/` in a firmware bucket."""
        self._allow("ReadAssets", ["s3:GetObject"], f"arn:{cdk.Aws.PARTITION}:s3:::{asset_bucket}/*")
        self._allow("WriteFirmware", ["s3:GetObject", "s3:PutObject"], f"{bucket_arn}/firmware/*")
        if key_arn:
            self._allow("UseFirmwareKey", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn)

    def _allow_task_actions(self) -> None:
        tasks, groups, devices = (self._arn(kind) for kind in ("FuotaTask", "MulticastGroup", "WirelessDevice"))
        attach = [f"iotwireless:{verb}{target}FuotaTask" for verb, target in _ATTACHMENTS]
        self._allow("CreateAndListTasks", [f"iotwireless:{name}" for name in _UNSCOPED_ACTIONS], "*")
        self._allow("ManageTasks", [*(f"iotwireless:{name}" for name in _TASK_ACTIONS), *attach], tasks)
        self._allow("AttachTargets", attach, groups, devices)

    def _allow(
        self, sid: str, actions: Sequence[str], *resources: str, conditions: dict[str, dict[str, str]] | None = None
    ) -> None:
        if sid not in self._statements:
            statement = iam.PolicyStatement(sid=sid, actions=actions, resources=[*resources], conditions=conditions)
            self._policy.add_statements(statement)
            self._statements[sid] = statement, set(resources)
            return
        statement, allowed = self._statements[sid]
        for resource in set(resources) - allowed:
            statement.add_resources(resource)
            allowed.add(resource)

    def _arn(self, kind: str) -> str:
        return self._stack.format_arn(service="iotwireless", resource=kind, resource_name="*")

    def _log_group(self) -> cdk.CfnResource:
        # Ours, not the one Lambda makes by itself: that one is never deleted and never expires.
        log_group = cdk.CfnResource(
            self,
            "LogGroup",
            type="AWS::Logs::LogGroup",
            properties={"RetentionInDays": LOG_RETENTION_DAYS, "Tags": self._tags.rendered_tags},
        )
        log_group.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        return log_group

    def _function(self, role: iam.Role, log_group: cdk.CfnResource) -> cdk.CfnResource:
        code = cdk.AssetStaging(self, "Code", source_path=str(RUNTIME_DIRECTORY), exclude=RUNTIME_EXCLUDES)
        asset = self._stack.synthesizer.add_file_asset(
            display_name="fuota_constructs provider",
            file_name=code.relative_staged_path(self._stack),
            packaging=cdk.FileAssetPackaging.ZIP_DIRECTORY,
            source_hash=code.asset_hash,
        )
        function = cdk.CfnResource(
            self,
            "Function",
            type="AWS::Lambda::Function",
            properties={
                "Code": {"S3Bucket": asset.bucket_name, "S3Key": asset.object_key},
                "Description": "Provider of Custom::FuotaTask and Custom::FirmwareObject (fuota_constructs)",
                "Handler": "index.handler",
                "LoggingConfig": {"LogGroup": log_group.ref},
                "MemorySize": LAMBDA_MEMORY_MB,
                "Role": role.role_arn,
                "Runtime": LAMBDA_RUNTIME,
                "Tags": self._tags.rendered_tags,
                "Timeout": LAMBDA_TIMEOUT_SECONDS,
            },
        )
        # The policy outlives the function, and through it every custom resource: CloudFormation deletes in reverse
        # order.
        function.node.add_dependency(self._policy)
        return function


_UNSCOPED_ACTIONS = ("CreateFuotaTask", "ListFuotaTasks", "ListWirelessDevices")
"""Actions without resource-level permissions (Service Authorization Reference): their resource can only be `*`."""

_TASK_ACTIONS = (
    "DeleteFuotaTask",
    "GetFuotaTask",
    "ListMulticastGroupsByFuotaTask",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
    "UpdateFuotaTask",
)

_ATTACHMENTS = (
    ("Associate", "MulticastGroupWith"),
    ("Associate", "WirelessDeviceWith"),
    ("Disassociate", "MulticastGroupFrom"),
    ("Disassociate", "WirelessDeviceFrom"),
)
"""Both ends of an attachment are checked: the task, and the group or device (Service Authorization Reference)."""

_WILDCARDS = {
    "CreateAndListTasks": "these actions have no resource-level permissions (Service Authorization Reference)",
    "ManageTasks": "the service makes up the ids of FUOTA tasks, so no policy can name them beforehand",
    "AttachTargets": "groups and devices are attached by ids that may be known at deployment only",
    "ReadAssets": "the names of CDK assets change with their content, and a rollback reads those of older deployments",
    "WriteFirmware": "the names of images under firmware/ change with their content",
}
