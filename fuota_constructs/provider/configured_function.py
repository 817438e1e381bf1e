"""A function with its role, policy and log group, set up as its stack is configured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import constructs
import jsii

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.provider.configuration import LAMBDA, RETENTION_DAYS, Configurable, settings_of
from fuota_constructs.provider.permissions import statement
from fuota_constructs.synth_checks import Place, place_of, place_of_stack
from fuota_constructs.template.service_role import service_role

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms

    from fuota_constructs.template.role_policy import RolePolicy, Statement

_SELECTED_BY = ("availability_zones", "one_per_az", "subnet_filters", "subnet_group_name", "subnets", "subnet_type")

NETWORK_WILDCARDS = {
    "ConnectToVpc": "these actions work on all resources only (AWS Lambda Developer Guide, giving functions a VPC)",
    "DisconnectFromVpc": "Lambda makes up the ids of network interfaces, so no policy can name them beforehand",
    "WriteTraces": "these actions have no resource-level permissions (Service Authorization Reference)",
}
"""Why each statement, by Sid, cannot do without a wildcard."""


def role_for(scope: constructs.Construct) -> tuple[iam.IRole, bool]:
    """The role of a function to be, and whether it is one that was given."""
    given: iam.IRole | None = settings_of(scope).get("role")
    if given is not None:
        return given, True
    return service_role(scope, "Role", LAMBDA), False


class ConfiguredFunction(Configurable):
    """What is set up, whenever it is configured."""

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        function: cdk.CfnResource,
        log_group: cdk.CfnResource,
        policy: RolePolicy,
        role: iam.IRole,
        endpoints: str,
    ) -> None:
        """Follow the configuration; `endpoints` is what the function calls, for a VPC without a way out."""
        self.scope = scope
        self.role = role
        self._function, self._log_group, self._policy, self._endpoints = function, log_group, policy, endpoints
        self._network: constructs.Construct | None = None
        self._done: dict[str, object] = {}
        if settings := settings_of(scope):
            if "role" in settings:
                self._expect_here("role", role, "account")  # a role is of no Region
            self.apply(settings)

    def apply(self, settings: dict[str, Any]) -> None:
        """Set up what is not yet as it should be."""
        for name, value in settings.items():
            if name != "role" and (name not in self._done or self._done[name] != value):
                self._done[name] = value
                getattr(self, f"_set_{name}")(value)

    def _set(self, name: str, value: object) -> None:
        jsii.set(self._function, name, value)

    def _set_reserved_concurrent_executions(self, value: int) -> None:
        self._set("reservedConcurrentExecutions", value)

    def _set_architecture(self, value: str) -> None:
        self._set("architectures", [value])

    def _set_runtime(self, value: str) -> None:
        self._set("runtime", value)

    def _set_tracing(self, value: str) -> None:
        self._set("tracingConfig", {"mode": value} if value else None)
        if value:
            self._policy.allow(
                [statement("WriteTraces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")],
            )

    def _set_log_retention(self, value: str) -> None:
        jsii.set(self._log_group, "retentionInDays", RETENTION_DAYS[value])

    def _set_environment_encryption(self, key: kms.IKey) -> None:
        self._expect_here("environment_encryption", key, "region")
        self._set("kmsKeyArn", key.key_arn)
        self._policy.allow([statement("DecryptEnvironment", ["kms:Decrypt"], key.key_arn)])

    def _set_log_group_encryption_key(self, key: kms.IKey) -> None:
        from aws_cdk import aws_iam as iam

        self._expect_here("log_group_encryption_key", key, "region")
        jsii.set(self._log_group, "kmsKeyId", key.key_arn)
        stack = cdk.Stack.of(self.scope)
        actions = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        groups = stack.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )
        # Source: Amazon CloudWatch Logs User Guide, encrypt log data using AWS KMS.
        wanted = iam.PolicyStatement(
            actions=actions,
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            resources=["*"],
        )
        if not key.add_to_resource_policy(wanted, allow_no_op=True).statement_added:
            said = {
                "Effect": "Allow",
                "Principal": {"Service": "logs.<Region>.amazonaws.com"},
                "Action": actions,
                "Resource": "*",
            }
            self._warn(
                "provider-log-key",
                f"this app cannot write the policy of log_group_encryption_key {key.node.path}, which must have"
                f" {json.dumps(said)}, or the log group cannot be made",
            )

    def _set_vpc(self, network: tuple[ec2.IVpc, ec2.SubnetSelection | None, list[ec2.ISecurityGroup] | None]) -> None:
        vpc, selection, groups = network
        self._expect_here("vpc", vpc, "region", "account")
        by = {name: getattr(selection, name) for name in _SELECTED_BY} if selection else {}
        selected = vpc.select_subnets(**{name: value for name, value in by.items() if value is not None})
        if not selected.is_pending_lookup:
            self._judge(vpc, selected)
        ids = [group.security_group_id for group in groups or [self._own_group(vpc)]]
        if self._network is None:
            self._network = constructs.Construct(self.scope, "Network")
            statements = _network_statements(cdk.Stack.of(self.scope))
            policy = self._policy.beside(self._network, "Network", statements)
            # Lambda tries these permissions when it makes the function, and needs them to take the network away again.
            # The other policy may be about what is made of the function, such as the rules that start it.
            if policy.resource:
                self._function.add_resource_dependency(policy.resource)
        self._set("vpcConfig", {"subnetIds": selected.subnet_ids, "securityGroupIds": ids})
        self._function.node.add_dependency(selected.internet_connectivity_established)

    def _own_group(self, vpc: ec2.IVpc) -> ec2.SecurityGroup:
        from aws_cdk import aws_ec2 as ec2

        self.scope.node.try_remove_child("SecurityGroup")  # of another VPC, which a nearer scope has put aside
        description = "Calls to AWS of fuota_constructs; nothing may call in"
        return ec2.SecurityGroup(self.scope, "SecurityGroup", vpc=vpc, description=description, allow_all_outbound=True)

    def _expect_here(self, name: str, given: cdk.IResource, *kinds: str) -> None:
        """Refuse what is known to be of another account or Region; `kinds` says which of the two counts."""
        there, stack = place_of(given), cdk.Stack.of(self.scope)
        judged = Place(**{kind: getattr(there, kind) for kind in kinds})
        if apart := judged.apart_from(place_of_stack(stack)):
            theirs, ours = apart
            raise FuotaValidationError(
                f"provider-{name.replace('_', '-')}",
                f"{name} {given.node.path} is in {theirs}, and the stack {stack.node.path} in {ours}, where it is"
                f" needed; give each stack one of its own: FuotaProvider.configure(stack, {name}=...)",
                construct_path=self.scope.node.path,
            )

    def _judge(self, vpc: ec2.IVpc, selected: ec2.SelectedSubnets) -> None:
        if selected.has_public:
            raise FuotaValidationError(
                "provider-vpc-subnets",
                "vpc_subnets are public, where a Lambda function gets no public address and reaches no API of AWS; give"
                " ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)",
                construct_path=self.scope.node.path,
            )
        isolated = {subnet.subnet_id for subnet in vpc.isolated_subnets}
        if isolated & set(selected.subnet_ids):
            self._warn(
                "provider-vpc-endpoints",
                f"the subnets of the VPC have no way out, and the function calls {self._endpoints}: without endpoints"
                " for them its calls fail when the time is up",
            )

    def _warn(self, rule: str, message: str) -> None:
        cdk.Annotations.of(self.scope).add_warning_v2(rule, message)


def _network_statements(stack: cdk.Stack) -> list[Statement]:
    # As AWSLambdaVPCAccessExecutionRole. Lambda takes no narrower resource for the first ones, and for deleting an
    # interface an ARN of the account and Region (AWS Lambda Developer Guide, giving functions access to a VPC).
    changes = ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    reads = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    interfaces = stack.format_arn(service="ec2", resource="*", resource_name="*")
    code: Statement = {
        **statement("DenyNetworkToCode", [*changes, *reads, "ec2:DeleteNetworkInterface"], "*"),
        "Effect": "Deny",
        # Calls of the code of a function carry this key, those that Lambda makes for it do not (the same guide, using
        # the condition key lambda:SourceFunctionArn).
        "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},
    }
    return [
        statement("ConnectToVpc", [*changes, *reads], "*"),
        statement("DisconnectFromVpc", ["ec2:DeleteNetworkInterface"], interfaces),
        code,
    ]
