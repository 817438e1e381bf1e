"""`fuota preflight`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli.aws_access import WHERE, command_on_aws

if TYPE_CHECKING:
    from rich.console import Console

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.preflight import Preflight
    from fuota_constructs.operations.task import Task


@click.command(epilog=WHERE)
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@command_on_aws
def preflight(aws: Aws, *, task: str, as_json: bool) -> int:
    """Check, without changing anything, whether the session of a FUOTA task can work.

    TASK is the id, ARN or name of a FUOTA task. Looks at the image, the role, the multicast groups, every device, other
    tasks with the same devices, and the parameters. What could not be checked is a warning, never ok. Reads one device
    at a time, 9 a second.

    \b
    Examples:
      fuota preflight street-lights
      fuota preflight street-lights --json | jq '.checks[] | select(.outcome != "ok")'

    \b
    Exit codes:
      0  no error was found; there may be warnings
      1  an error was found, or the task could not be read
      2  wrong usage
    """
    from rich.console import Console

    from fuota_constructs.operations.task import find_task

    found = checked(aws, find_task(aws, task), Console(stderr=True))
    if as_json:
        from fuota_constructs.cli.task_json import as_text, checks_content

        content = {
            "task": {"id": found.progress.task.id, "name": found.progress.task.name, "arn": found.progress.task.arn},
            "ready": not found.errors,
            "checks": checks_content(found.checks),
        }
        click.echo(as_text(content))
    else:
        show(found, Console(highlight=False))
    return 1 if found.errors else 0


def checked(aws: Aws, task: Task, console: Console) -> Preflight:
    """Run the checks, and say on a terminal what is being read."""
    from fuota_constructs.operations import preflight as operation

    with console.status("reading") as spinner:
        return operation.preflight(aws, task, lambda what: spinner.update(f"reading {what}"))


def show(found: Preflight, console: Console) -> None:
    """Print the checks and what they come to."""
    from rich.text import Text

    from fuota_constructs.cli.status_view import checks_view

    console.print(Text(f"Preflight of FUOTA task {found.progress.task}", style="bold"))
    console.print(checks_view(found.checks))
    errors, warnings = len(found.errors), sum(check.outcome == "warning" for check in found.checks)
    counted = f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"
    verdict = "not ready" if errors else "nothing speaks against starting it" if not warnings else "no error was found"
    console.print(Text(f"{verdict}: {counted}", style="bold red" if errors else "bold green"))
