"""Deploys a CDK app to a local cloud, and destroys it: synthesises once, bootstraps what is not, runs the CDK CLI."""

import fnmatch
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuota_constructs.local import cdk_cli, cdk_options
from fuota_constructs.local.bootstrap import Environment, bootstrap
from fuota_constructs.local.cdk_run import CdkRun, Listen, refuse_access_options
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.cloud_assembly import stack_names, stacks_of
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.functions import aws_sdk

# For the synthesis alone: what comes after it works on the assembly.
_SYNTH_OPTIONS = {"-a": "--app", "-o": "--output", "-c": "--context"}
_SYNTH_OPTIONS |= {name: name for name in ("--app", "--output", "--context", "--build", "--region")}


@dataclass(frozen=True)
class Arguments:
    """The caller's CDK CLI arguments: those of the synthesis, those of both, and the rest."""

    app: str | None = None
    output: str | None = None
    region: str | None = None
    synth: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


def sort_arguments(arguments: Sequence[str], command: str) -> Arguments:
    """Tell what shapes the synthesis (--app, --context, --no-lookups, ...) from what is for `cdk deploy` or `destroy`.

    Options that every command of the CDK CLI has are for both, --app, --output, --context, --build and --region for
    the synthesis alone. Raises LocalCloudError where one lacks its value, and for options that are for AWS.
    """
    refuse_access_options(arguments)
    taken: dict[str, str] = {}
    synth: list[str] = []
    rest: list[str] = []
    shared = cdk_options.options_of_every_command()
    for given in cdk_options.read_arguments(arguments, command):
        option = _SYNTH_OPTIONS.get(given.names[0]) if given.names else None
        if option is None:
            rest += given.written
            synth += given.written if given.names and shared.keys() >= set(given.names) else ()
        elif not given.value:
            raise LocalCloudError(f"{given.names[0]} needs a value")
        elif option in {"--context", "--build"}:
            synth.append(f"{option}={given.value}")
        else:
            taken[option] = given.value
    if "--watch" in rest:
        raise LocalCloudError("--watch does not go with an app synthesised once: use `fuota local cdk -- watch`")
    return Arguments(
        app=taken.get("--app"),
        output=taken.get("--output"),
        region=taken.get("--region"),
        synth=tuple(synth),
        rest=tuple(rest),
    )


