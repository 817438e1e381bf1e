"""The pinned CDK CLI, run by the Node.js of a wheel.

The pin is package.json and package-lock.json at the root of the repository (in the wheel under `cdk_cli_manifest/`).
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from fuota_constructs.local import node
from fuota_constructs.local.errors import LocalCloudError


def manifest_folder() -> Path:
    """Where the pin is read from: inside the installed package, or the root of the repository."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "cdk_cli_manifest", here.parents[2]):
        if all((folder / name).is_file() for name in node.MANIFEST):
            return folder
    raise LocalCloudError(f"package.json and package-lock.json of the CDK CLI are missing next to {here.parent}")


@cache
def version() -> str:
    """The pinned version of the CDK CLI, from package-lock.json."""
    lock = json.loads((manifest_folder() / "package-lock.json").read_text("utf-8"))
    return str(lock["packages"]["node_modules/aws-cdk"]["version"])


def program() -> Path:
    """Where the pinned CDK CLI is, or will be, installed."""
    return _packages().folder / "node_modules" / "aws-cdk" / "bin" / "cdk"


def compiled_folder() -> Path:
    """Where Node.js keeps what it has compiled of the pinned CDK CLI."""
    return _packages().folder / "compiled"


def is_installed() -> bool:
    """Whether the pinned CDK CLI is there."""
    return _packages().is_installed


def ensure(say: Callable[[str], None] = lambda _: None) -> Path:
    """Install the pinned CDK CLI unless it is there, and answer its path."""
    packages = _packages()
    if not packages.is_installed:
        say(f"installing the {packages.title} (once)")
        packages.install()
    return program()


def bootstrap_template() -> Path:
    """What the pinned CDK CLI deploys as bootstrap stack, installing it if need be."""
    return ensure().parents[1] / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"


def command(*arguments: str) -> list[str]:
    """The command line that runs the pinned CDK CLI, installing it if need be."""
    return [str(node.node()), str(ensure()), *arguments]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base`, changed so that the CDK CLI and the app it starts find Node.js and our Python.

    The interpreter's folder goes first on PATH (`python3 app.py` then has this package), unless another virtual
    environment is active; node, npm and npx of the wheel go last: an app in TypeScript keeps the Node.js its developer
    has. No telemetry, no notices, and certificates from the system's store as well as Node's own.
    """
    result = dict(base)
    path = [result.get("PATH", os.defpath), str(node.tools())]
    if not result.get("VIRTUAL_ENV") or Path(result["VIRTUAL_ENV"]) == Path(sys.prefix):
        path.insert(0, str(Path(sys.executable).parent))
    result["PATH"] = os.pathsep.join(path)
    result["JSII_NODE"] = str(node.node())
    result["CDK_DISABLE_CLI_TELEMETRY"] = "true"
    result["CDK_DISABLE_VERSION_CHECK"] = "true"
    result["CDK_NOTICES"] = "false"  # it would ask AWS for them
    result.setdefault("NODE_USE_SYSTEM_CA", "1")
    result.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "true")
    return result


def _packages() -> node.Packages:
    return node.Packages(f"CDK CLI {version()}", "cdk-cli", version(), manifest_folder())


def main() -> int:
    """Install the pinned CDK CLI if need be, and say where it is."""
    try:
        path = ensure(lambda text: print(text, flush=True))  # noqa: T201  # a command
    except LocalCloudError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command
        return 1
    print(f"CDK CLI {version()}: {path}")  # noqa: T201  # a command
    return 0


if __name__ == "__main__":
    sys.exit(main())
