"""`fuota rollout devices`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.device_filter import KINDS, among, statuses_named
from fuota_constructs.cli.exit_codes import PASSED
from fuota_constructs.cli.rollout.status import execution_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.cli.rollout.access import FoundRollout
    from fuota_constructs.operations.rollout_devices import RolloutDevice
    from fuota_constructs.operations.rollout_status import RolloutStatus

APART = ("silent", "already", "other_version", "unreported")
"""What else may be asked for: as the waves count it."""


@click.command(epilog=WHERE)
@options.rollout
@execution_option
@click.option(
    "--wave",
    "waves",
    multiple=True,
    metavar="NAME",
    help="Only those of this wave. Give it again for more.  [default: all]",
)
@click.option(
    "--status",
    "wanted",
    multiple=True,
    metavar="STATUS",
    help="Only these, such as MissingFrag; or failed, open, updated, silent, already, other_version, unreported."
    " Give it again for more.  [default: all]",
)
@options.as_json
@options.json_file
@command_on_aws
def devices(
    access: Access,
    *,
    rollout: str,
    execution: str | None,
    waves: tuple[str, ...],
    wanted: tuple[str, ...],
    as_json: bool,
    json_file: Path | None,
) -> int:
    """List the devices of a rollout as their latest session left them, failed ones first.

    ROLLOUT is the name of a rollout as `fuota rollout list` has it, its construct id, or the ARN of its state machine.
    Where the output is not a terminal it is one device id a line, for other commands. What is said of a device is what
    the rollout kept when a session was over: devices of a session that goes on are open.

    \b
    Examples:
      fuota rollout devices Meters/Rollout --status failed --status open
      fuota rollout devices Meters/Rollout --wave canary --status silent
      fuota rollout devices Meters/Rollout --json | jq -r '.devices[].id'

    \b
    Exit codes:
      0  listed; there may be none
      1  could not look (not there, not started, no answer, no evidence), or write
      2  wrong usage, or no such status or wave
    """
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.rollout.access import find
    from fuota_constructs.operations.rollout_devices import rollout_devices

    found = find(access, rollout)
    status = found.read(execution)
    every = rollout_devices(found.aws, status)
    names = [wave.name for wave in status.waves]
    chosen = _chosen(every, wanted, {among(each, names, "wave of the rollout", "--wave") for each in waves})
    text = as_text("rollout-devices", _content(found, status, chosen))
    if as_json:
        click.echo(text)
    elif sys.stdout.isatty():
        _show(found, status, every, chosen)
    else:
        for device in chosen:
            click.echo(device.id)
    deliver(json_file, text)
    return PASSED


def _words(device: RolloutDevice) -> set[str]:
    """All that a device may be asked for by."""
    from fuota_constructs.operations.device_status import NOT_GIVEN

    words = {device.kind, device.status or NOT_GIVEN, device.applied or ""}
    return words | {name for name in ("silent", "already") if getattr(device, name)}


def _chosen(every: Sequence[RolloutDevice], wanted: tuple[str, ...], waves: set[str]) -> list[RolloutDevice]:
    """Those of the waves with one of the statuses, failed ones first, each kind in the order of the waves."""
    names = statuses_named(wanted, (*APART, *{device.status for device in every if device.status}))
    order = {kind: place for place, kind in enumerate(KINDS)}
    found = [
        device for device in every if (not waves or device.wave in waves) and (not names or names & _words(device))
    ]
    return sorted(found, key=lambda device: order[device.kind])


def _content(found: FoundRollout, status: RolloutStatus, chosen: Sequence[RolloutDevice]) -> dict[str, object]:
    return {
        "place": found.place.as_dict(),
        "name": found.rollout.name,
        "execution": status.execution,
        "status": status.status,
        "devices": [asdict(device) for device in chosen],
    }


def _show(
    found: FoundRollout, status: RolloutStatus, every: Sequence[RolloutDevice], chosen: Sequence[RolloutDevice]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fuota_constructs.operations.start import show
    from fuota_constructs.operations.visible_text import visible

    console = Console(highlight=False)
    console.print(
        Text(visible(f"Rollout {found.rollout} ({found.place}), execution {status.execution}")), status.status
    )
    table = Table()
    for heading in ("Device", "Wave", "Status", "last heard"):
        table.add_column(heading, overflow="fold")
    for device in chosen:
        heard = show(device.heard_at) if device.heard_at else ""
        table.add_row(*(Text(visible(cell)) for cell in (device.id, device.wave, said_of(device), heard)))
    if chosen:
        console.print(table)
    console.print(f"{len(chosen):,} of {len(every):,} devices" if every else "no devices are chosen yet")


def said_of(device: RolloutDevice) -> str:
    """What is known of a device, in a few words."""
    if device.status is None:
        return "has the version already" if device.already else "no session with it is over"
    versions = {
        "applied": "reports the version",
        "other_version": f"reports version {device.version}",
        "unreported": "reports no version",
    }
    said = [device.status, "has the version already" if device.already else "", versions.get(device.applied or "", "")]
    return ", ".join(filter(None, [*said, "not heard since" if device.silent else ""]))
