"""`fuota rollout status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.cli.rollout.access import FoundRollout
    from fuota_constructs.operations.rollout_evidence import Kept
    from fuota_constructs.operations.rollout_status import RolloutStatus

execution_option = click.option(
    "--execution", metavar="NAME", help="An earlier one.  [default: the one under way, else the latest]"
)


@click.command(epilog=WHERE)
@options.rollout
@execution_option
@click.option("--watch", is_flag=True, help="Look again until the rollout is over.")
@options.interval(default=30)
@options.as_json
@options.json_file
@command_on_aws
def status(
    access: Access,
    *,
    rollout: str,
    execution: str | None,
    watch: bool,
    interval: float,
    as_json: bool,
    json_file: Path | None,
) -> int:
    """Show how far a rollout is, wave by wave: the devices, what the gates said, and what happens next and when.

    ROLLOUT is the name of a rollout as `fuota rollout list` has it, its construct id, or the ARN of its state machine.
    With --watch a rollout that holds is waited for: somebody has to say something. With --watch and --json there is one
    document, when it is over.

    \b
    Examples:
      fuota rollout status Meters/Rollout
      fuota rollout status Meters/Rollout --watch --region eu-west-1
      fuota rollout status Meters/Rollout --json | jq '.waves[].outcome'

    \b
    Exit codes:
      0  it SUCCEEDED, or is not over yet (RUNNING, HELD)
      1  could not look (not there, not started, no answer), or write the file
      2  wrong usage
      3  looked: it is ABORTED or FAILED
      130  interrupted with Ctrl-C; the rollout goes on
    """
    from rich.console import Console

    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.rollout.access import find
    from fuota_constructs.cli.rollout.document import status_content
    from fuota_constructs.cli.rollout.status_view import show

    found = find(access, rollout)
    console = Console(highlight=False)
    seen = found.read(execution)
    if watch:
        seen = _watch(found, seen, interval, console, quiet=as_json)
    text = as_text("rollout-status", status_content(seen, found))
    if as_json:
        click.echo(text)
    else:
        show(seen, found, console)
    deliver(json_file, text)
    return exit_code(seen)


def exit_code(status: RolloutStatus) -> int:
    """What it means to a script."""
    from fuota_constructs.operations.rollout_status import ABORTED, FAILED

    return NOT_MET if status.status in {ABORTED, FAILED} else PASSED


def _watch(
    found: FoundRollout, seen: RolloutStatus, interval: float, console: Console, *, quiet: bool
) -> RolloutStatus:
    """Look again until it is over: in place on a terminal, and a line for what is new in a log.

    Whoever interrupts is shown what was seen last.
    """
    from fuota_constructs.cli.rollout.status_view import compact_view, news_of, show
    from fuota_constructs.cli.task.status_watch import Screen

    name, said = seen.execution, ""
    kept: Kept = {}
    try:
        if not quiet and console.is_terminal and not console.is_dumb_terminal:
            with Screen(console) as screen:
                while not seen.is_final:
                    screen.draw(compact_view(seen, found, room=screen.room))
                    screen.sleep(interval)
                    seen = found.read(name, kept)
            return seen
        while True:
            if not quiet and (news := news_of(seen)) != said:
                click.echo(f"{seen.now:%Y-%m-%d %H:%M:%S} UTC  {news}")
                said = news
            if seen.is_final:
                return seen
            time.sleep(interval)
            seen = found.read(name, kept)
    except KeyboardInterrupt:
        if not quiet:
            show(seen, found, console)
            click.echo("\nthe watch ended before the rollout; it goes on")
        raise
