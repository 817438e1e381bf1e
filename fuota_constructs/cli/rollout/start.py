"""`fuota rollout start`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import PASSED

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.operations.aws import Aws


@click.command(epilog=WHERE)
@options.rollout
@options.as_json
@options.json_file
@command_on_aws
def start(access: Access, *, rollout: str, as_json: bool, json_file: Path | None) -> int:
    """Start a rollout, with what its latest deployment says.

    ROLLOUT is the name of a rollout as `fuota rollout list` has it, its construct id, or the ARN of its state machine.
    A deployment starts nothing, and one rollout at a time is under way.

    \b
    Examples:
      fuota rollout start Meters/Rollout
      fuota rollout start Meters/Rollout --local

    \b
    Exit codes:
      0  it is started
      1  could not look or start (not there, one is under way, refused)
      2  wrong usage
    """
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.rollout.access import find
    from fuota_constructs.operations.errors import OperationError
    from fuota_constructs.operations.rollouts import start_rollout

    found = find(access, rollout)
    if found.place.port is not None and _is_known_empty(found.aws):
        make = found.place.local_command("fleet", "add", "--rollout", found.rollout.name, *found.place.account_options)
        raise OperationError(
            f"not started: a local cloud has no devices of its own: `{make}` makes those of the rollout"
        )
    with found.next_steps():
        execution = start_rollout(found.aws, found.rollout)
    watch = found.command("status", "--watch")
    content = {
        "place": found.place.as_dict(),
        "name": found.rollout.name,
        "execution": execution,
        "word": "start",
        "heard_by": None,
        "next_steps": [watch],
    }
    text = as_text("rollout-said", content)
    if as_json:
        click.echo(text)
    else:
        click.echo(f"rollout {found.rollout} ({found.place}) is started: execution {execution}\nwatch it: {watch}")
    deliver(json_file, text)
    return PASSED


def _is_known_empty(aws: Aws) -> bool:
    """Whether there is no device; whoever may start a rollout need not be allowed to list them."""
    from botocore.exceptions import ClientError

    from fuota_constructs.operations.aws import is_denied

    try:
        return not any(aws.pages("list_wireless_devices", "WirelessDeviceList"))
    except ClientError as error:
        if is_denied(error):
            return False
        raise
