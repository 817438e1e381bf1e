"""`fuota devices`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.device_filter import KINDS, statuses_named
from fuota_constructs.cli.exit_codes import PASSED
from fuota_constructs.operations.device_status import NOT_GIVEN, status_named
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access, Found
    from fuota_constructs.operations.task import Device


@click.command(epilog=WHERE)
@options.task
@click.option(
    "--status",
    "wanted",
    multiple=True,
    metavar="STATUS",
    help="Only these, such as MissingFrag; or failed, open, updated. Give it again for more.  [default: all]",
)
@options.as_json
@options.json_file
@command_on_aws
def devices(access: Access, *, task: str, wanted: tuple[str, ...], as_json: bool, json_file: Path | None) -> int:
    """List the devices of a FUOTA task by what they report, failed ones first.

    TASK is the id, ARN or name of a FUOTA task. Where the output is not a terminal it is one device id a line, for
    other commands.

    \b
    Examples:
      fuota devices street-lights --status MissingFrag
      fuota devices street-lights --status failed --status open | wc -l
      fuota devices street-lights --json | jq '.devices[].last_uplink'

    \b
    Exit codes:
      0  listed; there may be none
      1  could not look (no credentials, task or answer), or write the file
      2  wrong usage, or no such status
    """
    from fuota_constructs.cli import documents
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.operations.task import task_devices

    found = access.find(task)
    every = task_devices(found.aws, found.task.id)
    chosen = _chosen(every, wanted)
    text = documents.as_text("devices", _content(found, every, chosen))
    if as_json:
        click.echo(text)
    elif sys.stdout.isatty():
        _show(found, every, chosen)
    else:
        for device in chosen:
            click.echo(device.id)
    deliver(json_file, text)
    return PASSED


def _chosen(every: Sequence[Device], wanted: Iterable[str]) -> list[Device]:
    """Those with one of the statuses, failed ones first. Raises BadParameter for what is no status."""
    names = statuses_named(wanted, {device.fuota_status or NOT_GIVEN for device in every})
    order = {kind: place for place, kind in enumerate(KINDS)}
    kinds = {device.id: status_named(device.fuota_status).kind for device in every}
    found = [device for device in every if not names or names & {device.fuota_status or NOT_GIVEN, kinds[device.id]}]
    return sorted(found, key=lambda device: (order[kinds[device.id]], device.fuota_status or "", str(device)))


def _content(found: Found, every: Sequence[Device], chosen: Sequence[Device]) -> dict[str, object]:
    from collections import Counter

    task = found.task
    return {
        "place": found.place.as_dict(),
        "task": {"id": task.id, "name": task.name, "arn": task.arn},
        "task_status": task.status,
        "devices_by_status": dict(sorted(Counter(device.fuota_status or NOT_GIVEN for device in every).items())),
        "devices": [{**asdict(device), "kind": status_named(device.fuota_status).kind} for device in chosen],
    }


def _show(found: Found, every: Sequence[Device], chosen: Sequence[Device]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(found.title), Text(found.task.status))
    table = Table()
    for heading in ("Device", "Status", "last heard"):
        table.add_column(heading, overflow="fold")
    for device in chosen:
        name = "" if str(device) == device.id else f"{device}\n"
        cells = (f"{name}{device.id}", visible(device.fuota_status or NOT_GIVEN), visible(device.last_uplink or ""))
        table.add_row(*map(Text, cells))
    if chosen:
        console.print(table)
    console.print(f"{len(chosen):,} of {len(every):,} devices")
