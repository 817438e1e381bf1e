"""Lambda functions and their log groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.template.staged_asset import Named, stage_modules
from fuota_constructs.template.typed_resource import typed_resource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import aws_cdk as cdk
    from constructs import Construct

LAMBDA_RUNTIME = "python3.14"
LAMBDA_MEMORY_MB = 256
LOG_RETENTION_DAYS = 30

_PYTHON = 2
"""Of the enumeration `RuntimeFamily` in Node.js."""


def make_log_group(scope: Construct) -> cdk.CfnResource:
    """The log group of a function: ours, not the one Lambda makes by itself, never deletes and never expires."""
    return typed_resource(scope, "LogGroup", "aws_logs.CfnLogGroup", {"retentionInDays": LOG_RETENTION_DAYS})


def make_function(
    scope: Construct,
    stack: cdk.Stack,
    *,
    code: Path,
    code_name: str,
    handler: str,
    description: str,
    role_arn: str,
    log_group: cdk.CfnResource,
    timeout_seconds: int,
    environment: Mapping[str, str] | None = None,
    packages: Mapping[str, Path] | None = None,
    memory_mb: int = LAMBDA_MEMORY_MB,
) -> cdk.CfnResource:
    """A function whose code is the Python modules of a folder; `code_name` is what the CDK CLI calls them.

    `packages` has folders of modules that go with them, by where the code imports them from.
    """
    asset = stage_modules(stack, code.glob("*.py"), Named(scope, "Code", code_name), packages=packages)
    return typed_resource(
        scope,
        "Function",
        "aws_lambda.CfnFunction",
        {
            "code": {"s3Bucket": asset.bucket_name, "s3Key": asset.object_key},
            "description": description,
            **({"environment": {"variables": dict(environment)}} if environment else {}),
            "handler": handler,
            "loggingConfig": {"logGroup": log_group.ref},
            "memorySize": memory_mb,
            "role": role_arn,
            "runtime": LAMBDA_RUNTIME,
            "timeout": timeout_seconds,
        },
    )


def follow_custom_resource_config(function: cdk.CfnResource, log_group: cdk.CfnResource) -> None:
    """Let `custom_resources.CustomResourceConfig` set the runtime, and the retention and removal of the logs.

    It looks for these metadata, and changes the default child of the construct that has them.
    """
    for resource, kind, data in ((function, "runtime-family", _PYTHON), (log_group, "logGroup", True)):
        node = resource.node
        node.default_child = resource
        node.add_metadata(f"aws:cdk:is-custom-resource-handler-{kind}", data)
