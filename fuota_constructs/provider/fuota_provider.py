"""The custom resource provider of a stack: one Lambda for its FUOTA tasks, images, group settings and rollouts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import constructs

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.provider import configuration, permissions
from fuota_constructs.provider.configured_function import NETWORK_WILDCARDS, ConfiguredFunction, role_for
from fuota_constructs.template.functions import follow_custom_resource_config, make_function, make_log_group
from fuota_constructs.template.role_policy import RolePolicy
from fuota_constructs.template.stable_ids import path_below_stack
from fuota_constructs.template.typed_resource import attribute

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import IConstruct

    from fuota_constructs.template.role_policy import Statement

RUNTIME_DIRECTORY = Path(__file__).with_name("runtime")
LAMBDA_TIMEOUT_SECONDS = 300

SERVICE_TIMEOUT_SECONDS = LAMBDA_TIMEOUT_SECONDS + 30
"""How long CloudFormation waits for an answer: a margin above the Lambda's timeout, not the default of an hour."""

ROLE_POLICY_CHARACTERS = 10_240
"""Of all inline policies of a role, white space apart (IAM and AWS STS quotas)."""

_CHARACTERS_BEFORE, _CHARACTERS_OF_AN_ARN = 3_000, 110
"""What the provider's policy has without roles, buckets and keys, and what each of those adds."""

_CHARACTERS_OF_MEMBERS, _CHARACTERS_OF_ROLLOUTS, _CHARACTERS_OF_ASSETS, _CHARACTERS_OF_ONE_ROLLOUT = 700, 820, 520, 390
"""What the policies beside it have, where the name of the Region is long."""


