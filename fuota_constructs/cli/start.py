"""`fuota start`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli.aws_access import WHERE, command_on_aws

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from fuota_constructs.operations.aws import Aws
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
@click.argument("task")
@click.option(
    "--at",
    type=Moment(),
    metavar="TIME",
    help="When the session starts: 2026-12-01T02:00Z, or from now +45m, +2h, +1d.  [default: in 31 minutes]",
)
@click.option("--no-preflight", is_flag=True, help="Do not look for errors first.")
@command_on_aws
def start(aws: Aws, *, task: str, at: datetime | timedelta | None, no_preflight: bool) -> int:
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
      1  refused or failed; nothing was started
      2  wrong usage
    """
    from rich.console import Console

    from fuota_constructs.operations import start as operation
    from fuota_constructs.operations import task as states
    from fuota_constructs.operations.errors import OperationError
    from fuota_constructs.operations.progress import read_progress
    from fuota_constructs.operations.task import find_task

    found = find_task(aws, task)
    if found.status != states.PENDING:
        raise OperationError(f"{found} is {found.status}; only a Pending task can be started: create a new task")
    operation.start_time(aws, at)  # refused before the long way through all devices
    if no_preflight:
        progress = read_progress(aws, found)
    else:
        from fuota_constructs.cli.preflight import checked, show

        result = checked(aws, found, Console(stderr=True))
        if result.errors:
            show(result, Console(stderr=True, highlight=False))
            raise OperationError("not started: correct the errors above, or start with --no-preflight in spite of them")
        progress = result.progress
    when = operation.start_time(aws, at)
    operation.start(aws, found.id, when)
    click.echo(f"FUOTA task {found} starts {operation.show(when)}")
    click.echo(_end(progress, when))
    click.echo(f"watch it: fuota status {found.id} --watch")
    return 0


def _end(progress: Progress, when: datetime) -> str:
    from fuota_constructs.cli.plan_figures import duration
    from fuota_constructs.cli.task_figures import UNKNOWN_END
    from fuota_constructs.operations import start as operation
    from fuota_constructs.operations.progress import session_length

    length = session_length(progress.task, progress.plan)
    if length is None or progress.plan is None:
        said = f"when it ends is not known: {UNKNOWN_END}"
    else:
        said = (
            f"by plan it ends {operation.show(when + length)}: {progress.plan.fragments:,} fragments in"
            f" {duration(length.total_seconds())}"
        )
    ahead = when - progress.now
    if ahead > operation.MULTICAST_REACH and progress.groups:
        said += (
            "\nthat is over 48 hours ahead: AWS documents this limit for multicast sessions, for FUOTA it says nothing"
        )
    return said
