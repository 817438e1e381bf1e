"""`fuota status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.operations.verdict import Verdict


@click.command(epilog=WHERE)
@options.task
@click.option("--watch", is_flag=True, help="Look again until the task is done.")
@options.interval(default=10)
@click.option("--devices", is_flag=True, help="List every device, too; with --watch when it is done.")
@options.device_stacks
@options.as_json
@options.json_file
@command_on_aws
def status(
    access: Access,
    *,
    task: str,
    watch: bool,
    interval: float,
    devices: bool,
    stacks: tuple[DeviceStack, ...],
    as_json: bool,
    json_file: Path | None,
) -> int:
    """Show how far a FUOTA task is, what each device reports, and what came of it.

    TASK is the id, ARN or name of a FUOTA task. AWS publishes no progress, and a task is FuotaDone when everything
    failed, too: what counts is what the devices report. What MissingFrag and Successful prove depends on their stack:
    it is said, and for yours with --device-stack. With --watch and --json there is one document, when it is done.

    \b
    Examples:
      fuota status street-lights
      fuota status street-lights --watch --region eu-west-1
      fuota status street-lights --device-stack swl2001
      fuota status street-lights --local --json | jq .devices_by_status

    \b
    Exit codes:
      0  all devices report the image, or without --watch: it is not done yet
      1  could not look (no credentials, task or answer), or write the file
      2  wrong usage
      3  looked: the task is done (or deleted), and not all report the image
      130  interrupted with Ctrl-C; the session goes on
    """
    from rich.console import Console

    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.task.document import progress_content
    from fuota_constructs.cli.task.status_view import show
    from fuota_constructs.cli.task.status_watch import watch as watch_task
    from fuota_constructs.operations.look import look

    found = access.find(task)
    console = Console(highlight=False)
    if watch:
        progress, verdict = watch_task(found, interval, console, stacks, quiet=as_json, all_devices=devices)
    else:
        progress, verdict = look(found.aws, found.task.id, stacks)
    text = as_text("status", progress_content(progress, verdict, found.place))
    if as_json:
        click.echo(text)
    elif not watch:
        show(progress, verdict, found.place, console, all_devices=devices)
    deliver(json_file, text)
    return exit_code(verdict)


def exit_code(verdict: Verdict) -> int:
    """What a verdict means to a script; a status that nobody documented is no success."""
    from fuota_constructs.operations.verdict import Outcome

    if verdict.outcome is Outcome.UNKNOWN or (verdict.is_final and verdict.outcome is not Outcome.UPDATED):
        return NOT_MET
    return PASSED
