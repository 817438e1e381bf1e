"""`fuota rollout list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import PASSED

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollouts import Rollout

    Listed = tuple[Place, Rollout, RolloutStatus | None]


@click.command("list", epilog=WHERE)
@options.as_json
@options.json_file
@command_on_aws
def list_rollouts(access: Access, *, as_json: bool, json_file: Path | None) -> int:
    """List the rollouts that are deployed, with how far each is.

    They are found by the tags of their state machines, which costs a request for every state machine there is.

    \b
    Examples:
      fuota rollout list
      fuota rollout list --local
      fuota rollout list --json | jq -r '.rollouts[] | .name + " " + .status'

    \b
    Exit codes:
      0  looked; there may be none
      1  could not look (no credentials or answer), or write the file
      2  wrong usage
    """
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.operations.rollout_status import NotStartedError, read_status
    from fuota_constructs.operations.rollouts import list_rollouts as read

    places: list[Place] = []
    listed: list[Listed] = []
    for aws, place in access.everywhere():
        places.append(place)
        for rollout in read(aws):
            try:
                status = read_status(aws, rollout)
            except NotStartedError:
                status = None
            listed.append((place.of_account(rollout.account), rollout, status))
    text = as_text("rollout-list", {"rollouts": [_content(*each) for each in listed]})
    if as_json:
        click.echo(text)
    elif listed:
        _show(listed)
    else:
        click.echo(f"no rollout ({'; '.join(map(str, places))})")
    deliver(json_file, text)
    return PASSED


def _content(place: Place, rollout: Rollout, status: RolloutStatus | None) -> dict[str, Any]:
    return {
        "place": place.as_dict(),
        "name": rollout.name,
        "state_machine_arn": rollout.machine_arn,
        "execution": status.execution if status else None,
        "status": status.status if status else None,
        "reason": status.reason if status else "",
        "started_at": status.started_at if status else None,
    }


def _show(listed: list[Listed]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fuota_constructs.cli.rollout.banner import summary_of
    from fuota_constructs.cli.task.status_view import print_commands
    from fuota_constructs.operations.visible_text import visible

    console = Console(highlight=False)
    for place in dict.fromkeys(place for place, *_ in listed):
        table = Table(title=Text(f"Rollouts ({place})"), title_justify="left")
        for heading in ("Rollout", "How far"):
            table.add_column(heading, overflow="fold")
        for _, rollout, status in (each for each in listed if each[0] == place):
            said = summary_of(status) if status else "not started"
            table.add_row(Text(str(rollout)), Text(visible(said)))
        console.print(table)
    console.print("look at one with" if len(listed) > 1 else "look at it with", style="bold")
    print_commands((place.command("rollout", "status", rollout.name) for place, rollout, _ in listed), console)
