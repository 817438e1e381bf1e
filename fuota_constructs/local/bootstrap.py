"""Bootstraps accounts and Regions of a local cloud for the CDK, as `cdk bootstrap` does without options.

The template is the pinned CDK CLI's own. The CLI itself would take as long for it as for deploying an app.
"""

import fcntl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fuota_constructs.local import cdk_cli
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.errors import LocalCloudError

STANDARD_QUALIFIER = "hnb659fds"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_PATIENCE = {"Delay": 0.1, "MaxAttempts": 1800}  # it takes less than a second, and long on a machine that is busy


@dataclass(frozen=True, order=True)
class Environment:
    """An account and Region an app deploys to, and the qualifier of the bootstrap resources it expects there."""

    account: str
    region: str
    qualifier: str = STANDARD_QUALIFIER


def bootstrap(cloud: LocalCloud, environment: Environment, say: Callable[[str], None]) -> None:
    """Bootstrap an environment for the CDK unless it is."""
    from botocore.exceptions import BotoCoreError, ClientError

    with (cloud.folder / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two deployments at a time, one does it and the other waits
        try:
            if not _is_bootstrapped(cloud, environment):
                _make_stack(cloud, environment, say)
        except ClientError as error:
            raise LocalCloudError(f"aws://{environment.account}/{environment.region}: {error}") from error
        except BotoCoreError as error:
            raise cloud.gone(error) from error


def _is_bootstrapped(cloud: LocalCloud, environment: Environment) -> bool:
    ssm = cloud.client("ssm", account=environment.account, region=environment.region)
    try:
        ssm.get_parameter(Name=f"/cdk-bootstrap/{environment.qualifier}/version")
    except ssm.exceptions.ParameterNotFound:
        return False
    return True


def _make_stack(cloud: LocalCloud, environment: Environment, say: Callable[[str], None]) -> None:
    from botocore.exceptions import WaiterError

    target = f"aws://{environment.account}/{environment.region}"
    say(f"bootstrapping {target} (once a cloud)")
    # An app with stacks in several accounts is deployed by the cloud's own, as by a pipeline's on AWS.
    trusted = cloud.account if environment.account != cloud.account else ""
    parameters = {
        "Qualifier": environment.qualifier,
        "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY",
        "TrustedAccounts": trusted,
        "CloudFormationExecutionPolicies": _ADMINISTRATOR if trusted else "",
    }
    stacks = cloud.client("cloudformation", account=environment.account, region=environment.region)
    request = {
        "TemplateBody": cdk_cli.bootstrap_template().read_text("utf-8"),
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    own_name = f"CDKToolkit-{environment.qualifier}"
    name = "CDKToolkit" if environment.qualifier == STANDARD_QUALIFIER else own_name
    try:
        stack = stacks.create_stack(StackName=name, **request)["StackId"]
    except stacks.exceptions.AlreadyExistsException:  # somebody has given it to another qualifier
        stack = stacks.create_stack(StackName=own_name, **request)["StackId"]
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=_PATIENCE)
    except WaiterError as error:
        said = "\n".join([f"bootstrapping {target} failed:", *(_reasons(stacks, stack) or [str(error)])])
        stacks.delete_stack(StackName=stack)  # it holds nothing, and would be in the way of the next attempt
        raise LocalCloudError(said) from error


def _reasons(stacks: Any, stack: str) -> list[str]:
    """What was found before anything was made, else what could not be made."""
    events = stacks.describe_events(StackName=stack)["OperationEvents"][::-1]
    found = [(event["LogicalResourceId"], event.get("ValidationStatusReason")) for event in events]
    failed = [
        (event["LogicalResourceId"], event.get("ResourceStatusReason"))
        for event in events
        if event.get("ResourceStatus", "").endswith("FAILED")
    ]
    reasons = [f"{resource}: {reason}" for resource, reason in found if reason]
    return reasons or [f"{resource}: {reason}" for resource, reason in failed if reason]
