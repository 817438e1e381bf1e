"""Runs the CDK CLI against a local cloud: synthesises once, bootstraps what is not bootstrapped, deploys."""

import contextlib
import fnmatch
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuota_constructs.local import cdk_cli, cdk_options, environment_variables
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.cloud_assembly import stack_names, stacks_of
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


class CdkError(LocalCloudError):
    """A command of the CDK CLI ended with an exit code that is not 0."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"`cdk {command}` failed with exit code {code}; its output says why")
        self.code = code


@dataclass(frozen=True)
class Synthesised:
    """An app as its cloud assembly, and the arguments that are left for `cdk deploy`."""

    assembly: Path
    arguments: tuple[str, ...]


Listen = Callable[[str], None]
"""Gets the output of the CDK CLI line by line, instead of ours."""


def deploy(cloud: LocalCloud, arguments: Sequence[str], say: Callable[[str], None]) -> int:
    """Deploy the app of the current folder; answers the exit code of the CDK CLI."""
    try:
        deploy_synthesised(cloud, synthesise(cloud, arguments, say), say)
    except CdkError as failed:
        return failed.code
    return 0


def synthesise(
    cloud: LocalCloud, arguments: Sequence[str], say: Callable[[str], None], *, listen: Listen | None = None
) -> Synthesised:
    """Synthesise the app of the current folder, unless the arguments name an assembly. Raises CdkError."""
    cdk_cli.ensure(say)
    given = sort_arguments(arguments)
    if given.app and Path(given.app).is_dir():
        return Synthesised(Path(given.app), given.rest)
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
    if code := run_cdk(cloud, synth, listen=listen):
        raise CdkError("synth", code)
    return Synthesised(assembly, given.rest)


def deploy_synthesised(
    cloud: LocalCloud,
    app: Synthesised,
    say: Callable[[str], None],
    *,
    everything: bool = False,
    listen: Listen | None = None,
) -> None:
    """Bootstrap what is not, then deploy; `everything` is all stacks, where the arguments name none.

    Raises CdkError, and LocalCloudError for the name of no stack.
    """
    named = cdk_options.look_at(app.arguments, "deploy").positional
    _check_names(named, app.assembly)
    # `**` is every stack, in stages too; --all would be those that are in none.
    stacks = ["**"] if everything and not named and "--all" not in app.arguments else []
    environments = _environments(app.assembly, cloud)
    for environment in environments:
        bootstrap(cloud, environment, say)
    approval = [] if "--require-approval" in " ".join(app.arguments) else ["--require-approval", "never"]
    deployment = ["deploy", *stacks, "--app", str(app.assembly), *approval, *app.arguments]
    if code := run_cdk(cloud, deployment, account=_only_account(environments), listen=listen):
        raise CdkError("deploy", code)


def destroy(cloud: LocalCloud, arguments: Sequence[str]) -> int:
    """Destroy the stacks of the app of the current folder without asking; answers the exit code of the CDK CLI."""
    force = [] if {"--force", "-f"} & set(arguments) else ["--force"]
    return run_cdk(cloud, ["destroy", *force, *arguments])


def run_cdk(
    cloud: LocalCloud, arguments: Sequence[str], *, account: str | None = None, listen: Listen | None = None
) -> int:
    """Run the pinned CDK CLI against `cloud` in the current folder, with its output on ours unless somebody listens."""
    command, environment = _command(cloud, arguments), _environment(cloud, account=account)
    if listen is None:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    # A session of its own: Ctrl-C is ours to handle, and the app it started ends with it.
    running = subprocess.Popen(  # noqa: S603
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        with running:
            for line in running.stdout or ():
                listen(line.rstrip())
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        raise
    return running.returncode


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
    for stack in stacks_of(assembly):
        parameter = stack.properties.get("bootstrapStackVersionSsmParameter")
        if parameter:  # else a synthesizer that needs no bootstrap stack
            found.add(Environment(*stack.place(account, region), parameter.split("/")[2]))
    return sorted(found)


def _check_names(names: Sequence[str], assembly: Path) -> None:
    """Refuse names of no stack: the CDK CLI is content when one of several is right."""
    stacks = list(stack_names(assembly))
    for name in names:
        if not any(fnmatch.fnmatchcase(each, name) for known in stacks for each in known):
            there = ", ".join(known[0] for known in stacks) or "none"
            raise LocalCloudError(f"no stack of the app is called {name}; there are: {there}")


def _environments(assembly: Path, cloud: LocalCloud) -> list[Environment]:
    return environments_of(assembly, account=cloud.account, region=cloud.region)


def _only_account(environments: Sequence[Environment]) -> str | None:
    accounts = {environment.account for environment in environments}
    return accounts.pop() if len(accounts) == 1 else None


def _command(cloud: LocalCloud, arguments: Sequence[str]) -> list[str]:
    trust = ["--ca-bundle-path", str(cloud.ca_bundle)] if cloud.ca_bundle else []
    return cdk_cli.command(*arguments, *trust)


def _environment(cloud: LocalCloud, *, account: str | None = None, region: str | None = None) -> dict[str, str]:
    own = cloud.environment(account=account, region=region)
    return cdk_cli.environment(environment_variables.of_app(os.environ, own))
