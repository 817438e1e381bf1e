"""The options several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from fuota_constructs.cli.output_files import OutputFile
from fuota_constructs.cli.quantities import FiniteRange, Percentage
from fuota_constructs.cli.radio_names import DeviceStackName
from fuota_constructs.firmware.delta.delta_image import DECODERS
from fuota_constructs.local.cloud import DEFAULT_PORT
from fuota_constructs.local.region_names import is_region
from fuota_constructs.lorawan.session_plan import DEFAULT_LOSS, DEFAULT_TARGET

ACCOUNT_DIGITS = 12
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Listed(click.types.StringParamType):
    """The name of something that a command lists."""

    def __init__(self, command: str) -> None:
        self.command = command

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str | None:  # noqa: ARG002  # click's
        """Where to find one."""
        return f"Give its name; `{self.command}` lists all there are"


task = click.argument("task", type=Listed("fuota list"))
rollout = click.argument("rollout", type=Listed("fuota rollout list"))

port = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    envvar="FUOTA_LOCAL_PORT",
    show_envvar=True,
    help="The port of the cloud on 127.0.0.1.",
)

loss = click.option(
    "--loss",
    type=Percentage(zero=True),
    default=DEFAULT_LOSS,
    metavar="PERCENT",
    help="Share of fragments a device loses.  [default: 10%]",
)
target = click.option(
    "--target",
    type=Percentage(zero=False),
    default=DEFAULT_TARGET,
    metavar="PERCENT",
    help="Share of devices that shall have the image.  [default: 99.9%]",
)
decoder = click.option(
    "--decoder",
    type=click.Choice(tuple(DECODERS)),
    default="detools",
    show_default=True,
    help="What the devices read a delta with: detools' C source as it comes, or built with one compression only.",
)
device_stacks = click.option(
    "--device-stack",
    "stacks",
    type=DeviceStackName(),
    multiple=True,
    metavar="STACK",
    help="Stack of the devices, such as swl2001 or loramac-node@4.5.1: what it takes, and what its statuses prove. More"
    " than once for a mixed fleet.  [default: not known]",
)
LONGEST_INTERVAL = 3600


def interval(*, default: float) -> Callable[[_Command], _Command]:
    """How often a command that watches looks again, in seconds."""
    return click.option(
        "--interval",
        type=FiniteRange(1, LONGEST_INTERVAL),
        default=default,
        show_default=True,
        metavar="SECONDS",
        help="How often, with --watch.",
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
json_file = click.option("--json-file", type=OutputFile(), metavar="FILE", help="Write that JSON to a file.")
html_file = click.option("--html", type=OutputFile(), metavar="FILE", help="Write one page that needs nothing else.")


class AwsRegion(click.ParamType[str]):
    """The name of an AWS Region, also of one to come."""

    name = "region"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Answer the name, or fail with what one looks like."""
        text = str(value)
        if not is_region(text):
            self.fail(f"{text!r} is no AWS Region: give one such as eu-west-1", param, ctx)
        return text


aws_profile = click.option("--profile", metavar="NAME", help="Profile of ~/.aws/config.  [default: as boto3]")
aws_region = click.option(
    "--region",
    type=AwsRegion(),
    metavar="REGION",
    help="AWS Region.  [default: AWS_REGION, AWS_DEFAULT_REGION or the profile's]",
)


class Account(click.ParamType[str]):
    """The id of an AWS account; no account need have it."""

    name = "digits"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Answer the id, or fail with what one looks like."""
        text = str(value)
        if len(text) != ACCOUNT_DIGITS or not (text.isascii() and text.isdigit()):
            self.fail(f"{text!r} is not an AWS account id: give {ACCOUNT_DIGITS} digits", param, ctx)
        return text