class CdkError(LocalCloudError):
    """A command of the CDK CLI ended with an exit code that is not 0."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"`cdk {command}` failed with exit code {code}; its output says why")
        self.code = code


@dataclass(frozen=True)
class Synthesised:
    """An app as its cloud assembly, and the arguments that are left for `cdk deploy` or `cdk destroy`."""

    run: CdkRun
    assembly: Path
    arguments: tuple[str, ...]
    region: str | None = None


def deploy(
    cloud: LocalCloud,
    arguments: Sequence[str],
    say: Callable[[str], None],
    *,
    before: Callable[[Synthesised, LocalCloud], Iterable[str]] = lambda *_: (),
) -> int:
    """Deploy the app of the current folder; answers the exit code of the CDK CLI.

    `before` is what to do when it is synthesised, and answers with lines to say.
    """
    try:
        app = synthesise(cloud, arguments, say)
        with app.run:
            for line in before(app, cloud):
                say(line)
            deploy_synthesised(cloud, app, say)
    except CdkError as failed:
        return failed.code
    return 0


def destroy(
    cloud: LocalCloud, arguments: Sequence[str], say: Callable[[str], None], *, everything: bool = False
) -> int:
    """Destroy the stacks of the app of the current folder without asking; answers the exit code of the CDK CLI.

    `everything` is all stacks, where the arguments name none.
    """
    try:
        app = synthesise(cloud, arguments, say, command="destroy")
        force = [] if {"--force", "-f"} & _options(app.arguments, "destroy") else ["--force"]
        with app.run:
            stacks = _stacks(app, "destroy", everything=everything)
            _on_assembly(app, ["destroy", *stacks, *force], environments_in(app, cloud))
    except CdkError as failed:
        return failed.code
    return 0


def synthesise(
    cloud: LocalCloud,
    arguments: Sequence[str],
    say: Callable[[str], None],
    *,
    command: str = "deploy",
    listen: Listen | None = None,
) -> Synthesised:
    """Synthesise the app of the current folder for `command`, unless --app or cdk.json names an assembly.

    Raises CdkError. Unless the arguments have --output, the assembly lasts until its run ends, or the cloud.
    """
    cdk_cli.ensure(say)
    given = sort_arguments(arguments, command)
    ready_made = _ready_made_assembly(given)
    run = CdkRun.begin(cloud)
    if ready_made:
        return Synthesised(run, ready_made, given.rest, given.region)
    assembly = Path(given.output).absolute() if given.output else run.assembly
    app = [f"--app={given.app}"] if given.app else []
    synth = ["synth", "--quiet", f"--output={assembly}", *app, *given.synth]
    try:
        if code := run.cdk(synth, region=given.region, listen=listen):
            raise CdkError("synth", code)
    except BaseException:
        run.end()
        raise
    return Synthesised(run, assembly, given.rest, given.region)


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
    options = _options(app.arguments, "deploy")
    stacks = _stacks(app, "deploy", everything=everything)
    environments = environments_in(app, cloud)
    for environment in environments:
        bootstrap(cloud, environment, say)
    if aws_sdk.is_needed_by(app.assembly):
        _install_aws_sdk(say)
    asks = "--require-approval" in options
    approval = [] if asks else ["--require-approval=never"]
    _on_assembly(app, ["deploy", *stacks, *approval], environments, asks=asks and listen is None, listen=listen)


def run_cdk(cloud: LocalCloud, arguments: Sequence[str]) -> int:
    """Run any command of the pinned CDK CLI against `cloud` in the current folder, with its output on ours."""
    refuse_access_options(arguments)
    cdk_cli.ensure()
    chosen = {name for given in cdk_options.read_arguments(arguments) for name in given.names}
    with CdkRun.begin(cloud) as run:
        output = [] if {"-o", "--output"} & chosen else [f"--output={run.assembly}"]
        return run.cdk([*output, *arguments], asks=True)


def environments_in(app: Synthesised, cloud: LocalCloud) -> list[Environment]:
    """Where the stacks of an app go on `cloud`."""
    return environments_of(app.assembly, account=cloud.account, region=app.region or cloud.region)


def environments_of(assembly: Path, *, account: str, region: str) -> list[Environment]:
    """Where the stacks of a cloud assembly go, nested assemblies included; an open environment is the one given."""
    found = set()
    for stack in stacks_of(assembly):
        parameter = stack.properties.get("bootstrapStackVersionSsmParameter")
        if parameter:  # else a synthesizer that needs no bootstrap stack
            found.add(Environment(*stack.place(account, region), parameter.split("/")[2]))
    return sorted(found)


def _stacks(app: Synthesised, command: str, *, everything: bool) -> list[str]:
    """What selects the stacks where the arguments do not; those that are named are checked."""
    named = cdk_options.look_at(app.arguments, command).positional
    _check_names(named, app.assembly)
    # `**` is every stack, in stages too; --all would be those that are in none.
    return ["**"] if everything and not named and "--all" not in _options(app.arguments, command) else []


def stacks_to_deploy(app: Synthesised) -> tuple[str, ...]:
    """The names of the stacks that the arguments select; where they select none, of all."""
    named = cdk_options.look_at(app.arguments, "deploy").positional
    return tuple(
        known[-1]
        for known in stack_names(app.assembly)
        if not named or any(fnmatch.fnmatchcase(each, pattern) for pattern in named for each in known)
    )


def _check_names(names: Sequence[str], assembly: Path) -> None:
    """Refuse names of no stack: the CDK CLI is content when one of several is right."""
    stacks = list(stack_names(assembly))
    for name in names:
        if not any(fnmatch.fnmatchcase(each, name) for known in stacks for each in known):
            there = ", ".join(known[0] for known in stacks) or "none"
            raise LocalCloudError(f"no stack of the app is called {name}; there are: {there}")


def _ready_made_assembly(given: Arguments) -> Path | None:
    """The cloud assembly that --app or cdk.json names in the place of a command; None where there is an app to run."""
    try:
        app = given.app or json.loads(Path("cdk.json").read_text("utf-8")).get("app")
    except FileNotFoundError:
        raise LocalCloudError(
            f"there is no cdk.json in {Path.cwd()}: run this in the folder of a CDK app, or name the app "
            "with --app 'python3 app.py'"
        ) from None
    except (OSError, ValueError, AttributeError) as error:
        raise LocalCloudError(f"{Path.cwd() / 'cdk.json'} cannot be read: {error}") from error
    if not isinstance(app, str) or not Path(app).is_dir():
        return None
    if not (Path(app) / "manifest.json").is_file():
        raise LocalCloudError(f"{app} is no cloud assembly: it has no manifest.json")
    return Path(app)


def _on_assembly(
    app: Synthesised,
    command: Sequence[str],
    environments: Sequence[Environment],
    *,
    asks: bool = False,
    listen: Listen | None = None,
) -> None:
    # The build command of cdk.json was for the synthesis: it has been run.
    whole = [*command, f"--app={app.assembly}", "--build=", *app.arguments]
    account = _only_account(environments)
    if code := app.run.cdk(whole, account=account, region=app.region, asks=asks, listen=listen):
        raise CdkError(command[0], code)


def _install_aws_sdk(say: Callable[[str], None]) -> None:
    try:
        aws_sdk.ensure(say)
    except LocalCloudError as error:  # a function may well bring its own
        say(f"{error}\nLambda functions in Node.js that do not bundle the AWS SDK will fail")


def _options(arguments: Sequence[str], command: str) -> set[str]:
    return {name for each in cdk_options.read_arguments(arguments, command) for name in each.names}


def _only_account(environments: Sequence[Environment]) -> str | None:
    accounts = {environment.account for environment in environments}
    return accounts.pop() if len(accounts) == 1 else None