class FuotaProvider(constructs.Construct):
    """The Lambda behind the custom resources of this library, with its role, policy and log group.

    Path and construct ids are contract: CloudFormation refuses to change a ServiceToken.
    """

    def __init__(self, scope: constructs.Construct, id: str, stack: cdk.Stack, *, customized: bool) -> None:
        """Make the provider; `SharedFirmware` sees to it that a stack has one.

        `customized`: others make the roles.
        """
        super().__init__(scope, id)
        self._stack = stack
        self._arns = set[str]()
        self._beside: dict[tuple[constructs.Construct, str], list[cdk.CfnResource]] = {}
        self._characters = _CHARACTERS_BEFORE
        self._rollouts: list[constructs.Construct] = []
        role, given = role_for(self)
        self.role_arn = attribute(role, "roleArn")
        """What buckets of other accounts know it by."""
        log_group = make_log_group(self)
        self._policy = RolePolicy(
            self,
            role=role,
            policy_name="FuotaConstructsProvider",
            statements=permissions.for_tasks(attribute(log_group, "attrArn")),
            wildcards={**permissions.WILDCARDS, **NETWORK_WILDCARDS},
            customized=customized,
            given=given,
            grows=True,
        )
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
        self._policy.outlive(function)
        follow_custom_resource_config(function, log_group)
        self.configured_function = ConfiguredFunction(
            self,
            function=function,
            log_group=log_group,
            policy=self._policy,
            role=role,
            endpoints="iotwireless.api, cloudformation and s3, also for buckets of the CDK and of CloudFormation",
        )
        self.service_token = attribute(function, "attrArn")
        """What custom resources name their provider by."""

    @staticmethod
    def configure(
        scope: IConstruct,
        *,
        vpc: ec2.IVpc | ec2.Vpc | None = None,  # pyright: the CDK's Vpc is no IVpc
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup | ec2.SecurityGroup] | None = None,
        role: iam.IRole | iam.Role | IRoleRef | None = None,
        reserved_concurrent_executions: int | None = None,
        log_retention: logs.RetentionDays | None = None,
        log_group_encryption_key: kms.IKey | kms.Key | IKeyRef | None = None,
        environment_encryption: kms.IKey | kms.Key | IKeyRef | None = None,
        tracing: lambda_.Tracing | None = None,
        architecture: lambda_.Architecture | None = None,
        runtime: lambda_.Runtime | None = None,
    ) -> None:
        """Set up the Lambda functions of this library: for the tasks of a stack, its monitors and its rollouts.

        Before or after the constructs that need them (`role`: before the first of them). What is given for an app or a
        Stage holds for all its stacks; what a stack is given itself goes first.

        `scope`: the app, a Stage, a stack, or a construct in one, which stands for its stack.
        `vpc`: the VPC the functions are in; none by default. They call public APIs: give subnets with a way out (NAT),
        or endpoints for `iotwireless.api`, `cloudformation`, `s3` (CloudFormation's bucket for responses included), for
        monitors and rollouts `dynamodb` and `events`, and for rollouts `states`. Their role then may do what
        AWSLambdaVPCAccessExecutionRole allows.
        `vpc_subnets`: private ones; those with a way out by default, else isolated ones.
        `security_groups`: by default a new one for each function, which lets out all and in nothing.
        `role`: what the functions run as, assumed by `lambda.amazonaws.com`. The permissions are added to it; one that
        takes none, imported as immutable for example, is a warning with the policy it needs. Made by default.
        `reserved_concurrent_executions`: from 1; for each function. CloudFormation and EventBridge try again when there
        is none left, so deployments and polls take longer. None reserved by default.
        `log_retention`: how long logs are kept; a month by default.
        `log_group_encryption_key`: the KMS key of the logs; CloudWatch Logs is let use it where its policy is in this
        app, and else a warning says what it must have. By default CloudWatch Logs uses a key of its own.
        `environment_encryption`: the KMS key of the environment variables, which hold no secrets. By default Lambda's.
        `tracing`: with X-Ray; none by default.
        `architecture`: of the processors; x86_64 by default.
        `runtime`: Python 3.11 or newer; by default the newest that the CDK knew when this version was made.

        Raises `FuotaValidationError` for a value of a wrong kind, out of range, or of another account or Region than
        the stack, for one that was given for the same scope with another value, and for a `role` that comes when a
        function has another one already.
        """
        given = {name: value for name, value in locals().items() if name != "scope"}
        configuration.configure(scope, given)

    def outlive(self, resource: cdk.CfnResource) -> None:
        """Keep the permissions until a custom resource is gone: its Delete still needs them."""
        self._policy.outlive(resource)

    def allowing_at_once(self) -> AbstractContextManager[None]:
        """Put all that it is allowed meanwhile into the template at once."""
        return self._policy.at_once()

    def allow_pass_role(self, role_arn: str) -> None:
        """Let it pass this role, to IoT Wireless and nothing else (CreateFuotaTask and UpdateFuotaTask check that)."""
        self._policy.allow([permissions.pass_role(role_arn, permissions.SERVICE_PRINCIPAL)])
        self._take_room_for(role_arn)

    def allow_copy(self, *, asset_bucket: str, bucket_arn: str, key_arn: str | None, made_here: bool) -> None:
        """Let it copy images from the bucket of the CDK assets to `firmware/` in a firmware bucket."""
        self._policy.allow(permissions.for_copies(asset_bucket, bucket_arn, key_arn, made_here=made_here))
        self._take_room_for(bucket_arn, *([key_arn] if key_arn else []))

    def allow_members(self) -> list[cdk.CfnResource]:
        """Let it put devices into multicast groups, and set these up; answers with what outlives who needs that."""
        return self._allow_beside(self, "Members", permissions.for_members(), characters=_CHARACTERS_OF_MEMBERS)

    def allow_rollout(
        self, rollout: constructs.Construct, *, table_arn: str, executions_arn: str
    ) -> list[cdk.CfnResource]:
        """Let it note the settings of a rollout, and take away what the rollout made.

        Answers with what outlives the rollout.
        """
        self._rollouts.append(rollout)
        shared = self._allow_beside(self, "Rollouts", permissions.for_rollouts(), characters=_CHARACTERS_OF_ROLLOUTS)
        path = path_below_stack(rollout, "Provider")
        own = self._allow_beside(
            rollout,
            "Provider",
            permissions.for_rollout(table_arn, executions_arn),
            name=hashlib.sha256(path.encode()).hexdigest()[:16],
            # Its table and its executions are named after its path, and after the stack.
            characters=_CHARACTERS_OF_ONE_ROLLOUT + 2 * len(path) + len(self._stack.stack_name),
        )
        return [*shared, *own]

    def _allow_beside(
        self,
        scope: constructs.Construct,
        id: str,
        statements: list[Statement],
        *,
        characters: int,
        name: str | None = None,
    ) -> list[cdk.CfnResource]:
        """Allow it by a policy below the scope, which adds so many characters; `name` is what tells it, the id else."""
        # In policies of their own: CloudFormation changes a policy before it deletes what left the template, whose
        # Delete would then lack what only it needed.
        if (scope, id) not in self._beside:
            self._characters += characters
            self._expect_room()
            # A stack of groups alone allows nothing else, and what it has is still to be written.
            self._policy.allow([])
            policy = self._policy.beside(constructs.Construct(scope, id), name or id, statements)
            self._beside[scope, id] = [policy.resource] if policy.resource else []
        return self._beside[scope, id]

    def _take_room_for(self, *arns: str) -> None:
        self._characters += _CHARACTERS_OF_AN_ARN * len({*arns} - self._arns)
        self._arns.update(arns)
        self._expect_room()

    def _expect_room(self) -> None:
        if self._rollouts and self._characters > ROLE_POLICY_CHARACTERS:
            raise FuotaValidationError(
                "rollout-count",
                f"the stack has {len(self._rollouts)} rollouts, and the role of their provider would have policies of"
                f" some {self._characters:,} characters; IAM takes {ROLE_POLICY_CHARACTERS:,}: give some of them a"
                " stack of their own",
                construct_path=self._rollouts[-1].node.path,
            )

    def allow_assets(self, asset_bucket: str) -> list[cdk.CfnResource]:
        """Let it read the CDK assets in their bucket; answers with what outlives who needs that."""
        # The CDK names one bucket by another token for every asset, which would make the policy grow with them.
        bucket = hashlib.sha256(json.dumps(self._stack.resolve(asset_bucket)).encode()).hexdigest()
        return self._allow_beside(
            self, f"Assets{bucket[:16]}", permissions.for_assets(asset_bucket), characters=_CHARACTERS_OF_ASSETS
        )

    def settle(self) -> None:
        """Settle the policy; called when references between stacks are settled."""
        self._policy.settle()
