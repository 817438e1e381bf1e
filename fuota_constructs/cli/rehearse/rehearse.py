"""`fuota rehearse`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuota_constructs import extras
from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known
from fuota_constructs.cli.output_files import OutputFile, deliver, require_apart
from fuota_constructs.cli.quantities import FiniteRange
from fuota_constructs.cli.rehearse.fleet_options import fleet_file_in_use, fleet_of, fleet_options, share

if TYPE_CHECKING:
    from fuota_constructs.cli.rehearse.record import Record, Request
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.lorawan.device_stack import DeviceStack


@click.command(cls=CdkCommand, cdk_command="deploy")
@fleet_options
@click.option(
    "--require",
    callback=share,
    default="99%",
    show_default=True,
    help="Share of the devices that must have the image; 0% only looks.",
)
@click.option(
    "--speed",
    type=FiniteRange(1, 1_000_000),
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
@click.option("--ask", is_flag=True, help="Ask where a rollout holds.  [default: approve, else end]")
@click.option("--keep", is_flag=True, help="Leave the cloud running afterwards, to look around in.")
@cdk_arguments()
@click.pass_context
def rehearse(
    ctx: click.Context,
    *,
    devices: int | None,
    loss: float | None,
    stack: DeviceStack | None,
    firmware: Path | None,
    seed: int | None,
    fleet_file: Path | None,
    require: float,
    speed: float | None,
    stub_imports: bool,
    page: Path | None,
    as_json: bool,
    json_file: Path | None,
    ask: bool,
    keep: bool,
    cdk_arguments: tuple[str, ...],
) -> None:
    """Deploy the CDK app of this folder to a cloud made for it, let simulated devices receive its firmware, and judge.

    The real CDK CLI deploys all stacks, the real Lambda makes the tasks; the sessions of all tasks are started, real
    fragments go over a lossy radio to devices that decode them with the real code, in minutes instead of hours. Nothing
    is kept. The last line says PASSED or FAILED: passed is the required share of all devices, the same share of those
    of each task, and somebody of each cohort. What the app only refers to, such as a role by its name, is made up.

    Then each rollout is started, and goes from wave to wave on a clock that jumps: passed is that it SUCCEEDED, with
    the required share of all devices.

    \b
    Examples:
      fuota rehearse
      fuota rehearse --devices 500 --loss 12% --require 99.5%
      fuota rehearse --device-stack stm32cubewl
      fuota rehearse --fleet fleet.yaml --html rehearsal.html
      fuota rehearse MyStack -- -c stage=test
    Stacks, and what you write behind --, go to `cdk deploy` as they are.

    \b
    Exit codes:
      0  passed
      1  could not deploy or look, found no task, or could not write a file
      2  wrong usage
      3  too few devices have the image
      130  interrupted with Ctrl-C, SIGTERM or SIGHUP; the cloud is stopped
    """
    if page is None:
        extras.require("fuota rehearse", "cli", "local")
    else:
        extras.require("fuota rehearse --html", "cli", "local", "plan")
    fleet_file = fleet_file_in_use(devices, loss, seed, fleet_file, stack=stack, firmware=firmware)
    fleet = fleet_of(devices, loss, seed, fleet_file, stack=stack, firmware=firmware)
    require_apart({"--html": page, "--json-file": json_file, "--fleet": fleet_file})
    require_known(ctx, cdk_arguments)
    from rich.console import Console

    from fuota_constructs.cli.rehearse import output as rehearse_output
    from fuota_constructs.cli.rehearse.run import Run

    request = _request(fleet, require, fleet_file, cdk_arguments, stub_imports=stub_imports)
    console = Console(highlight=False, stderr=as_json)
    record = Run(request, console, speed=speed, keep=keep, ask=ask).record()
    console.rule("what came of it")
    rehearse_output.show(record, console)
    _write(record, page, json_file, err=as_json)
    if as_json:
        from fuota_constructs.cli.rehearse.document import as_text

        click.echo(as_text(record))
    colour = "red" if record.exit_code else "green" if require else None
    click.secho(record.line, fg=colour, bold=True, err=as_json)
    ctx.exit(record.exit_code)


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


def _write(record: Record, page: Path | None, json_file: Path | None, *, err: bool) -> None:
    """Write the files, also of a rehearsal that came to nothing: one of yesterday must not be taken for it."""
    if json_file is not None:
        from fuota_constructs.cli.rehearse.document import as_text

        deliver(json_file, as_text(record), err=err)
    if page is not None:
        from fuota_constructs.cli.rehearse.page import page_of

        deliver(page, page_of(record), err=err)
