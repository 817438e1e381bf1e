"""`fuota report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.output_files import deliver, require_apart

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.lorawan.device_stack import DeviceStack


@click.command(epilog=WHERE)
@options.task
@options.html_file
@options.device_stacks
@options.as_json
@options.json_file
@command_on_aws
def report(
    access: Access,
    *,
    task: str,
    html: Path | None,
    stacks: tuple[DeviceStack, ...],
    as_json: bool,
    json_file: Path | None,
) -> int:
    """Write the state of a FUOTA task to a file, to keep or to hand on.

    TASK is the id, ARN or name of a FUOTA task. The JSON is that of `fuota status`.

    \b
    Examples:
      fuota report street-lights --html street-lights.html
      fuota report street-lights --local --html page.html --json-file data.json

    \b
    Exit codes:
      0  written; all devices report the image, or the task is not done yet
      1  could not look (no credentials, task or answer), or write a file
      2  wrong usage
      3  written; the task is done or deleted, and not all report the image
    """
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.task.document import progress_content
    from fuota_constructs.cli.task.report_page import page_of
    from fuota_constructs.cli.task.status import exit_code
    from fuota_constructs.operations.look import look
    from fuota_constructs.operations.task import stack_of

    if html is None and json_file is None and not as_json:
        raise click.UsageError("give --html FILE, --json-file FILE, or --json to print it")
    require_apart({"--html": html, "--json-file": json_file})
    found = access.find(task)
    progress, verdict = look(found.aws, found.task.id, stacks)
    text = as_text("report", progress_content(progress, verdict, found.place))
    if html is not None:
        again = found.place.command("report", found.task.id, "--html", str(html))
        page = page_of(progress, verdict, found.place, stack=stack_of(found.aws, found.task), again=again)
        deliver(html, page, err=as_json)
    deliver(json_file, text, err=as_json)
    click.echo(text if as_json else f"{found.title} is {verdict.outcome}: {verdict.summary}")
    return exit_code(verdict)
