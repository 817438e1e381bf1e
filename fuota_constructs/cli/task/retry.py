"""`fuota retry`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access, Found
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.retry import Retry
    from fuota_constructs.operations.task import Device

ASSOCIATE = "associate-wireless-device-with-multicast-group"


@click.command(epilog=WHERE)
@options.task
@options.as_json
@options.json_file
@command_on_aws
def retry(access: Access, *, task: str, as_json: bool, json_file: Path | None) -> int:
    """Print the CDK app that sends a firmware again, to the devices of a FUOTA task that do not have it.

    TASK is the id, ARN or name of a FUOTA task that is done. The app has a group for these devices and a task with the
    same image, role and parameters, and more redundancy where fragments were missing. Devices for whom that is in vain
    are left out, and named. The app goes to standard output, all else to the other: what to look at before, and the
    commands that put the devices into the group, which no deployment does. Nothing is changed.

    \b
    Examples:
      fuota retry street-lights
      fuota retry street-lights > retry.py
      fuota retry street-lights --json | jq -r '.devices[].id'

    \b
    Exit codes:
      0  printed, or all devices have the image
      1  could not look (no credentials, task or answer), or write the file
      2  wrong usage
      3  looked: the task is not done, or sending again is in vain
    """
    from fuota_constructs.cli import documents
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.task.retry_snippet import snippet
    from fuota_constructs.operations.progress import read_progress
    from fuota_constructs.operations.retry import NotToBeRetriedError, retry_of

    found = access.find(task)
    progress = read_progress(found.aws, found.task)
    try:
        again = retry_of(found.aws, progress)
    except NotToBeRetriedError as refused:
        click.echo(f"fuota: {found.title} cannot be retried: {refused}", err=True)
        click.echo(f"look at it: {found.place.command('status', found.task.id)}", err=True)
        return NOT_MET
    code = snippet(found.task, progress.image, again) if again.devices and progress.image else None
    steps = list(_steps(found, again)) if code else []
    summary = _summary(progress, again)
    text = documents.as_text("retry", _content(found, progress, again, summary=summary, code=code, steps=steps))
    if as_json:
        click.echo(text)
    else:
        click.echo(f"{found.title}: {summary}", err=True)
        for line in _remarks(progress, again):
            click.echo(line, err=True)
        if code:
            click.echo(err=True)
            click.echo(code)
            click.echo("\nnext:", err=True)
        for step in steps:
            click.echo(f"  {step}", err=True)
    deliver(json_file, text)
    return PASSED if code or not (again.devices or again.left_out) else NOT_MET


def _summary(progress: Progress, again: Retry) -> str:
    total, without = len(progress.devices), len(again.devices) + len(again.left_out)
    if not without:
        return f"nothing to retry: {f'all {total:,} devices have' if total > 1 else 'the device has'} the image"
    said = f"{without:,} of {total:,} {'device does' if total == 1 else 'devices do'} not have the image"
    if not again.devices:
        return f"{said}, and sending it to them again is in vain"
    if progress.image is None:
        return f"{said}, and where it lies is not known: {progress.task.image!r} is no S3 URI"
    return said


def _remarks(progress: Progress, again: Retry) -> Iterator[str]:
    from fuota_constructs.operations.visible_text import visible

    if again.before:
        yield "look at this before:"
        yield from (f"  {visible(line)}" for line in again.before)
    if again.in_vain:
        yield "left out, because sending again does not mend it:"
        yield from (f"  {visible(line)}" for line in again.in_vain)
    yield from _of_the_session(progress, again)


def _of_the_session(progress: Progress, again: Retry) -> Iterator[str]:
    if again.interval_remark:
        yield f"send with {again.interval_remark}"
    if again.too_long:
        yield f"too long to be sent so: {again.too_long}; choose larger fragments at a faster data rate: `fuota plan`"
    if again.planned_loss is not None:
        was = progress.task.redundancy_percent or 0
        if again.enough:
            yield f"redundancy: {again.redundancy_percent} % (it was {was} %), for {again.planned_loss:.0%} loss"
        else:
            yield (
                f"redundancy: no percentage up to 100 makes up for {again.planned_loss:.0%} loss; a smaller image or a"
                " slower data rate does: `fuota plan`"
            )


def _steps(found: Found, again: Retry) -> Iterator[str]:
    """What to type after the deployment; ids only where a status does not choose them."""
    from fuota_constructs.local import cdk_cli

    place, app = found.place, ("--app", "python3 retry.py")
    yield place.command("retry", found.task.id) + " > retry.py"
    if place.port is None:
        yield shlex.join(("npx", f"aws-cdk@{cdk_cli.version()}", "deploy", *app))
    else:
        yield shlex.join(("fuota", "local", "deploy", *place.port_option, "--", *app))
        if again.by_class:
            yield f'eval "$({shlex.join(("fuota", "local", "env", *place.port_option))})"'
    where = () if place.port is not None else place.options
    for number, members in enumerate(again.by_class.values(), 1):
        associate = shlex.join(("aws", "iotwireless", ASSOCIATE, *where, "--id"))
        each = f"xargs -n 1 {associate} GROUP{number}_ID --wireless-device-id"
        yield f"{_ids(found, again, members)} | {each}"
    name = "TASK_ID"
    yield place.command("preflight", name)
    yield place.command("start", name)


def _ids(found: Found, again: Retry, members: Sequence[Device]) -> str:
    from fuota_constructs.operations.device_status import NOT_GIVEN

    if len(members) < len(again.devices):  # several classes: the status does not tell them apart
        return shlex.join(("printf", "%s\\n", *(device.id for device in members)))
    names = dict.fromkeys(device.fuota_status or NOT_GIVEN for device in members)
    return found.place.command("devices", found.task.id, *(word for name in names for word in ("--status", name)))


def _content(
    found: Found, progress: Progress, again: Retry, *, summary: str, code: str | None, steps: list[str]
) -> dict[str, Any]:
    task = found.task
    return {
        "place": found.place.as_dict(),
        "task": {"id": task.id, "name": task.name, "arn": task.arn},
        "summary": summary,
        "before": list(again.before),
        "devices": [{"id": each.id, "fuota_status": each.fuota_status} for each in again.devices],
        "left_out": [{"id": each.id, "fuota_status": each.fuota_status} for each in again.left_out],
        "multicast_groups": [
            {"dl_class": dl_class, "device_ids": [each.id for each in members]}
            for dl_class, members in again.by_class.items()
        ],
        "redundancy_percent": again.redundancy_percent,
        "planned_loss_share": again.planned_loss,
        "remarks": list(_of_the_session(progress, again)),
        "snippet": code,
        "next_steps": steps,
    }
