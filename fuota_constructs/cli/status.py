"""`fuota status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli.aws_access import WHERE, command_on_aws

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict

LONGEST_INTERVAL = 3600


@click.command(epilog=WHERE)
@click.argument("task")
@click.option("--watch", is_flag=True, help="Look again until the task is done.")
@click.option(
    "--interval",
    type=click.FloatRange(1, LONGEST_INTERVAL),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How often, with --watch.",
)
@click.option("--devices", is_flag=True, help="List every device, too.")
@click.option(
    "--json", "as_json", is_flag=True, help="As JSON, for scripts; with --watch one document when it is done."
)
@command_on_aws
def status(aws: Aws, *, task: str, watch: bool, interval: float, devices: bool, as_json: bool) -> int:
    """Show how far a FUOTA task is, what each device reports, and what came of it.

    TASK is the id, ARN or name of a FUOTA task. AWS publishes no progress, and a task is FuotaDone when everything
    failed, too: what counts is what the devices report, and Successful means reassembled, not installed.

    \b
    Examples:
      fuota status street-lights
      fuota status street-lights --watch --region eu-west-1
      fuota status street-lights --json | jq .devices_by_status

    \b
    Exit codes:
      0  all devices have the image, or without --watch: the task is not done yet
      1  the task is done (or deleted) and not all devices have the image; or it could not be read
      2  wrong usage
      130  interrupted with Ctrl-C; the session goes on
    """
    from rich.console import Console

    from fuota_constructs.cli.task_json import as_text, progress_content
    from fuota_constructs.operations.task import find_task
    from fuota_constructs.operations.verdict import Outcome

    task_id = find_task(aws, task).id
    console = Console(highlight=False)
    if watch and not as_json:
        progress, verdict = _watch_live(aws, task_id, interval, console, devices=devices)
    elif watch:
        progress, verdict = _watch(aws, task_id, interval, lambda *_: None)
    else:
        progress, verdict = look(aws, task_id)
    if as_json:
        click.echo(as_text(progress_content(progress, verdict)))
    elif not watch:
        from fuota_constructs.cli.status_view import view

        console.print(view(progress, verdict, all_devices=devices))
    return 1 if verdict.is_final and verdict.outcome is not Outcome.UPDATED else 0


def look(aws: Aws, task_id: str) -> tuple[Progress, Verdict]:
    """Read a task and judge it; where no device got anything, image and role are looked at for the cause."""
    from fuota_constructs.operations import task as states
    from fuota_constructs.operations.preflight import access_checks
    from fuota_constructs.operations.progress import read_progress
    from fuota_constructs.operations.task import read_task
    from fuota_constructs.operations.verdict import verdict_of

    progress = read_progress(aws, read_task(aws, task_id))
    in_vain = progress.task.status == states.DONE and not progress.count_of("updated")
    return progress, verdict_of(progress, access_checks(aws, progress) if in_vain else ())


def _watch(
    aws: Aws, task_id: str, interval: float, show: Callable[[Progress, Verdict], None]
) -> tuple[Progress, Verdict]:
    while True:
        progress, verdict = look(aws, task_id)
        show(progress, verdict)
        if verdict.is_final:
            return progress, verdict
        time.sleep(interval)


def _watch_live(
    aws: Aws, task_id: str, interval: float, console: Console, *, devices: bool
) -> tuple[Progress, Verdict]:
    from rich.live import Live

    from fuota_constructs.cli.status_view import view

    if not console.is_terminal:  # a log wants a line for what is new, not the same screen again and again
        return _watch_in_a_log(aws, task_id, interval, console, devices=devices)
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:

        def show(progress: Progress, verdict: Verdict) -> None:
            live.update(view(progress, verdict, all_devices=devices), refresh=True)

        return _watch(aws, task_id, interval, show)


def _watch_in_a_log(
    aws: Aws, task_id: str, interval: float, console: Console, *, devices: bool
) -> tuple[Progress, Verdict]:
    from fuota_constructs.cli.status_view import view
    from fuota_constructs.operations.start import show as moment

    said = ""

    def show(progress: Progress, verdict: Verdict) -> None:
        nonlocal said
        counts = ", ".join(f"{number} {name}" for name, number in progress.counts.items())
        news = f"{verdict.outcome}: {counts or 'no devices'}"
        if news != said:
            click.echo(f"{moment(progress.now)}  {news}")
        said = news

    progress, verdict = _watch(aws, task_id, interval, show)
    console.print(view(progress, verdict, all_devices=devices))
    return progress, verdict
