"""`fuota list`."""

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
    from fuota_constructs.operations.task_list import ListedTask

KINDS = ("updated", "open", "failed")


@click.command("list", epilog=WHERE)
@options.as_json
@options.json_file
@command_on_aws
def list_tasks(access: Access, *, as_json: bool, json_file: Path | None) -> int:
    """List the FUOTA tasks there are, with their status and how many devices have the image.

    Every task costs two requests or more, one for each 250 devices among them, at 9 a second.

    \b
    Examples:
      fuota list
      fuota list --local
      fuota list --json | jq -r '.fuota_tasks[] | select(.devices.failed > 0).id'

    \b
    Exit codes:
      0  looked; there may be none
      1  could not look (no credentials or answer), or not at each, or write
      2  wrong usage
    """
    from fuota_constructs.cli import documents
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.operations.failures import explained
    from fuota_constructs.operations.task_list import list_tasks as read

    places: list[Place] = []
    tasks: list[tuple[Place, ListedTask]] = []
    problems: dict[str, str] = {}
    for aws, place in access.everywhere():
        places.append(place)
        for each in read(aws):
            tasks.append((place.of_account(each.task.account), each))
            if each.refusal is not None:
                problems[each.task.arn] = explained(each.refusal, profile=access.profile)
    content = [_content(place, listed, problems.get(listed.task.arn)) for place, listed in tasks]
    text = documents.as_text("list", {"fuota_tasks": content})
    if as_json:
        click.echo(text)
    elif tasks:
        _show(tasks, problems)
    else:
        click.echo(f"no FUOTA task ({'; '.join(map(str, places))})")
    deliver(json_file, text)
    named = {listed.task.arn: f"FUOTA task {listed.task}" for _, listed in tasks}
    return unread_said([(named[arn], problem) for arn, problem in problems.items()])


def _content(place: Place, listed: ListedTask, problem: str | None) -> dict[str, Any]:
    task = listed.task
    return {
        "place": place.as_dict(),
        "id": task.id,
        "arn": task.arn,
        "name": task.name,
        "status": task.status or None,
        "rf_region": task.rf_region,
        "created_at": task.created_at,
        "starts_at": task.start_time,
        "devices": {kind: listed.count_of(kind) for kind in KINDS},
        "devices_by_status": listed.devices_by_status,
        "problem": problem,
    }


def _show(tasks: list[tuple[Place, ListedTask]], problems: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fuota_constructs.cli.task.status_view import print_commands
    from fuota_constructs.operations.visible_text import visible

    console = Console(highlight=False)
    places = list(dict.fromkeys(place for place, _ in tasks))
    for place in places:
        table = Table(title=Text(f"FUOTA tasks ({place})"), title_justify="left")
        for heading in ("Task", "Status", "RfRegion"):
            table.add_column(heading, overflow="fold")
        for heading in ("Devices", "updated", "failed"):
            table.add_column(heading, justify="right", overflow="fold")
        for listed in (each for there, each in tasks if there == place):
            task, failed = listed.task, listed.count_of("failed")
            name = f"{visible(task.name)}\n{task.id}" if task.name else task.id
            counts = (listed.devices, listed.count_of("updated"), failed)
            cells = (name, visible(task.status), task.rf_region or "", *(f"{count:,}" for count in counts))
            if unread := task.arn in problems:
                cells = (name, "not read")
            table.add_row(*(Text(cell) for cell in cells), style="red" if failed or unread else "")
        console.print(table)
    read = [(place, listed.task.id) for place, listed in tasks if listed.task.arn not in problems]
    if read:
        console.print("look at one with" if len(read) > 1 else "look at it with", style="bold")
        print_commands((place.command("status", task_id) for place, task_id in read), console)
