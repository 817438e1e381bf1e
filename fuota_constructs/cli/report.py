"""`fuota report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli.aws_access import WHERE, command_on_aws

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws


@click.command(epilog=WHERE)
@click.argument("task")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write one page that needs nothing else.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write what `fuota status --json` prints.",
)
@command_on_aws
def report(aws: Aws, *, task: str, html: Path | None, json_file: Path | None) -> int:
    """Write the state of a FUOTA task to a file, to keep or to hand on.

    TASK is the id, ARN or name of a FUOTA task.

    \b
    Examples:
      fuota report street-lights --html street-lights.html
      fuota report street-lights --html page.html --json data.json

    \b
    Exit codes:
      0  the files are written, whatever they say
      1  the task could not be read, or a file not written
      2  wrong usage
    """
    from fuota_constructs.cli.report_page import page_of
    from fuota_constructs.cli.status import look
    from fuota_constructs.cli.task_json import as_text, progress_content
    from fuota_constructs.operations.task import find_task

    if html is None and json_file is None:
        raise click.UsageError("give --html FILE, --json FILE or both")
    progress, verdict = look(aws, find_task(aws, task).id)
    if html is not None:
        _write(html, page_of(progress, verdict))
    if json_file is not None:
        _write(json_file, as_text(progress_content(progress, verdict)) + "\n")
    click.echo(f"{verdict.outcome}: {verdict.summary}")
    return 0


def _write(file: Path, text: str) -> None:
    from fuota_constructs.operations.errors import OperationError

    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperationError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"written: {file}")
