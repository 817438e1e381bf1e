"""Which apps need the AWS SDK for JavaScript, and what is kept of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local.functions import aws_sdk


def function(runtime: object) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": runtime}}


@pytest.mark.parametrize(
    ("resource", "needed"),
    [
        (function("nodejs24.x"), True),
        (function({"Fn::FindInMap": ["LatestNodeRuntimeMap", {"Ref": "AWS::Region"}, "value"]}), True),
        (function("python3.13"), False),
        (function("java21"), False),
        ({"Type": "AWS::Lambda::Function", "Properties": {"PackageType": "Image"}}, False),
        ({"Type": "AWS::S3::Bucket"}, False),
    ],
)
def test_an_app_with_a_function_for_node_needs_it(resource: dict[str, Any], needed: bool, tmp_path: Path) -> None:
    template = tmp_path / "assembly-Stage" / "StackNested.nested.template.json"
    template.parent.mkdir()
    template.write_text(json.dumps({"Resources": {"One": resource}}))
    (tmp_path / "Empty.template.json").write_text("{}")
    assert aws_sdk.is_needed_by(tmp_path) is needed


def test_the_pin_is_exact_and_the_lock_has_it() -> None:
    pinned = json.loads((aws_sdk.MANIFEST / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((aws_sdk.MANIFEST / "package-lock.json").read_text("utf-8"))["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in pinned} == pinned
    assert all("integrity" in facts for path, facts in locked.items() if path)


@pytest.mark.usefixtures("sdk")
def test_only_what_node_loads_is_kept() -> None:
    said: list[str] = []
    aws_sdk.ensure(said.append)
    assert said == []
    assert list(aws_sdk.node_modules().glob("@aws-sdk/*/dist-cjs"))
    assert list(aws_sdk.node_modules().glob("@*/*/dist-es")) == []
    assert list(aws_sdk.node_modules().glob("@*/*/dist-types")) == []
