"""The AWS SDK for JavaScript, which AWS's runtimes for Node.js contain and functions therefore leave out.

The pin is `aws_sdk_manifest/`: the clients of the services that the local cloud has and that the CDK's own custom
resources or a stack's glue call. AWS's runtimes have all of them; a function that wants another one bundles it.
"""

import json
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fuota_constructs.local import node

MANIFEST = Path(__file__).parent / "aws_sdk_manifest"
# Measured for the pinned versions: 94 packages.
MEGABYTES_FETCHED, MEGABYTES_KEPT = 95, 18


@cache
def packages() -> node.Packages:
    """What is pinned."""
    pinned = json.loads((MANIFEST / "package.json").read_text("utf-8"))["dependencies"]
    version = pinned["@aws-sdk/client-s3"]
    return node.Packages(f"AWS SDK for JavaScript {version}", "aws-sdk", version, MANIFEST)


def node_modules() -> Path:
    """Where it is, or will be, installed: a folder for NODE_PATH."""
    return packages().folder / "node_modules"


def ensure(say: Callable[[str], None] = lambda _: None) -> None:
    """Install it unless it is there. Raises LocalCloudError."""
    if packages().is_installed:
        return
    say(
        f"installing the {packages().title} for Lambda functions in Node.js"
        f" (once; fetches {MEGABYTES_FETCHED} MB, keeps {MEGABYTES_KEPT} MB)"
    )
    began = time.monotonic()
    packages().install(prune=_leave_out_what_node_does_not_load)
    say(f"installed in {time.monotonic() - began:.0f} s")


def _leave_out_what_node_does_not_load(modules: Path) -> None:
    # Each package has its code three times: for Node.js, for bundlers, and as types.
    for scope in modules.glob("@*"):
        for name in ("dist-es", "dist-types"):
            for folder in scope.glob(f"*/{name}"):
                shutil.rmtree(folder)


def is_needed_by(assembly: Path) -> bool:
    """Whether a cloud assembly has a Lambda function for Node.js; the CDK's own name their runtime in a mapping."""
    for file in assembly.rglob("*.template.json"):  # those of nested stacks are no artifacts of their own
        resources = json.loads(file.read_text("utf-8")).get("Resources", {})
        for resource in resources.values():
            runtime = str(resource.get("Properties", {}).get("Runtime", ""))
            if resource.get("Type") == "AWS::Lambda::Function" and "node" in runtime.lower():
                return True
    return False
