from pathlib import Path

import aws_cdk as cdk
import pytest


@pytest.fixture
def app(tmp_path: Path) -> cdk.App:
    return cdk.App(analytics_reporting=False, outdir=str(tmp_path / "cdk.out"))


@pytest.fixture
def stack(app: cdk.App) -> cdk.Stack:
    return cdk.Stack(app, "Stack")
