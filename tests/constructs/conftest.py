"""Fixtures of the construct tests: an app, a stack, an image, and what synthesising them gives."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from fuota_constructs import FirmwareImage


class Template(dict[str, Any]):
    """A synthesised template."""

    def all(self, kind: str) -> dict[str, Any]:
        """The resources of one type, by logical id."""
        return {name: body for name, body in self["Resources"].items() if body["Type"] == kind}

    def only(self, kind: str) -> Any:
        """The one resource of a type."""
        [body] = self.all(kind).values()
        return body

    @staticmethod
    def statements(policy: Any) -> list[dict[str, Any]]:
        """The statements of a policy document, with lists of actions and resources even where there is one."""

        def listed(value: Any) -> list[Any]:
            return value if isinstance(value, list) else [value]

        return [
            {name: listed(value) if name in {"Action", "Resource"} else value for name, value in statement.items()}
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def properties(self, kind: str) -> Any:
        """The properties of the one resource of a type."""
        return self.only(kind)["Properties"]


Synth = Callable[[cdk.Stack], Template]


@pytest.fixture
def app(tmp_path: Path) -> cdk.App:
    return cdk.App(analytics_reporting=False, outdir=str(tmp_path / "cdk.out"))


@pytest.fixture
def stack(app: cdk.App) -> cdk.Stack:
    return cdk.Stack(app, "Stack")


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of 1000 bytes."""
    path = tmp_path_factory.mktemp("firmware") / "sensor-1.1.0.bin"
    path.write_bytes(bytes(range(250)) * 4)
    return path


@pytest.fixture
def image(firmware: Path) -> FirmwareImage:
    return FirmwareImage.from_asset(firmware)


@pytest.fixture
def synth(app: cdk.App) -> Synth:
    """Synthesises the app once; answers with the template of a stack."""

    def template(stack: cdk.Stack) -> Template:
        assembly = app.synth()
        return Template(json.loads(Path(assembly.directory, stack.template_file).read_text()))

    return template
