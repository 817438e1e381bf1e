"""`fuota rollout report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.output_files import deliver, require_apart
from fuota_constructs.cli.rollout.status import execution_option, exit_code

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access


@click.command(epilog=WHERE)
@options.rollout
@execution_option
@options.html_file
@options.as_json
@options.json_file
@command_on_aws
def report(
    access: Access,
    *,
    rollout: str,
    execution: str | None,
    html: Path | None,
    as_json: bool,
    json_file: Path | None,
) -> int:
    """Write a rollout to a file, to keep or to hand on: its waves, and the evidence of each gate in words.

    ROLLOUT is the name of a rollout as `fuota rollout list` has it, its construct id, or the ARN of its state machine.
    The JSON is that of `fuota rollout status`.

    \b
    Examples:
      fuota rollout report Meters/Rollout --html rollout.html
      fuota rollout report Meters/Rollout --local --json-file data.json

    \b
    Exit codes:
      0  written; it SUCCEEDED, or is not over yet (RUNNING, HELD)
      1  could not look (not there, not started, no answer), or write a file
      2  wrong usage
      3  written; it is ABORTED or FAILED
    """
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.rollout.access import find
    from fuota_constructs.cli.rollout.banner import summary_of
    from fuota_constructs.cli.rollout.document import status_content
    from fuota_constructs.cli.rollout.report_page import page_of
    from fuota_constructs.operations.visible_text import visible

    if html is None and json_file is None and not as_json:
        raise click.UsageError("give --html FILE, --json-file FILE, or --json to print it")
    require_apart({"--html": html, "--json-file": json_file})
    found = find(access, rollout)
    status = found.read(execution)
    text = as_text("rollout-report", status_content(status, found))
    if html is not None:
        again = found.command("report", "--execution", status.execution, "--html", str(html))
        deliver(html, page_of(status, found, again=again), err=as_json)
    deliver(json_file, text, err=as_json)
    said = visible(f"rollout {status.rollout} ({found.place}) is {summary_of(status)}")
    click.echo(text if as_json else said)
    return exit_code(status)
