"""Lambda functions as bare `CfnResource`s, as in CDK core's own providers.

Importing `aws_cdk.aws_lambda` would cost seconds and 190 MB in every synth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from fuota_constructs.staged_asset import stage_modules

if TYPE_CHECKING:
    from pathlib import Path

    from aws_cdk import aws_iam as iam
    from constructs import Construct

LAMBDA_RUNTIME = "python3.14"
LAMBDA_MEMORY_MB = 256
LOG_RETENTION_DAYS = 30


def make_log_group(scope: Construct) -> cdk.CfnResource:
    """The log group of a function: ours, not the one Lambda makes by itself, never deletes and never expires."""
    return cdk.CfnResource(
        scope,
        "LogGroup",
        type="AWS::Logs::LogGroup",
        properties={"RetentionInDays": LOG_RETENTION_DAYS},
    )


def make_function(
    scope: Construct,
    *,
    code: Path,
    handler: str,
    description: str,
    role: iam.CfnRole,
    log_group: cdk.CfnResource,
    timeout_seconds: int,
    environment: dict[str, Any] | None = None,
) -> cdk.CfnResource:
    """A function whose code is the Python modules of a folder."""
    asset = stage_modules(cdk.Stack.of(scope), code.glob("*.py"))
    return cdk.CfnResource(
        scope,
        "Function",
        type="AWS::Lambda::Function",
        properties={
            "Code": {"S3Bucket": asset.bucket_name, "S3Key": asset.object_key},
            "Description": description,
            **({"Environment": {"Variables": environment}} if environment else {}),
            "Handler": handler,
            "LoggingConfig": {"LogGroup": log_group.ref},
            "MemorySize": LAMBDA_MEMORY_MB,
            "Role": role.attr_arn,
            "Runtime": LAMBDA_RUNTIME,
            "Timeout": timeout_seconds,
        },
    )
