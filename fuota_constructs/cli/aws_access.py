"""How the commands that operate tasks reach AWS or a local cloud, and what they say when they cannot."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs import extras
from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK, INTERRUPTED
from fuota_constructs.local.cloud import DEFAULT_PORT

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.operations.aws import Aws

WHERE = """\b
AWS or local: they go where boto3 goes (AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, ...), or to the local cloud
with --local."""


def command_on_aws(function: Callable[..., int]) -> Callable[..., None]:
    """Give a command the options to choose an account, and `aws`; what it returns is the exit code."""

    @click.option("--profile", metavar="NAME", help="Profile of ~/.aws/config.  [default: as boto3]")
    @click.option("--region", metavar="REGION", help="AWS Region.  [default: as boto3]")
    @click.option("--local", is_flag=True, help="The local cloud of this machine instead of AWS.")
    @click.option(
        "--port",
        type=click.IntRange(1, 65535),
        envvar="FUOTA_LOCAL_PORT",
        show_envvar=True,
        help=f"Its port, with --local.  [default: {DEFAULT_PORT}]",
    )
    @functools.wraps(function)
    def command(*, profile: str | None, region: str | None, local: bool, port: int | None, **given: Any) -> None:
        ctx = click.get_current_context()
        extras.require(f"fuota {ctx.info_name}", "cli")
        if local and profile:
            raise click.UsageError("--local and --profile are for different clouds: give one of them")
        ctx.exit(_run(lambda aws: function(aws, **given), profile, region, port or DEFAULT_PORT if local else None))

    return command


def _run(work: Callable[[Aws], int], profile: str | None, region: str | None, port: int | None) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    from fuota_constructs.operations.errors import OperationError
    from fuota_constructs.operations.failures import explained

    try:
        return work(_aws(profile, region, port))
    except KeyboardInterrupt:
        return INTERRUPTED
    except OperationError as error:
        said = str(error)
    except (BotoCoreError, ClientError) as error:
        said = explained(error, os.environ.get("AWS_ENDPOINT_URL"))
    click.echo(f"fuota: {said}", err=True)
    return COULD_NOT_LOOK


def _aws(profile: str | None, region: str | None, port: int | None) -> Aws:
    from fuota_constructs.operations.aws import Aws

    if port is None:
        return Aws(profile=profile, region=region)
    from fuota_constructs.local import cloud as clouds

    cloud = clouds.running(port)
    return Aws(
        session=cloud.session(region=region),
        endpoint_url=cloud.url,
        verify=str(cloud.ca_bundle) if cloud.ca_bundle else None,
    )
