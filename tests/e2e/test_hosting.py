"""The local cloud as a host: of apps in other languages, in any environment, several at a time, leaving files alone."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local import cdk_cli
from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

AppOn = Callable[[LocalCloud, str], Any]
REAL_ACCOUNT = "111122223333"
REAL_VPC = f"vpc-provider:account={REAL_ACCOUNT}:filter.isDefault=true:region=eu-west-1:returnAsymmetricSubnets=true"


def _parameter(cloud: LocalCloud, name: str, account: str) -> str:
    return str(cloud.client("ssm", account=account).get_parameter(Name=name)["Parameter"]["Value"])


def test_deploys_and_destroys_where_everything_leads_to_aws(
    cloud: LocalCloud, app_on: AppOn, hostile_variables: dict[str, str]
) -> None:
    app = app_on(cloud, "lifecycle")
    settings = json.loads((app.folder / "cdk.json").read_text())
    settings |= {"profile": "production", "proxy": "http://127.0.0.1:9", "caBundlePath": "/nowhere/ca.pem"}
    (app.folder / "cdk.json").write_text(json.dumps(settings))
    variables = {**hostile_variables, "FUOTA_CACHE_DIR": str(cdk_cli.program().parents[5])}
    app.succeeds("deploy", **variables)
    assert len(app.tasks()) == 1
    assert "There were no differences" in app.succeeds("cdk", "diff", **variables)
    app.succeeds("destroy", **variables)
    assert app.tasks() == []


def test_looks_up_in_the_local_cloud_and_keeps_it_from_the_apps_files(cloud: LocalCloud, app_on: AppOn) -> None:
    app = app_on(cloud, "lookups")
    context, kept = app.folder / "cdk.context.json", app.folder / "cdk.out" / "kept"
    kept.parent.mkdir()
    kept.write_text("of a synthesis for AWS")
    before = sorted(path.name for path in app.folder.iterdir())

    refused = app.fuota("deploy", "--no-lookups")
    assert refused.code == 1
    assert "Context lookups have been disabled" in refused.output
    app.succeeds("deploy")
    [stack] = cloud.client("cloudformation", account=REAL_ACCOUNT).describe_stacks(StackName="Lookups")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs["VpcId"].startswith("vpc-")
    app.succeeds("cdk", "synth")
    assert sorted(path.name for path in app.folder.iterdir()) == before

    # What was looked up on AWS counts, as it does there, and the file stays as it is.
    text = json.dumps({REAL_VPC: {"vpcId": "vpc-0ofaws", "vpcCidrBlock": "10.0.0.0/16", "availabilityZones": []}})
    context.write_text(text)
    assert "vpc-0ofaws" in app.succeeds("cdk", "synth")
    app.succeeds("destroy")
    assert context.read_text() == text
    assert [path.name for path in kept.parent.iterdir()] == ["kept"]
    assert list((cloud.folder / "runs").iterdir()) == []


def test_two_apps_deploy_at_the_same_time(cloud: LocalCloud, app_on: AppOn) -> None:
    # Both need the accounts 2... and 3...: what one bootstraps the other finds.
    accounts = {"One": ("2" * 12, "3" * 12), "Two": ("3" * 12, "2" * 12)}

    def deploy(name: str) -> None:
        app = app_on(cloud, "parameters")
        context = ["-c", f"name={name}", "-c", f"accounts={','.join(accounts[name])}"]
        app.succeeds("deploy", "--all", *context, STAGE=name)

    with ThreadPoolExecutor() as pool:
        list(pool.map(deploy, accounts))
    for name, places in accounts.items():
        assert [_parameter(cloud, f"/{name}", account) for account in places] == [name, name]


def test_an_app_in_typescript_finds_node_npm_and_npx_without_any_of_its_own(cloud: LocalCloud, app_on: AppOn) -> None:
    app = app_on(cloud, "node_app")
    package = app.folder / "node_modules" / "greeter"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "greeter", "version": "1.0.0", "bin": "greeter.js"}')
    (package / "greeter.js").write_text("#!/usr/bin/env node\nconsole.error(`made by ${process.version}`);\n")
    binary = app.folder / "node_modules" / ".bin" / "greeter"
    binary.parent.mkdir()
    (package / "greeter.js").chmod(0o755)
    binary.symlink_to("../greeter/greeter.js")
    bare = _path_without_node(app.folder.parent / "bin")

    assert "made by v24" in app.succeeds("deploy", PATH=bare)
    assert _parameter(cloud, "/node-app", cloud.account) == "made"
    assert "/node-app" in app.succeeds("cdk", "synth", PATH=bare)
    app.succeeds("destroy", PATH=bare)


def _path_without_node(folder: Path) -> str:
    """A PATH with what a machine has without Node.js."""
    folder.mkdir()
    for name in ("sh", "env", "cat", "ls"):
        found = next(path for each in os.defpath.split(os.pathsep) if (path := Path(each or "/bin") / name).exists())
        (folder / name).symlink_to(found)
    return str(folder)
