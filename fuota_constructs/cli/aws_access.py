"""How the commands that operate tasks reach AWS or a local cloud, and what they say when they cannot."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fuota_constructs import extras
from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK
from fuota_constructs.cli.options import Account, aws_profile, aws_region
from fuota_constructs.cli.place import PORT_VARIABLE, Place
from fuota_constructs.local.cloud import DEFAULT_PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.errors import NoSuchTaskError
    from fuota_constructs.operations.task import Task

WHERE = """AWS or local: they go where boto3 goes (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...), or to the local
cloud with --local or --port. There they look in every account and Region, unless --account or --region names one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A task, and the way to it."""

    aws: Aws
    place: Place
    task: Task

    @property
    def title(self) -> str:
        """The task and where it is, as the first line of what is printed."""
        return f"FUOTA task {self.task} ({self.place})"


@dataclass(frozen=True, slots=True)
class Access:
    """The options of a command that say where to look; `port` is None on AWS."""

    profile: str | None = None
    region: str | None = None
    account: str | None = None
    port: int | None = None

    def everywhere(self) -> Iterator[tuple[Aws, Place]]:
        """The way to each account and Region that is looked in: one on AWS, in a local cloud all that are left open."""
        from fuota_constructs.local import cloud as clouds
        from fuota_constructs.operations.aws import Aws

        if self.port is None:
            aws = Aws(profile=self.profile, region=self.region)
            yield aws, _place_of(aws, self.profile)
        else:
            yield from _places(clouds.running(self.port), self.account, self.region)

    def find(self, wanted: str) -> Found:
        """The task with an id, an ARN or a name."""
        from fuota_constructs.local import cloud as clouds

        if self.port is not None:
            return self._find_locally(clouds.running(self.port), wanted)
        from fuota_constructs.operations.aws import Aws
        from fuota_constructs.operations.errors import NoSuchTaskError, OperationError
        from fuota_constructs.operations.task import find_task

        aws = Aws(profile=self.profile, region=self.region)
        place = _place_of(aws, self.profile)
        try:
            task = find_task(aws, wanted)
        except NoSuchTaskError as error:
            if place.port is not None and (others := _in_places(clouds.running(place.port), wanted, None, None)[0]):
                remedy = f"give --local {_named(others)}"
                raise OperationError(f"{error}; another account or Region of this cloud has it: {remedy}") from None
            raise OperationError(f"{error} (looked in {place}; `{place.list_command}` lists all)") from None
        return Found(aws, place.of_account(task.account), task)

    def _find_locally(self, cloud: LocalCloud, wanted: str) -> Found:
        from fuota_constructs.operations.errors import NoSuchTaskError, OperationError
        from fuota_constructs.operations.task import TASK_ARN

        arn = TASK_ARN.fullmatch(wanted)
        account = self.account or (arn["account"] if arn else None)
        region = self.region or (arn["region"] if arn else None)
        found, misses = _in_places(cloud, wanted, account, region)
        if len(found) > 1:
            said = f"{len(found)} accounts and Regions of the local cloud :{cloud.port} have a FUOTA task {wanted!r}"
            raise OperationError(f"{said}: add {_named(found)}")
        if found:
            return found[0]
        here = f"local cloud :{cloud.port}"
        narrow = here + "".join(f", {kind} {name}" for kind, name in (("account", account), ("Region", region)) if name)
        if narrow != here and (others := _in_places(cloud, wanted, None, None)[0]):
            raise OperationError(f"FUOTA task {wanted!r} is not in {narrow}: give {_named(others)}")
        names = tuple(sorted({name for miss in misses for name in miss.names}))
        tasks = None if any(miss.tasks is None for miss in misses) else sum(miss.tasks or 0 for miss in misses)
        missing = NoSuchTaskError(wanted, narrow, names, tasks, other="cloud")
        raise OperationError(f"{missing} (`{Place(cloud.region, port=cloud.port).list_command}` lists all)")


def _named(found: Sequence[Found]) -> str:
    return " or ".join(f"--account {each.place.account} --region {each.place.region}" for each in found)


def _in_places(
    cloud: LocalCloud, wanted: str, account: str | None, region: str | None
) -> tuple[list[Found], list[NoSuchTaskError]]:
    """The task in every account and Region somebody used before, as far as these are left open, and who has none."""
    from fuota_constructs.operations.errors import NoSuchTaskError
    from fuota_constructs.operations.task import find_task

    found: list[Found] = []
    misses: list[NoSuchTaskError] = []
    for aws, place in _places(cloud, account, region):
        try:
            found.append(Found(aws, place, find_task(aws, wanted)))
        except NoSuchTaskError as error:
            misses.append(error)
    return found, misses


def _places(cloud: LocalCloud, account: str | None, region: str | None) -> Iterator[tuple[Aws, Place]]:
    """Every account and Region somebody used before, and the cloud's own, as far as these are left open."""
    from fuota_constructs.local.operated_places import aws_of, places_of

    own = (cloud.account, cloud.region)
    for each in dict.fromkeys([(account or cloud.account, region or cloud.region), *places_of(cloud)]):
        if account in {None, each[0]} and region in {None, each[1]}:
            place = Place(account=each[0], region=each[1], port=cloud.port, own=own, named=bool(account or region))
            yield aws_of(cloud, *each), place


