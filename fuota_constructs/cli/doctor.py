"""`fuota doctor`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import socket
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from fuota_constructs import extras
from fuota_constructs.cli import documents, options
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud

OLDEST_PYTHON: Final = (3, 11)
STYLES: Final = {"ok": "green", "note": "yellow", "missing": "red"}
FOR: Final = {
    "cdk": "the constructs",
    "cli": "the fuota command",
    "delta": "deltas",
    "local": "the local cloud and rehearsals",
    "plan": "pages with pictures",
    "verify": "verified signatures of images",
}
OPTIONAL: Final = ("delta", "verify")
"""Extras that a rehearsal does without, unless the app asks for what they bring."""
WITH_LOCAL: Final = "pip install 'fuota-constructs[cli,local]'"


class Check(NamedTuple):
    """One thing that commands need: `note` is what a rehearsal does without."""

    name: str
    state: str
    summary: str
    remedy: str = ""


@click.command()
@options.port
@click.option("--aws", "ask_aws", is_flag=True, help="Ask AWS who you are, and whether you may see FUOTA tasks.")
@options.aws_profile
@options.aws_region
@options.as_json
@click.pass_context
def doctor(
    ctx: click.Context, *, port: int, ask_aws: bool, profile: str | None, region: str | None, as_json: bool
) -> None:
    """Look whether this machine has what the commands need, and say what to do where it has not.

    Python, the packages of each extra, Node.js and the CDK CLI, folders, the port of the local cloud, AWS. Nothing is
    changed, and without --aws nobody is asked over the network; a rehearsal needs no AWS account, so credentials are
    required with --aws only.

    \b
    Examples:
      fuota doctor
      fuota doctor --aws --profile prod --region eu-west-1

    \b
    Exit codes:
      0  all is there
      2  wrong usage
      3  something is missing; its line says what to do
    """
    checks = [
        *_system(),
        *_extras(),
        *_node(),
        *_folders(),
        _port(port),
        *_aws(profile, region, ask=ask_aws),
    ]
    missing = [check for check in checks if check.state == "missing"]
    if as_json:
        found = [{**check._asdict(), "remedy": check.remedy or None} for check in checks]
        click.echo(documents.as_text("doctor", {"well": not missing, "checks": found}))
    else:
        for check in checks:
            _print(check)
        names = ", ".join(check.name for check in missing)
        click.secho(f"missing: {names}" if missing else "all is there", fg="red" if missing else "green", bold=True)
    ctx.exit(NOT_MET if missing else PASSED)


def _print(check: Check) -> None:
    state = click.style(f"{check.state:<9}", fg=STYLES[check.state])
    click.echo(f"{state}{check.name}: {visible(check.summary)}")
    if check.remedy:
        click.echo(f"{'':<9}{visible(check.remedy)}")


def _system() -> Iterator[Check]:
    said = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] >= OLDEST_PYTHON:
        yield Check("Python", "ok", said)
    else:
        yield Check("Python", "missing", said, "install Python 3.11 or newer")
    if os.name == "posix":
        yield Check("system", "ok", platform.platform(terse=True))
    else:
        yield Check("system", "missing", platform.platform(terse=True), "the local cloud needs Linux or macOS: use WSL")


def _extras() -> Iterator[Check]:
    for extra, packages in extras.EXTRAS.items():
        gone = sorted(package for package, module in packages.items() if importlib.util.find_spec(module) is None)
        if gone:
            remedy = f"pip install 'fuota-constructs[{extra}]'"
            state = "note" if extra in OPTIONAL else "missing"
            yield Check(f"extra {extra}", state, f"for {FOR[extra]}: no {', '.join(gone)}", remedy)
        else:
            yield Check(f"extra {extra}", "ok", f"{FOR[extra]}: {', '.join(sorted(map(_version, packages)))}")


def _version(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"


def _node() -> Iterator[Check]:
    from fuota_constructs.local import cdk_cli, node
    from fuota_constructs.local.errors import LocalCloudError

    try:
        program = node.node()
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True)  # noqa: S603  # found on PATH
        yield Check("Node.js", "ok", f"{done.stdout.strip()} ({program})")
    except (ImportError, LocalCloudError, OSError, subprocess.SubprocessError) as error:
        yield Check("Node.js", "missing", _first_line(error), WITH_LOCAL)
    try:
        there = cdk_cli.is_installed()
        said = f"{cdk_cli.version()}, " + (f"installed ({cdk_cli.program()})" if there else "not installed yet")
        yield Check("CDK CLI", "ok", said, "" if there else "the first rehearsal installs it, from npm's registry")
    except (ImportError, LocalCloudError) as error:
        yield Check("CDK CLI", "missing", _first_line(error), WITH_LOCAL)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _folders() -> Iterator[Check]:
    from fuota_constructs.local import folders

    for name, place, variable in (
        ("state folder", folders.state_path, folders.STATE_VARIABLE),
        ("cache folder", folders.cache_folder, folders.CACHE_VARIABLE),
    ):
        try:
            folder = place()
        except ImportError as error:
            yield Check(name, "missing", _first_line(error), WITH_LOCAL)
            continue
        if _can_be_written(folder):
            yield Check(name, "ok", str(folder))
        elif name == "cache folder" and _cdk_cli_is_there():
            yield Check(name, "ok", f"{folder}, read-only; the CDK CLI is in it")
        else:
            yield Check(name, "missing", f"{folder} cannot be written", f"set {variable} to a folder that can")


def _cdk_cli_is_there() -> bool:
    from fuota_constructs.local import cdk_cli

    return cdk_cli.is_installed()


def _can_be_written(folder: Path) -> bool:
    """Whether it can, or be made: by making a folder beside what is there, for a moment.

    Only that tells: a superuser may write where the permissions say no, but not on a read-only file system or in /proc.
    """
    try:
        nearest = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryDirectory(dir=nearest):
            return True
    except OSError:
        return False


def _port(port: int) -> Check:
    from fuota_constructs.local import cloud as clouds

    name, option = f"port {port}", "" if port == clouds.DEFAULT_PORT else f" --port {port}"
    if found := _cloud_on(port):
        return Check(name, "ok", f"a local cloud runs there (process {found.pid}): fuota local status{option}")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            said = f"taken by another program ({error.strerror})"
            return Check(
                name, "note", said, f"fuota local up --port {clouds.free_port()}; a rehearsal takes a free one"
            )
    return Check(name, "ok", f"free for fuota local up{option}")


def _cloud_on(port: int) -> LocalCloud | None:
    from fuota_constructs.local import cloud as clouds
    from fuota_constructs.local import folders
    from fuota_constructs.local.errors import LocalCloudError

    try:
        return clouds.find(port) if folders.state_path().is_dir() else None
    except (ImportError, LocalCloudError):  # the lines of the extra and the folder say so
        return None


def _aws(profile: str | None, region: str | None, *, ask: bool) -> Iterator[Check]:
    if importlib.util.find_spec("boto3") is None:
        return  # the line of the extra says so
    from botocore.exceptions import BotoCoreError, ClientError

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.caller import identity, known_here
    from fuota_constructs.operations.errors import OperationError
    from fuota_constructs.operations.failures import explained
    from fuota_constructs.rules.task_rules import AWS_REGIONS

    lacking = "missing" if ask else "note"
    try:
        known = known_here(profile)
    except BotoCoreError as error:
        yield Check("AWS", "missing", explained(error, profile=profile))
        return
    region = region or known.region
    if region is None:
        yield Check("AWS Region", lacking, "none is set", "give --region, set AWS_REGION, or a region in the profile")
    elif region in AWS_REGIONS:
        yield Check("AWS Region", "ok", region)
    else:
        said = f"{region}, which is not known to have AWS IoT Core for LoRaWAN"
        yield Check("AWS Region", "note", said, f"to deploy there: choose one of {', '.join(AWS_REGIONS)}")
    if not ask:
        if known.credentials:
            yield Check("AWS credentials", "ok", f"found ({known.credentials}); not tried: add --aws")
        else:
            remedy = (
                "to deploy: `aws sso login`, --profile, or AWS_ACCESS_KEY_ID; a machine of AWS's has them: add --aws"
            )
            yield Check("AWS credentials", "note", "none in the environment and ~/.aws; a rehearsal needs none", remedy)
    elif region is not None:
        try:
            yield Check("AWS credentials", "ok", identity(Aws(profile=profile, region=region), profile))
        except (BotoCoreError, ClientError) as error:
            yield Check("AWS credentials", "missing", explained(error, profile=profile))
        except OperationError as error:
            yield Check("AWS credentials", "missing", str(error))
