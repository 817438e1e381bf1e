"""Sorting the CDK CLI's arguments, and finding the environments of an app."""

import json
from pathlib import Path

import pytest

from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.cloud_assembly import stack_names
from fuota_constructs.local.deployment import (
    Arguments,
    Environment,
    Synthesised,
    deploy,
    deploy_synthesised,
    environments_of,
    sort_arguments,
)
from fuota_constructs.local.errors import LocalCloudError


@pytest.mark.parametrize(
    ("given", "sorted_"),
    [
        ([], Arguments(None, None, (), ())),
        (["-c", "a=1", "--context", "b=2", "-c=c=3"], Arguments(None, None, ("a=1", "b=2", "c=3"), ())),
        (["--app", "python3 x.py", "--all"], Arguments("python3 x.py", None, (), ("--all",))),
        (["--app=cdk.out", "-o", "out"], Arguments("cdk.out", "out", (), ())),
        (["A", "--outputs-file", "o.json", "-a", "x"], Arguments("x", None, (), ("A", "--outputs-file", "o.json"))),
    ],
)
def test_sorts_arguments_into_synthesis_and_deployment(given: list[str], sorted_: Arguments) -> None:
    assert sort_arguments(given) == sorted_


@pytest.mark.parametrize("option", ["-c", "--app", "--output="])
def test_fails_when_an_option_lacks_its_value(option: str) -> None:
    with pytest.raises(LocalCloudError, match="needs a value"):
        sort_arguments([option])


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


def test_fails_in_a_folder_without_an_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere = LocalCloud(pid=0, port=1, region="eu-west-1", account="0" * 12, iam=False)
    with pytest.raises(LocalCloudError, match=r"no cdk\.json in .*--app 'python3 app\.py'"):
        deploy(nowhere, [], print)


def test_fails_when_one_of_the_stacks_is_not_of_the_app(tmp_path: Path) -> None:
    inner = {**stack("aws://1/2"), "displayName": "Prod/Inner (Prod-Inner)"}
    write_assembly(tmp_path / "assembly-Prod", ProdInner4A=inner)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    assembly = write_assembly(tmp_path, Top=stack("aws://1/2"), Prod=stage)
    nowhere = LocalCloud(pid=0, port=1, region="eu-west-1", account="0" * 12, iam=False)
    with pytest.raises(LocalCloudError, match=r"no stack of the app is called Topp; there are: Top, Prod/Inner"):
        deploy_synthesised(nowhere, Synthesised(assembly, ("Top", "Topp")), print)


def test_knows_the_names_of_stacks_in_stages(tmp_path: Path) -> None:
    inner = {**stack("aws://1/2"), "displayName": "Prod/Inner (Prod-Inner)"}
    inner["properties"] = {"stackName": "Prod-Inner"}
    write_assembly(tmp_path / "assembly-Prod", ProdInner4A=inner)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    assembly = write_assembly(tmp_path, Top=stack("aws://1/2"), Prod=stage)
    assert list(stack_names(assembly)) == [("Top", "Top", "Top"), ("Prod/Inner", "ProdInner4A", "Prod-Inner")]
