"""`fuota rehearse`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuota_constructs import extras
from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known
from fuota_constructs.cli.output_files import OutputFile, require_apart, write
from fuota_constructs.cli.quantities import share_of_one

if TYPE_CHECKING:
    from fuota_constructs.cli.rehearse.record import Record, Request
    from fuota_constructs.local.fleet import Fleet

DEFAULT_DEVICES, DEFAULT_LOSS, DEFAULT_SEED = 200, 0.1, 1
FLEET_FILE = Path("fleet.yaml")
"""Taken when nothing is said of the devices: what `fuota init` makes says there what a rehearsal is for."""


def _share(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        share = share_of_one(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None
    if not 0 <= share <= 1:
        raise click.BadParameter(f"{value} is no share of the devices or fragments: give 0% to 100%", param=parameter)
    return share


@click.command(cls=CdkCommand, cdk_command="deploy")
@click.option("--devices", type=click.IntRange(1, 100_000), help="How many simulated devices.  [default: 200]")
@click.option("--loss", callback=_share, help="Share of fragments each device loses, such as 10%.  [default: 10%]")
@click.option("--seed", type=click.IntRange(0, 2**63), help="The same seed, the same outcome.  [default: 1]")
@click.option(
    "--fleet",
    "fleet_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML or JSON file with cohorts of devices, instead of --devices and --loss.  [default: fleet.yaml]",
)
@click.option(
    "--require",
    callback=_share,
    default="99%",
    show_default=True,
    help="Share of the devices that must have the image; 0% only looks.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 1_000_000),
    help="Session seconds per second.  [default: as fast as it computes]",
)
@click.option(
    "--stub-imports/--no-stub-imports",
    default=True,
    help="Make up what the app refers to and does not make: buckets, roles, groups, devices, tasks.  [default: yes]",
)
@click.option("--html", "page", type=OutputFile(), metavar="FILE", help="Write a page with pictures to FILE.")
@click.option("--json", "as_json", is_flag=True, help="Every figure as JSON on standard output, all else on the other.")
@click.option("--json-file", type=OutputFile(), metavar="FILE", help="Write the JSON to FILE.")
@click.option("--keep", is_flag=True, help="Leave the cloud running afterwards, to look around in.")
@cdk_arguments()
@click.pass_context
def rehearse(
    ctx: click.Context,
    *,
    devices: int | None,
    loss: float | None,
    seed: int | None,
    fleet_file: Path | None,
    require: float,
    speed: float | None,
    stub_imports: bool,
    page: Path | None,
    as_json: bool,
    json_file: Path | None,
    keep: bool,
    cdk_arguments: tuple[str, ...],
) -> None:
    """Deploy the CDK app of this folder to a cloud made for it, let simulated devices receive its firmware, and judge.

    The real CDK CLI deploys all stacks, the real Lambda makes the tasks; the sessions of all tasks are started, real
    fragments go over a lossy radio to devices that decode them with the real code, in minutes instead of hours. Nothing
    is kept. The last line says PASSED or FAILED: passed is the required share of all devices, the same share of those
    of each task, and somebody of each cohort. What the app only refers to, such as a role by its name, is made up.

    \b
    Examples:
      fuota rehearse
      fuota rehearse --devices 500 --loss 12% --require 99.5%
      fuota rehearse --fleet fleet.yaml --html rehearsal.html
      fuota rehearse MyStack -- -c stage=test
    Stacks, and what you write behind --, go to `cdk deploy` as they are.

    \b
    Exit codes:
      0  passed
      1  could not deploy or look, found no task, or could not write a file
      2  wrong usage
      3  too few devices have the image
      130  interrupted with Ctrl-C or SIGTERM; the cloud is stopped
    """
    if page is None:
        extras.require("fuota rehearse", "cli", "local")
    else:
        extras.require("fuota rehearse --html", "cli", "local", "plan")
    if fleet_file is None and devices is loss is seed is None and FLEET_FILE.is_file():
        fleet_file = FLEET_FILE
    fleet = _fleet(devices, loss, seed, fleet_file)
    require_apart({"--html": page, "--json-file": json_file, "--fleet": fleet_file})
    require_known(ctx, cdk_arguments)
    from rich.console import Console

    from fuota_constructs.cli.rehearse import output as rehearse_output
    from fuota_constructs.cli.rehearse.run import Run

    request = _request(fleet, require, fleet_file, cdk_arguments, stub_imports=stub_imports)
    console = Console(highlight=False, stderr=as_json)
    record = Run(request, console, speed=speed, keep=keep).record()
    console.rule("what came of it")
    rehearse_output.show(record, console)
    for line in _write(record, page, json_file):
        console.print(line, markup=False)
    if as_json:
        from fuota_constructs.cli.rehearse.document import as_text

        click.echo(as_text(record))
    colour = "red" if record.exit_code else "green" if require else None
    click.secho(record.line, fg=colour, bold=True, err=as_json)
    ctx.exit(record.exit_code)


def _fleet(devices: int | None, loss: float | None, seed: int | None, fleet_file: Path | None) -> Fleet:
    from fuota_constructs.local.fleet import Fleet

    if fleet_file is not None and not (devices is loss is seed is None):
        raise click.UsageError(
            "--fleet says how many devices there are and what they lose: leave the other options out"
        )
    try:
        if fleet_file is not None:
            return Fleet.from_file(fleet_file)
        return Fleet.of(
            devices=devices or DEFAULT_DEVICES,
            loss=DEFAULT_LOSS if loss is None else loss,
            seed=DEFAULT_SEED if seed is None else seed,
        )
    except (ValueError, OSError) as error:
        hint = "--fleet" if fleet_file else "--devices / --loss / --seed"
        raise click.BadParameter(str(error), param_hint=hint) from None


def _request(
    fleet: Fleet, require: float, fleet_file: Path | None, cdk_arguments: tuple[str, ...], *, stub_imports: bool
) -> Request:
    import datetime as dt

    from fuota_constructs.cli.rehearse.record import Request

    return Request(
        fleet=fleet,
        require=require,
        at=dt.datetime.now(dt.UTC),
        folder=Path.cwd().name,
        fleet_file=str(fleet_file) if fleet_file else None,
        cdk_arguments=cdk_arguments,
        stub_imports=stub_imports,
    )


def _write(record: Record, page: Path | None, json_file: Path | None) -> list[str]:
    """Write the files, also of a rehearsal that came to nothing: one of yesterday must not be taken for it."""
    said = []
    if json_file is not None:
        from fuota_constructs.cli.rehearse.document import as_text

        write(json_file, as_text(record) + "\n")
        said.append(f"figures: {json_file}")
    if page is not None:
        from fuota_constructs.cli.rehearse.page import page_of

        write(page, page_of(record))
        said.append(f"report: {page}")
    return said
