"""`fuota start`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access, Found
    from fuota_constructs.operations.progress import Progress


class Moment(click.ParamType["datetime | timedelta"]):
    """A time with its zone, or how long from now."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        """Refuse what is ambiguous."""
        from fuota_constructs.operations.start import moment_of

        try:
            return moment_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(epilog=WHERE)
@options.task
@click.option(
    "--at",
    type=Moment(),
    metavar="TIME",
    help="When the session starts: 2026-12-01T02:00Z, or from now +45m, +2h, +1d; 30 minutes ahead or more, and with"
    " multicast groups not over 48 hours (for FUOTA assumed: a warning).  [default: in 31 minutes]",
)
@click.option("--no-preflight", is_flag=True, help="Do not look for errors first.")
@options.as_json
@options.json_file
@command_on_aws
def start(
    access: Access,
    *,
    task: str,
    at: datetime | timedelta | None,
    no_preflight: bool,
    as_json: bool,
    json_file: Path | None,
) -> int:
    """Schedule the session of a FUOTA task.

    TASK is the id, ARN or name of a FUOTA task. AWS starts a session 30 minutes from now or later. Before that, the
    checks of `fuota preflight` run, and an error among them stops it. A session cannot be stopped by a command of AWS:
    only deleting the task ends it, and the multicast group's session goes on until its timeout.

    \b
    Examples:
      fuota start street-lights
      fuota start street-lights --at 2026-12-01T02:00Z
      fuota start street-lights --at +45m --no-preflight

    \b
    Exit codes:
      0  the session is scheduled
      1  could not look or start (no credentials or task, the service refused)
      2  wrong usage, or a time at which no session can start
      3  looked, and did not start: an error was found, or the task is not Pending
    """
    from rich.console import Console

    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.operations import start as operation
    from fuota_constructs.operations import task as states
    from fuota_constructs.operations.progress import read_progress

    found = access.find(task)
    if found.task.status != states.PENDING:
        return _not_pending(found)
    _moment(found, at)  # refused before the long way through all devices
    if no_preflight:
        progress = read_progress(found.aws, found.task)
    else:
        from fuota_constructs.cli.task.preflight import checked, show

        result = checked(found, Console(stderr=True))
        if result.errors:
            show(result, found, Console(stderr=True, highlight=False))
            anyway = found.place.command("start", found.task.id, "--no-preflight")
            said = f"not started: correct the errors above, or start it in spite of them: {anyway}"
            click.echo(f"fuota: {said}", err=True)
            return NOT_MET
        progress = result.progress
    when = _moment(found, at)
    beyond = operation.beyond_reach(found.aws, when) if progress.groups else ""
    if beyond:
        click.echo(f"warning: {beyond}", err=True)
    operation.start(found.aws, found.task.id, when)
    text = as_text("start", _content(found, progress, when, beyond))
    if as_json:
        click.echo(text)
    else:
        click.echo(f"{found.title} starts {operation.show(when)}")
        click.echo(_end(progress, when))
        click.echo(f"watch it: {_watch(found)}")
    deliver(json_file, text)
    return PASSED


def _not_pending(found: Found) -> int:
    from fuota_constructs.operations import task as states

    scheduled = found.task.status in {states.WAITING, states.IN_SESSION}
    remedy = f"watch it: {_watch(found)}" if scheduled else "create a new task"
    click.echo(
        f"fuota: {found.title} is {found.task.status}; only a Pending task can be started: {remedy}",
        err=True,
    )
    return NOT_MET


def _moment(found: Found, at: datetime | timedelta | None) -> datetime:
    from fuota_constructs.operations import start as operation

    try:
        return operation.start_time(found.aws, at)
    except operation.ImpossibleTimeError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None


def _watch(found: Found) -> str:
    return found.place.command("status", found.task.id, "--watch")


def _content(found: Found, progress: Progress, when: datetime, beyond: str) -> dict[str, Any]:
    from fuota_constructs.operations.progress import session_length

    length, task = session_length(progress.task, progress.plan), found.task
    return {
        "place": found.place.as_dict(),
        "task": {"id": task.id, "name": task.name, "arn": task.arn},
        "starts_at": when,
        "ends_at_by_plan": None if length is None else when + length,
        "warnings": [beyond] if beyond else [],
        "next_steps": [_watch(found)],
    }


def _end(progress: Progress, when: datetime) -> str:
    from fuota_constructs.cli.figures import duration
    from fuota_constructs.cli.task.figures import UNKNOWN_END
    from fuota_constructs.operations import start as operation
    from fuota_constructs.operations.progress import session_length

    length = session_length(progress.task, progress.plan)
    if length is None or progress.plan is None:
        return f"when it ends is not known: {UNKNOWN_END}"
    return (
        f"by plan it ends {operation.show(when + length)}: {progress.plan.fragments:,} fragments in"
        f" {duration(length.total_seconds())}"
    )
