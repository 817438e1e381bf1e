"""`fuota init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli.exit_codes import INTERRUPTED, NOT_MET
from fuota_constructs.cli.init.answers import (
    MOST_DEVICES,
    Firmware,
    FirmwareSize,
    GivenFirmware,
    KnownStack,
    ProjectFolder,
    ProjectName,
    asked,
    given_firmware,
)
from fuota_constructs.cli.quantities import Percentage
from fuota_constructs.cli.radio_names import DeviceClass, RfRegionName

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack


@click.command()
@click.option(
    "--rf-region",
    "region_name",
    type=RfRegionName(),
    metavar="RFREGION",
    help="LoRaWAN region under the name AWS gives it, such as EU868, US915, AS923-1.  [default: EU868]",
)
@click.option(
    "--class", "dl_class", type=DeviceClass(), metavar="CLASS", help="Class of the devices: B or C.  [default: C]"
)
@click.option(
    "--image",
    type=Firmware(),
    metavar="FILE",
    help="The firmware image. One from elsewhere is copied to firmware/.  [default: the only .bin file here, if any]",
)
@click.option(
    "--size",
    type=FirmwareSize(),
    metavar="SIZE",
    help="Instead of --image: a stand-in of so many random bytes, until you have one.  [default: 30kB]",
)
@click.option(
    "--loss",
    type=Percentage(zero=True),
    metavar="PERCENT",
    help="Share of fragments a device loses.  [default: 10%]",
)
@click.option(
    "--device-stack",
    "stacks",
    type=KnownStack(),
    metavar="STACK",
    help="What runs on the devices, such as stm32cubewl or loramac-node,max_fragments=1000: the parameters keep its"
    " limits, and a rehearsal has them. none: not known.  [default: none]",
)
@click.option(
    "--devices",
    type=click.IntRange(1, MOST_DEVICES),
    help="Simulated devices of a rehearsal.  [default: 200]",
)
@click.option("--name", type=ProjectName(), help="Name of stack, group and task.  [default: that of the folder]")
@click.option(
    "--folder",
    type=ProjectFolder(),
    default=Path(),
    help="Where to make the project; made if need be.  [default: this folder]",
)
@click.option("--yes", is_flag=True, help="Ask nothing: take the default of what is not given.")
@click.pass_context
def init(
    ctx: click.Context,
    *,
    region_name: str | None,
    dl_class: str | None,
    image: GivenFirmware | None,
    size: int | None,
    loss: float | None,
    stacks: tuple[DeviceStack, ...] | None,
    devices: int | None,
    name: str | None,
    folder: Path,
    yes: bool,
) -> None:
    """Make a project: a CDK app with one update that works by its radio budget, its rehearsal, and a gate for CI.

    Asks for what is not given, and works out redundancy, fragment size and interval as `fuota plan --recommend` does.
    In AS923 a downlink dwell time of 400 ms is assumed. No file is overwritten: where one is there, nothing is written.

    \b
    Examples:
      fuota init
      fuota init --yes --rf-region US915 --image firmware.bin
      fuota init --yes --size 100kB --device-stack stm32cubewl
      fuota init --yes --size 100kB --class B --loss 5% --folder meters

    \b
    Exit codes:
      0  made: `fuota rehearse` and `pytest` pass in the folder
      1  a file is there already, or could not be written
      2  wrong usage
      3  no parameters bring such an image to the devices, or no device boots it;
         nothing was written
      130  interrupted with Ctrl-C; nothing was written
    """
    from fuota_constructs.cli.init import new_files, next_steps
    from fuota_constructs.cli.init.project import NothingFitsError, project_of

    given = {
        "region_name": region_name,
        "dl_class": dl_class,
        "firmware": given_firmware(image, size),
        "loss": loss,
        "stacks": stacks,
        "devices": devices,
        "name": name,
    }
    try:
        answers = asked(given, folder, ask=not yes)
    except click.Abort as abort:
        click.echo(err=True)
        if isinstance(abort.__context__, KeyboardInterrupt):
            click.echo("fuota: interrupted; nothing was written", err=True)
            ctx.exit(INTERRUPTED)
        raise click.UsageError("nobody answers: add --yes to take the default of what is not given", ctx) from None
    try:
        project = project_of(answers)
    except NothingFitsError as nothing:
        click.echo(f"fuota: {nothing}; nothing was written", err=True)
        ctx.exit(NOT_MET)
    new_files.write(folder, project.files())
    for line in next_steps.lines(project):
        click.echo(line)
