"""Runs the CDK CLI against a local cloud: synthesises once, bootstraps what is not bootstrapped, deploys."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuota_constructs.local import cdk_cli, environment_variables
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.errors import LocalCloudError

STANDARD_QUALIFIER = "hnb659fds"
_SYNTH_OPTIONS = {"-a": "--app", "--app": "--app", "-c": "--context", "--context": "--context", "-o": "--output"} | {
    "--output": "--output"
}


@dataclass(frozen=True, order=True)
class Environment:
    """An account and Region an app deploys to, and the qualifier of the bootstrap resources it expects there."""

    account: str
    region: str
    qualifier: str = STANDARD_QUALIFIER


@dataclass(frozen=True)
class Arguments:
    """The caller's CDK CLI arguments, sorted into those that shape the synthesis and the rest."""

    app: str | None
    output: str | None
    context: tuple[str, ...]
    rest: tuple[str, ...]


def sort_arguments(arguments: Sequence[str]) -> Arguments:
    """Take --app, --context and --output out of the arguments of `cdk deploy`."""
    found: dict[str, list[str]] = {"--app": [], "--context": [], "--output": []}
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, equals, value = argument.partition("=")
        option = _SYNTH_OPTIONS.get(name)
        if option is None:
            rest.append(argument)
            continue
        if not equals:
            value = next(waiting, "")
        if not value:
            raise LocalCloudError(f"{name} needs a value")
        found[option].append(value)
    app, output = ([None, *found[option]][-1] for option in ("--app", "--output"))
    return Arguments(app=app, output=output, context=tuple(found["--context"]), rest=tuple(rest))


def deploy(cloud: LocalCloud, arguments: Sequence[str], say: Callable[[str], None]) -> int:
    """Deploy the app of the current folder; answers the exit code of the CDK CLI."""
    given = sort_arguments(arguments)
    assembly = Path(given.app) if given.app and Path(given.app).is_dir() else None
    if assembly is None:
        if given.app is None and not Path("cdk.json").is_file():
            raise LocalCloudError(
                f"there is no cdk.json in {Path.cwd()}: run this in the folder of a CDK app, or name the app "
                "with --app 'python3 app.py'"
            )
        assembly = Path(given.output or cloud.folder / "cdk.out").absolute()
        if given.output is None:
            shutil.rmtree(assembly, ignore_errors=True)
        synth = ["synth", "--quiet", "--output", str(assembly)]
        synth += ["--app", given.app] if given.app else []
        for context in given.context:
            synth += ["--context", context]
        if code := run_cdk(cloud, synth):
            return code
    environments = _environments(assembly, cloud)
    for environment in environments:
        bootstrap(cloud, environment, say)
    approval = [] if "--require-approval" in " ".join(given.rest) else ["--require-approval", "never"]
    return run_cdk(
        cloud, ["deploy", "--app", str(assembly), *approval, *given.rest], account=_only_account(environments)
    )


def destroy(cloud: LocalCloud, arguments: Sequence[str]) -> int:
    """Destroy the stacks of the app of the current folder without asking; answers the exit code of the CDK CLI."""
    force = [] if {"--force", "-f"} & set(arguments) else ["--force"]
    return run_cdk(cloud, ["destroy", *force, *arguments])


def run_cdk(cloud: LocalCloud, arguments: Sequence[str], *, account: str | None = None) -> int:
    """Run the pinned CDK CLI against `cloud` in the current folder, with its output on ours."""
    return subprocess.run(  # noqa: S603
        _command(cloud, arguments), env=_environment(cloud, account=account), check=False
    ).returncode


def bootstrap(cloud: LocalCloud, environment: Environment, say: Callable[[str], None]) -> None:
    """Bootstrap an environment for the CDK unless it is; its output is shown only when it fails."""
    ssm = cloud.client("ssm", account=environment.account, region=environment.region)
    try:
        ssm.get_parameter(Name=f"/cdk-bootstrap/{environment.qualifier}/version")
    except ssm.exceptions.ParameterNotFound:
        pass
    else:
        return
    target = f"aws://{environment.account}/{environment.region}"
    say(f"bootstrapping {target} (once a cloud)")
    arguments = ["bootstrap", target]
    if environment.qualifier != STANDARD_QUALIFIER:
        arguments += ["--qualifier", environment.qualifier]
        arguments += ["--toolkit-stack-name", f"CDKToolkit-{environment.qualifier}"]
    done = subprocess.run(  # noqa: S603
        _command(cloud, arguments),
        env=_environment(cloud, account=environment.account, region=environment.region),
        cwd=cloud.folder,  # away from the app's cdk.json: it would be synthesised for nothing
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LocalCloudError(f"cdk bootstrap {target} failed:\n{done.stdout}{done.stderr}".rstrip())


def environments_of(assembly: Path, *, account: str, region: str) -> list[Environment]:
    """Where the stacks of a cloud assembly go, nested assemblies included; an open environment is the one given."""
    found = set()
    for properties, target in _stacks(assembly):
        parameter = properties.get("bootstrapStackVersionSsmParameter")
        if not parameter:
            continue  # a synthesizer that needs no bootstrap stack
        stack_account, _, stack_region = target.removeprefix("aws://").partition("/")
        found.add(
            Environment(
                account if stack_account == "unknown-account" else stack_account,
                region if stack_region == "unknown-region" else stack_region,
                parameter.split("/")[2],
            )
        )
    return sorted(found)


def _environments(assembly: Path, cloud: LocalCloud) -> list[Environment]:
    return environments_of(assembly, account=cloud.account, region=cloud.region)


def _stacks(assembly: Path) -> Iterable[tuple[dict[str, Any], str]]:
    manifest = json.loads((assembly / "manifest.json").read_text("utf-8"))
    for artifact in manifest.get("artifacts", {}).values():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            yield properties, artifact.get("environment", "aws://unknown-account/unknown-region")
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(assembly / properties["directoryName"])


def _only_account(environments: Sequence[Environment]) -> str | None:
    accounts = {environment.account for environment in environments}
    return accounts.pop() if len(accounts) == 1 else None


def _command(cloud: LocalCloud, arguments: Sequence[str]) -> list[str]:
    trust = ["--ca-bundle-path", str(cloud.ca_bundle)] if cloud.ca_bundle else []
    return cdk_cli.command(*arguments, *trust)


def _environment(cloud: LocalCloud, *, account: str | None = None, region: str | None = None) -> dict[str, str]:
    own = cloud.environment(account=account, region=region)
    return cdk_cli.environment(environment_variables.of_app(os.environ, own))
