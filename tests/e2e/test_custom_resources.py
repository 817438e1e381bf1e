"""The CDK's everyday custom resources deploy, do their work, and go again."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

ACCOUNT = "444455556666"
HOST_TMP = Path("/tmp")  # noqa: S108  # what functions see


def test_everyday_custom_resources_deploy_and_go(cloud: LocalCloud, app_on: Callable[[LocalCloud, str], Any]) -> None:
    app = app_on(cloud, "custom_resources")

    def client(service: str, region: str = "eu-west-1") -> Any:
        return cloud.client(service, account=ACCOUNT, region=region)

    def parameters(region: str = "eu-west-1") -> dict[str, str]:
        found = client("ssm", region).get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
        return {each["Name"]: each["Value"] for each in found}

    before = set(HOST_TMP.glob("*node_modules*")) | set(HOST_TMP.glob("aws_cli_config*"))
    app.succeeds("deploy", "--all")
    [task] = app.tasks()
    assert parameters("us-west-2")["/task"] == task["id"]  # a reference across Regions
    assert parameters()["/called/True"] == parameters()["/called/False"] == "made"
    s3 = client("s3")
    assert s3.get_object(Bucket="of-custom-resources", Key="a.txt")["Body"].read() == b"deployed"
    s3.put_object(Bucket="of-custom-resources", Key=f"more/{uuid.uuid4()}", Body=b"x")
    [seen] = [name for name in _functions(client("lambda")) if name.startswith("Here-Seen")]
    [group] = client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{seen}")["logGroups"]
    assert group["retentionInDays"] == 7
    [stack] = client("cloudformation").describe_stacks(StackName="Here")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert (outputs["Status"], outputs["SlowId"]) == ("Pending", "slow")
    assert len(client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1

    app.succeeds("destroy", "--all")
    assert app.tasks() == []
    assert [bucket for bucket in s3.list_buckets()["Buckets"] if bucket["Name"] == "of-custom-resources"] == []
    assert not {"/called/True", "/called/False"} & set(parameters())
    assert client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert _functions(client("lambda")) == []
    assert set(HOST_TMP.glob("*node_modules*")) | set(HOST_TMP.glob("aws_cli_config*")) == before


def _functions(functions: Any) -> list[str]:
    return [each["FunctionName"] for each in functions.list_functions()["Functions"]]
