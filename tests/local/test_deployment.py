"""Sorting the CDK CLI's arguments, and finding the environments of an app."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fuota_constructs.local import cdk_cli
from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.bootstrap import Environment
from fuota_constructs.local.cdk_run import CdkRun
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.cloud_assembly import stack_names
from fuota_constructs.local.deployment import (
    Arguments,
    Synthesised,
    deploy,
    deploy_synthesised,
    destroy,
    environments_of,
    sort_arguments,
)
from fuota_constructs.local.errors import LocalCloudError


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    cdk_cli.ensure()


@pytest.mark.parametrize(
    ("given", "sorted_"),
    [
        ([], Arguments()),
        (["-c", "a=1", "-c=b=2", "-cc=3"], Arguments(synth=("--context=a=1", "--context=b=2", "--context=c=3"))),
        (["--app", "python3 x.py", "--all"], Arguments(app="python3 x.py", rest=("--all",))),
        (["--app=cdk.out", "-o", "out"], Arguments(app="cdk.out", output="out")),
        (["A", "--outputs-file", "o.json", "-a", "x"], Arguments(app="x", rest=("A", "--outputs-file", "o.json"))),
        (["--region", "us-east-1", "A"], Arguments(region="us-east-1", rest=("A",))),
        (["--no-lookups"], Arguments(synth=("--no-lookups",), rest=("--no-lookups",))),
        (["--lookups=false", "-v"], Arguments(synth=("--lookups=false", "-v"), rest=("--lookups=false", "-v"))),
        (["--build", "make", "--no-rollback"], Arguments(synth=("--build=make",), rest=("--no-rollback",))),
        (["--ignoreErrors"], Arguments(synth=("--ignoreErrors",), rest=("--ignoreErrors",))),
    ],
)
def test_sorts_arguments_into_synthesis_and_deployment(given: list[str], sorted_: Arguments) -> None:
    assert sort_arguments(given, "deploy") == sorted_


@pytest.mark.parametrize("option", ["-c", "--app", "--output="])
def test_fails_when_an_option_lacks_its_value(option: str) -> None:
    with pytest.raises(LocalCloudError, match="needs a value"):
        sort_arguments([option], "deploy")


@pytest.mark.parametrize("option", ["--profile", "--proxy=http://proxy", "-r", "--role-arn", "--ca-bundle-path", "-i"])
def test_fails_on_an_option_that_leads_to_aws(option: str) -> None:
    with pytest.raises(LocalCloudError, match="is for AWS, and the local cloud has its own keys and way: leave it out"):
        sort_arguments([option, "x"], "deploy")


def test_fails_on_watch_which_needs_the_app_itself() -> None:
    with pytest.raises(LocalCloudError, match="use `fuota local cdk -- watch`"):
        sort_arguments(["--watch"], "deploy")


def stack(environment: str, qualifier: str | None = "hnb659fds") -> dict[str, object]:
    parameter = {"bootstrapStackVersionSsmParameter": f"/cdk-bootstrap/{qualifier}/version"} if qualifier else {}
    return {"type": "aws:cloudformation:stack", "environment": environment, "properties": parameter}


def write_assembly(folder: Path, **artifacts: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def test_finds_the_environments_of_stacks_and_stages(tmp_path: Path) -> None:
    write_assembly(tmp_path / "assembly-Stage", Inner=stack("aws://222222222222/us-east-1", "own"))
    assembly = write_assembly(
        tmp_path,
        Open=stack("aws://unknown-account/unknown-region"),
        HalfOpen=stack("aws://unknown-account/us-west-2"),
        Fixed=stack("aws://111111111111/eu-central-1"),
        NoBootstrap=stack("aws://333333333333/eu-central-1", None),
        Stage={"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}},
        Tree={"type": "cdk:tree", "properties": {}},
    )
    assert environments_of(assembly, account="000000000000", region="eu-west-1") == [
        Environment("000000000000", "eu-west-1"),
        Environment("000000000000", "us-west-2"),
        Environment("111111111111", "eu-central-1"),
        Environment("222222222222", "us-east-1", "own"),
    ]


NOWHERE = LocalCloud(pid=0, port=1, region="eu-west-1", account="0" * 12, iam=False)


@pytest.mark.parametrize("command", [deploy, destroy])
def test_fails_in_a_folder_without_an_app(
    command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LocalCloudError, match=r"no cdk\.json in .*--app 'python3 app\.py'"):
        command(NOWHERE, [], print)


@pytest.mark.parametrize("text", ["{", "[]", '{"app": "out"}'])
def test_fails_where_cdk_json_or_the_assembly_it_names_cannot_be_read(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "cdk.json").write_text(text)
    with pytest.raises(LocalCloudError, match=r"cannot be read|out is no cloud assembly: it has no manifest"):
        deploy(NOWHERE, [], print)


def test_fails_when_one_of_the_stacks_is_not_of_the_app(tmp_path: Path) -> None:
    inner = {**stack("aws://1/2"), "displayName": "Prod/Inner (Prod-Inner)"}
    write_assembly(tmp_path / "assembly-Prod", ProdInner4A=inner)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    assembly = write_assembly(tmp_path, Top=stack("aws://1/2"), Prod=stage)
    with pytest.raises(LocalCloudError, match=r"no stack of the app is called Topp; there are: Top, Prod/Inner"):
        deploy_synthesised(NOWHERE, Synthesised(CdkRun(NOWHERE, tmp_path, tmp_path), assembly, ("Top", "Topp")), print)


def test_knows_the_names_of_stacks_in_stages(tmp_path: Path) -> None:
    inner = {**stack("aws://1/2"), "displayName": "Prod/Inner (Prod-Inner)"}
    inner["properties"] = {"stackName": "Prod-Inner"}
    write_assembly(tmp_path / "assembly-Prod", ProdInner4A=inner)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    assembly = write_assembly(tmp_path, Top=stack("aws://1/2"), Prod=stage)
    assert list(stack_names(assembly)) == [("Top", "Top", "Top"), ("Prod/Inner", "ProdInner4A", "Prod-Inner")]


def test_fails_in_one_line_when_the_cloud_has_gone_meanwhile(tmp_path: Path, state_dir: None) -> None:
    assembly = write_assembly(tmp_path, Top=stack("aws://111111111111/eu-west-1"))
    gone = LocalCloud(pid=0, port=clouds.free_port(), region="eu-west-1", account="0" * 12, iam=False)
    gone.folder.mkdir(parents=True)
    with pytest.raises(LocalCloudError, match=r"does not answer \(.*\): start it again with `fuota local up --detach"):
        deploy_synthesised(gone, Synthesised(CdkRun(gone, tmp_path, tmp_path), assembly, ()), print)


def test_fails_on_the_name_of_no_region(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="'nowhere' is no name of an AWS Region: choose one such as eu-west-1"):
        NOWHERE.environment(region="nowhere")
