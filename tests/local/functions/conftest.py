import io
import json
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.functions import aws_sdk

PYTHON, NODE = "python3.13", "nodejs24.x"


@dataclass(frozen=True)
class Function:
    """A Lambda function of a local cloud."""

    cloud: LocalCloud
    name: str

    def __call__(self, event: object = None) -> Any:
        """What it answers; fails the test when that is an error."""
        answer, failed = self.invoke(event)
        assert not failed, answer
        return answer

    def invoke(self, event: object = None) -> tuple[Any, bool]:
        """What it answers, and whether that is an error."""
        answer = self.cloud.client("lambda").invoke(FunctionName=self.name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read()), "FunctionError" in answer


def archive(files: Mapping[str, str], mode: int = 0o755) -> bytes:
    """A zip of files, all of one mode."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | mode) << 16
            made.writestr(info, text)
    return packed.getvalue()


@pytest.fixture(scope="session")
def sdk() -> None:
    """The AWS SDK for JavaScript in the cache, as `fuota local deploy` has it there."""
    aws_sdk.ensure()


@pytest.fixture
def function(cloud: LocalCloud, sdk: None) -> Callable[..., Function]:
    """Makes a function of files: `index.py` for Python, `index.js` or `index.mjs` for Node.js, with layers of files."""
    client = cloud.client("lambda")

    def layer(files: Mapping[str, str]) -> str:
        made = client.publish_layer_version(LayerName=uuid.uuid4().hex, Content={"ZipFile": archive(files)})
        return str(made["LayerVersionArn"])

    def function(
        files: Mapping[str, str],
        *,
        layers: tuple[Mapping[str, str], ...] = (),
        timeout: int = 60,
        variables: Mapping[str, str] | None = None,
    ) -> Function:
        name = f"f-{uuid.uuid4().hex}"
        client.create_function(
            FunctionName=name,
            Runtime=PYTHON if "index.py" in files else NODE,
            Handler="index.handler",
            Role=f"arn:aws:iam::{cloud.account}:role/any",
            Code={"ZipFile": archive(files)},
            Layers=[layer(each) for each in layers],
            Timeout=timeout,
            Environment={"Variables": dict(variables or {})},
        )
        return Function(cloud, name)

    return function
