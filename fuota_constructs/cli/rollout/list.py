"""`fuota rollout list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.unread import unread_said

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollouts import Rollout

    Listed = tuple[Place, Rollout, RolloutStatus | None, str]
    """A rollout with its status, None where it was not started; or why that could not be read."""


@click.command("list", epilog=WHERE)
@options.as_json
@options.json_file
@command_on_aws
def list_rollouts(access: Access, *, as_json: bool, json_file: Path | None) -> int:
    """List the rollouts that are deployed, with how far each is.

    They are found by the tags of their state machines, which costs a request for every state machine there is. Of those
    whose tags you may not read it says so: rollouts may be among them. With no rollout to list, that is exit code 1.

    \b
    Examples:
      fuota rollout list
      fuota rollout list --local
      fuota rollout list --json | jq -r '.rollouts[] | .name + " " + .status'

    \b
    Exit codes:
      0  looked; there may be none
      1  could not look (no credentials or answer), or not at each, or write
      2  wrong usage
    """
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.operations.failures import explained
    from fuota_constructs.operations.rollouts import list_rollouts as read

    places: list[Place] = []
    listed: list[Listed] = []
    unread: list[tuple[Place, str, str]] = []
    for aws, place in access.everywhere():
        places.append(place)
        rollouts, refusals = read(aws)
        unread += [(place, arn, explained(error, profile=access.profile)) for arn, error in refusals.items()]
        listed += [(place.of_account(each.account), each, *_read(aws, each, access.profile)) for each in rollouts]
    machines = [{"place": place.as_dict(), "state_machine_arn": arn, "problem": said} for place, arn, said in unread]
    content = {"rollouts": [_content(*each) for each in listed], "unread_state_machines": machines}
    text = as_text("rollout-list", content)
    if as_json:
        click.echo(text)
    elif listed:
        _show(listed)
    elif not unread:
        click.echo(f"no rollout ({'; '.join(map(str, places))})")
    deliver(json_file, text)
    problems = [(f"rollout {rollout}", problem) for _, rollout, _, problem in listed if problem]
    code = unread_said(problems)
    if unread:
        _, first, said = unread[0]
        tags = f"the tags of state machine {first}, which say whether it is of a rollout"
        if len(unread) > 1:
            tags = f"the tags of {len(unread):,} state machines, which say whether they are of rollouts; of {first}"
        refused = unread_said([(tags, said)])
        # Who may operate some rollouts only has the list of those; where there is none, nobody knows.
        return code if listed else refused
    return code


def _read(aws: Aws, rollout: Rollout, profile: str | None) -> tuple[RolloutStatus | None, str]:
    """Its status, or why it could not be read; neither where it was not started."""
    from botocore.exceptions import ClientError

    from fuota_constructs.operations.errors import OperationError
    from fuota_constructs.operations.failures import explained, is_about_one
    from fuota_constructs.operations.rollout_status import NotStartedError, read_status
    from fuota_constructs.operations.rollouts import remedy_of

    try:
        return read_status(aws, rollout), ""
    except NotStartedError:
        return None, ""
    except OperationError as error:
        return None, str(error)
    except ClientError as error:
        if not is_about_one(error):
            raise
        return None, "; ".join(filter(None, (explained(error, profile=profile), remedy_of(error, rollout))))


def _content(place: Place, rollout: Rollout, status: RolloutStatus | None, problem: str) -> dict[str, Any]:
    return {
        "place": place.as_dict(),
        "name": rollout.name,
        "state_machine_arn": rollout.machine_arn,
        "execution": status.execution if status else None,
        "status": status.status if status else None,
        "reason": status.reason if status else "",
        "started_at": status.started_at if status else None,
        "problem": problem or None,
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
        for _, rollout, status, problem in (each for each in listed if each[0] == place):
            said = "not read" if problem else summary_of(status) if status else "not started"
            table.add_row(Text(str(rollout)), Text(visible(said)), style="red" if problem else "")
        console.print(table)
    read = [(place, rollout) for place, rollout, _, problem in listed if not problem]
    if read:
        console.print("look at one with" if len(read) > 1 else "look at it with", style="bold")
        print_commands((place.command("rollout", "status", rollout.name) for place, rollout in read), console)
