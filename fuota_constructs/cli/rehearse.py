"""`fuota rehearse`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs import extras
from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known
from fuota_constructs.cli.quantities import share_of_one

if TYPE_CHECKING:
    from rich.console import Console

    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.local.rehearsal import Outcome, Rehearsal, TaskProgress


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


def _file(_: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    # Said before the rehearsal, not after it.
    if value is not None and not value.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {value.absolute().parent} does not exist: make it first", param=parameter)
    return value


@click.command(cls=CdkCommand, cdk_command="deploy")
@click.option("--devices", type=click.IntRange(1, 100_000), help="How many simulated devices.  [default: 200]")
@click.option("--loss", callback=_share, help="Share of fragments each device loses, such as 10%.  [default: 10%]")
@click.option("--seed", type=click.IntRange(0, 2**63), help="The same seed, the same outcome.  [default: 1]")
@click.option(
    "--fleet",
    "fleet_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML or JSON file with cohorts of devices, instead of --devices and --loss.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 1_000_000),
    help="Session seconds per second.  [default: as fast as it computes]",
)
@click.option("--require", callback=_share, help="Fail when fewer devices succeed, such as 99%.")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=_file,
    help="Write a page with pictures there.",
)
@click.option(
    "--json",
    "document",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=_file,
    help="Write every figure there.",
)
@click.option("--keep", is_flag=True, help="Leave the cloud running afterwards, to look around in.")
@cdk_arguments()
@click.pass_context
def rehearse(  # noqa: PLR0917
    ctx: click.Context,
    devices: int | None,
    loss: float | None,
    seed: int | None,
    fleet_file: Path | None,
    speed: float | None,
    require: float | None,
    page: Path | None,
    document: Path | None,
    keep: bool,
    cdk_arguments: tuple[str, ...],
) -> None:
    """Deploy the CDK app of this folder to a cloud made for it, and let simulated devices receive its firmware.

    The real CDK CLI deploys, the real Lambda makes the tasks; the sessions of all tasks are started, real fragments go
    over a lossy radio to devices that decode them with the real code, in minutes instead of hours. Nothing is kept.

    \b
    Examples:
      fuota rehearse
      fuota rehearse --devices 500 --loss 12% --require 99%
      fuota rehearse --fleet fleet.yaml --html rehearsal.html
      fuota rehearse -- -c stage=test
    Stacks, and what you write behind --, go to `cdk deploy` as they are.

    \b
    Exit codes:
      0  every session was sent, and as many devices as required succeeded
      1  refused or failed, an image could not be read, or fewer devices succeeded than --require says
      2  wrong usage
    """
    if page is None:
        extras.require("fuota rehearse", "cli", "local")
    else:
        extras.require("fuota rehearse --html", "cli", "local", "plan")
    fleet = _fleet(devices, loss, seed, fleet_file)
    require_known(ctx, cdk_arguments)
    from rich.console import Console

    from fuota_constructs.local import cloud as clouds
    from fuota_constructs.local import deployment
    from fuota_constructs.local.rehearsal import Rehearsal

    console = Console(highlight=False)
    console.rule("start a cloud on this machine")
    cloud = clouds.start(clouds.free_port(), outlive_us=keep)
    console.print(f"{cloud.url}: CloudFormation, S3, IAM, Lambda and IoT Wireless; AWS is not contacted")
    try:
        console.rule("cdk deploy")
        if code := deployment.deploy(cloud, list(cdk_arguments), console.print):
            ctx.exit(code)
        console.rule("read back from the IoT Wireless service")
        _show_tasks(cloud, console)
        console.rule("the session")
        rehearsal = Rehearsal(cloud)
        console.print(f"{rehearsal.enrol(fleet)} simulated devices joined the multicast groups")
        started = rehearsal.start()
        console.print(f"{len(started)} task(s) started; the wait of 30 minutes before a session is skipped")
        _follow(rehearsal, speed, console)
        outcome = rehearsal.outcome()
    finally:
        if keep:
            console.print(
                f"still running: fuota local status --port {cloud.port}; fuota local down --port {cloud.port}"
            )
        else:
            clouds.stop(cloud)
    console.rule("what came of it")
    _report(outcome, console)
    _write(outcome, page, document, console)
    if any(task.problem for task in outcome.tasks):
        ctx.exit(1)
    if require is not None and outcome.success_ratio < require:
        console.print(f"[red]{outcome.success_ratio:.2%} of the devices succeeded, {require:.2%} were required[/red]")
        ctx.exit(1)


def _fleet(devices: int | None, loss: float | None, seed: int | None, fleet_file: Path | None) -> Fleet:
    from fuota_constructs.local.fleet import Fleet

    if fleet_file is not None and not (devices is loss is seed is None):
        raise click.UsageError(
            "--fleet says how many devices there are and what they lose: leave the other options out"
        )
    try:
        if fleet_file is not None:
            return Fleet.from_file(fleet_file)
        return Fleet.of(devices=devices or 200, loss=0.1 if loss is None else loss, seed=1 if seed is None else seed)
    except (ValueError, OSError) as error:
        hint = "--fleet" if fleet_file else "--devices / --loss / --seed"
        raise click.BadParameter(str(error), param_hint=hint) from None


def _show_tasks(cloud: Any, console: Console) -> None:
    from fuota_constructs.cli.local_status import show
    from fuota_constructs.local.overview import overview

    show(overview(cloud), console)


def _follow(rehearsal: Rehearsal, speed: float | None, console: Console) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("fragments, {task.fields[left]}{task.fields[devices]}"),
    )
    with Progress(*columns, console=console) as bars:
        shown: dict[str, Any] = {}
        for tasks in rehearsal.follow(speed=speed):
            for task in tasks:
                bar = shown.get(task.task_id)
                if bar is None:
                    bar = shown[task.task_id] = bars.add_task(task.name, total=None, left="", devices="")
                bars.update(
                    bar,
                    total=task.fragments_total,
                    completed=task.fragments_sent,
                    left=_left(task),
                    devices=_counts(task.devices),
                )


def _left(task: TaskProgress) -> str:
    from fuota_constructs.cli.plan_figures import duration

    return f"{duration(task.seconds_left)} left" if task.seconds_left else task.status


def _counts(devices: dict[str, int]) -> str:
    done = {status: count for status, count in devices.items() if status != "Initial"}
    return "".join(f"; {count} {status}" for status, count in done.items())


def _report(outcome: Outcome, console: Console) -> None:
    from rich.table import Table

    from fuota_constructs.cli.plan_figures import duration

    for task in outcome.tasks:
        if task.problem:
            console.print(f"[red]{task.name}: {task.problem}[/red]")
    console.print(f"{len(outcome.devices)} devices after {duration(outcome.session_seconds)} of session time")
    table = Table()
    table.add_column("FuotaDeviceStatus")
    table.add_column("devices", justify="right")
    table.add_column("share", justify="right")
    for status, count in outcome.statuses.items():
        table.add_row(status, str(count), f"{count / len(outcome.devices):.1%}")
    console.print(table)
    losses = sorted(device.loss for device in outcome.devices if device.loss is not None)
    if losses:
        console.print(
            f"fragments lost by a device: {losses[0]:.1%} at least, {losses[len(losses) // 2]:.1%} in the middle,"
            f" {losses[-1]:.1%} at most"
        )
    after = sorted(device.completed_after_fragments for device in outcome.devices if device.completed_after_fragments)
    if after:
        console.print(f"image complete, byte for byte: first after {after[0]} fragments, last after {after[-1]}")


def _write(outcome: Outcome, page: Path | None, document: Path | None, console: Console) -> None:
    if document is not None:
        document.write_text(json.dumps(outcome.as_dict(), indent=2) + "\n", encoding="utf-8")
        console.print(f"figures: {document}")
    if page is not None:
        from fuota_constructs.cli.rehearse_page import page_of

        page.write_text(page_of(outcome), encoding="utf-8")
        console.print(f"report: {page}")
