"""The folder that becomes the Lambda function: nothing but Python and boto3."""

import ast
import sys

import pytest
from monitor_rig import RUNTIME

FILES = sorted(RUNTIME.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_python_boto3_and_itself(file) -> None:
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    own = {each.stem for each in FILES}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | own | {"boto3", "botocore"}


def test_only_one_file_reaches_outside() -> None:
    reaching = {
        file.name
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import) and {"boto3", "os", "time"} & {alias.name for alias in node.names}
    }
    assert reaching == {"monitor_calls.py"}
