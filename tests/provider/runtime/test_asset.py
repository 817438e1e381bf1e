"""The folder that becomes the Lambda function: exactly these files, small, and nothing but boto3 beside Python."""

from __future__ import annotations

import ast
import io
import sys
import zipfile

import pytest
from lambda_rig import RUNTIME

FILES = [
    "adoption.py",
    "aws_calls.py",
    "aws_errors.py",
    "charge.py",
    "downgrade.py",
    "failure_reason.py",
    "firmware_facts.py",
    "firmware_object.py",
    "fuota_rollout.py",
    "fuota_task.py",
    "group_properties.py",
    "group_service.py",
    "index.py",
    "kept_session.py",
    "leftovers.py",
    "mark.py",
    "multicast_group_settings.py",
    "new_task.py",
    "properties.py",
    "protocol.py",
    "replacement.py",
    "resource_tags.py",
    "service_answers.py",
    "settings_plan.py",
    "stack_record.py",
    "stored_object.py",
    "task_plan.py",
    "task_service.py",
    "task_tags.py",
]


def test_the_asset_is_exactly_these_files() -> None:
    assert sorted(path.name for path in RUNTIME.iterdir() if path.name != "__pycache__") == FILES


def test_the_asset_is_at_most_64_kilobytes() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as asset:
        for name in FILES:
            asset.write(RUNTIME / name, name)
    assert len(packed.getvalue()) <= 64 * 1024


@pytest.mark.parametrize("name", FILES)
def test_it_imports_python_boto3_and_itself(name: str) -> None:
    own = {file.removesuffix(".py") for file in FILES}
    tree = ast.parse((RUNTIME / name).read_text())
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    type_checking_only = {"mypy_boto3_cloudformation", "mypy_boto3_iotwireless", "mypy_boto3_s3"}
    for module in {module.partition(".")[0] for module in imported}:
        assert module in sys.stdlib_module_names | own | {"boto3", "botocore"} | type_checking_only, module


@pytest.mark.parametrize(
    "name", ["index.py", "protocol.py", "mark.py", "failure_reason.py", "aws_errors.py", "aws_calls.py"]
)
def test_what_answers_needs_no_boto3(name: str) -> None:
    tree = ast.parse((RUNTIME / name).read_text())
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert not module.startswith("boto"), module
