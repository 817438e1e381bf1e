"""`fuota preflight`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from fuota_constructs.cli.aws_access import Access, Found
    from fuota_constructs.cli.place import Place
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.operations.preflight import Preflight


@click.command(epilog=WHERE)
@options.task
@options.loss
@options.target
@options.device_stacks
@options.as_json
@options.json_file
@command_on_aws
def preflight(
    access: Access,
    *,
    task: str,
    loss: float,
    target: float,
    stacks: tuple[DeviceStack, ...],
    as_json: bool,
    json_file: Path | None,
) -> int:
    """Check, without changing anything, whether the session of a FUOTA task can work.

    TASK is the id, ARN or name of a FUOTA task. Looks at the image, the role, the multicast groups with their gateways
    and sessions, every device, other tasks with the same devices, and the parameters, which it judges as `fuota plan`
    does. What could not be checked is a warning, never ok. Reads one device at a time, 9 a second.

    \b
    Examples:
      fuota preflight street-lights
      fuota preflight street-lights --local --loss 15%
      fuota preflight street-lights --device-stack stm32cubewl
      fuota preflight street-lights --json | jq '.checks[] | .outcome'

    \b
    Exit codes:
      0  no error was found; there may be warnings
      1  could not look (no credentials, task or answer), or write the file
      2  wrong usage
      3  looked: an error was found
    """
    from rich.console import Console

    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.task.document import preflight_content
    from fuota_constructs.cli.task.status_view import print_commands

    found = access.find(task)
    result = checked(found, Console(stderr=True), stacks, loss=loss, target=target)
    text = as_text("preflight", preflight_content(result, found.place))
    if as_json:
        click.echo(text)
    else:
        console = Console(highlight=False)
        show(result, found, console)
        console.print(f"{_next_of(result)} with")
        print_commands(found.place.commands(result.next_steps), console)
    deliver(json_file, text)
    return NOT_MET if result.errors else PASSED


def _next_of(result: Preflight) -> str:
    from fuota_constructs.operations import task as states

    match result.progress.task.status:
        case states.PENDING:
            return "check again" if result.errors else "start it"
        case states.WAITING | states.IN_SESSION:
            return "watch it"
    return "see what came of it"


def checked(found: Found, console: Console, stacks: Sequence[DeviceStack] = (), **planned: float) -> Preflight:
    """Run the checks, and say on a terminal what is being read."""
    from fuota_constructs.operations import preflight as operation

    with console.status("reading") as spinner:
        return operation.preflight(
            found.aws, found.task, lambda what: spinner.update(f"reading {what}"), stacks=stacks, **planned
        )


def _local_steps(result: Preflight, place: Place) -> Iterator[str]:
    """What a local cloud has for a task without devices, or with devices that wait for their uplinks."""
    from fuota_constructs.operations.groups import PREPARE

    if place.port is None:
        return
    if any(check.name == "devices" for check in result.errors):
        command = place.local_command("fleet", "add")
        yield f"a local cloud has no devices of its own: `{command}` makes some, and `fuota rehearse` brings its own"
    elif any(check.remedy == PREPARE for check in result.checks):
        command = place.local_command("clock", "--advance", "10m")
        yield f"a local cloud need not wait: `{command}` brings the uplinks"


def show(result: Preflight, found: Found, console: Console) -> None:
    """Print the checks and what they come to."""
    from rich.text import Text

    from fuota_constructs.cli.task.status_view import checks_view

    console.print(Text(f"Preflight of {found.title}", style="bold"))
    console.print(checks_view(result.checks))
    for step in _local_steps(result, found.place):
        console.print(Text(step))
    errors, warnings = len(result.errors), sum(check.outcome == "warning" for check in result.checks)
    counted = f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"
    verdict = "not ready" if errors else "nothing speaks against starting it" if not warnings else "no error was found"
    console.print(Text(f"{verdict}: {counted}", style="bold red" if errors else "bold green"))