def command_on_aws(function: Callable[..., int]) -> Callable[..., None]:
    """Give a command the options that say where to look, and `access`; what it returns is the exit code."""

    @aws_profile
    @aws_region
    @click.option("--local", is_flag=True, help="The local cloud of this machine instead of AWS.")
    @click.option(
        "--port",
        type=click.IntRange(1, 65535),
        envvar=PORT_VARIABLE,
        show_envvar=True,
        help=f"The local cloud on this port; --local goes without saying.  [default: {DEFAULT_PORT}]",
    )
    @click.option(
        "--account", type=Account(), metavar="DIGITS", help="An account of the local cloud.  [default: look in all]"
    )
    @functools.wraps(function)
    def command(
        *, profile: str | None, region: str | None, local: bool, port: int | None, account: str | None, **given: Any
    ) -> None:
        ctx = click.get_current_context()
        named = ctx.get_parameter_source("port") is ParameterSource.COMMANDLINE
        local = local or named
        if local:
            extras.require(f"{ctx.command_path} --local", "cli", "local")
        else:
            extras.require(ctx.command_path, "cli")
        if local and profile:
            option = "--port" if named else "--local"
            raise click.UsageError(f"{option} and --profile are for different clouds: give one of them")
        if account and not local:
            raise click.UsageError(
                "--account is for the local cloud: add --local or --port; on AWS the credentials are of one account,"
                " so give its --profile"
            )
        access = Access(profile, region, account, (port or DEFAULT_PORT) if local else None)
        ctx.exit(run(lambda: function(access, **given), access))

    return command


def run(work: Callable[[], int], access: Access) -> int:
    """Answer the exit code of the work; what it could not do becomes a line."""
    from botocore.exceptions import BotoCoreError, ClientError

    from fuota_constructs.operations.errors import OperationError
    from fuota_constructs.operations.failures import explained
    from fuota_constructs.operations.visible_text import visible

    try:
        return work()
    except OperationError as error:
        said = str(error)
    except EOFError:
        said = "the profile asks for an MFA code, and nobody answers: run it at a terminal, or give another --profile"
    except (BotoCoreError, ClientError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL") if access.port is None else None
        said = explained(error, endpoint=endpoint, profile=access.profile)
    click.echo(f"fuota: {visible(said, keep_lines=True)}", err=True)
    return COULD_NOT_LOOK


def _place_of(aws: Aws, given: str | None) -> Place:
    """Where boto3 goes by itself: AWS, a local cloud of ours, or another endpoint."""
    if aws.is_local and (cloud := _cloud_at(aws.endpoint)):
        return Place(aws.region, port=cloud.port, own=(cloud.account, cloud.region))
    # Keys in the environment count before AWS_PROFILE, but not before --profile (botocore).
    profile = None if "AWS_ACCESS_KEY_ID" in os.environ and not given else given or aws.profile
    return Place(aws.region, profile=profile, endpoint=None if aws.is_amazons else aws.endpoint)


def _cloud_at(endpoint: str) -> LocalCloud | None:
    from urllib.parse import urlsplit

    from fuota_constructs.local import cloud as clouds

    try:
        port = urlsplit(endpoint).port
        return clouds.find(port) if port else None
    except ImportError:  # without the extra `local` there is no cloud of ours
        return None
