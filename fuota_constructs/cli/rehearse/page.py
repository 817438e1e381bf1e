"""The page of `fuota rehearse --html`: whether it passed, for what and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.cli import page
from fuota_constructs.cli.figures import GOOD, Figure, count, duration, percent
from fuota_constructs.cli.rehearse import charts as rehearse_charts
from fuota_constructs.cli.rehearse.output import image_words, task_words
from fuota_constructs.cli.rehearse.record import End, loss_words
from fuota_constructs.cli.rollout.gate_picture import gates_figure
from fuota_constructs.cli.rollout.report_page import funnel, gates_section, tiles_of, waves_section
from fuota_constructs.cli.status_bars import kinds_of, status_figure
from fuota_constructs.local import gate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fuota_constructs.cli.rehearse.record import Record
    from fuota_constructs.local.outcome import Outcome
    from fuota_constructs.local.task_outcome import DeviceOutcome, TaskOutcome


LEGEND = {"succeeded": "--good", "failed": "--bad"}
MOST_ROWS = 2000
"""More devices than this make a page heavy; failed ones come first."""


def page_of(record: Record) -> str:
    """The whole page, as HTML."""
    outcome = record.outcome
    rehearsed = [task.name for task in outcome.tasks] if outcome else []
    rehearsed += [str(status.rollout) for status in record.rollouts]
    names = ", ".join(rehearsed) or record.request.folder
    title = f"FUOTA rehearsal: {names}"
    lead = _lead(outcome, record.request.require) if outcome else ""
    parts = [page.opening(title, lead, record.about, record.banner)]
    if outcome:
        parts += [page.tiles(_tiles(record, outcome)), _cohorts(outcome, record.request.require)]
        parts += [
            page.listed("causes", "Why, cohort by cohort", _causes(outcome)),
            page.listed("findings", "What the rules say of these stacks", [str(found) for found in record.findings]),
        ]
        parts += [*_pictures(outcome), _tasks(outcome), _devices(outcome)]
    parts += _rollouts(record)
    parts += [
        page.listed("stand-ins", "Made up for it", record.stand_ins),
        page.inputs("record", "This rehearsal", _facts(record)),
        page.again(record.request.command),
    ]
    return page.document(title, filter(None, parts))


def _rollouts(record: Record) -> Iterable[str]:
    """Each rollout: of a single one, and no tasks beside it, the whole fleet first."""
    is_alone = record.outcome is None and len(record.rollouts) == 1
    for number, status in enumerate(record.rollouts, start=0 if is_alone else 1):
        yield from [page.tiles(tiles_of(status))] if is_alone else []
        yield waves_section(status, number)
        yield from [funnel(status)] if is_alone else []
        yield gates_figure(status, number)
        yield gates_section(status, number)


def _lead(outcome: Outcome, require: float) -> str:
    bar = f"{100 * require:.9g} % were required" if require else "nothing was required"
    return (
        f"{count(outcome.succeeded)} of {count(len(outcome.devices))} simulated devices have the image,"
        f" byte for byte, after {duration(outcome.session_seconds)} of session time; {bar}."
    )


def _tiles(record: Record, outcome: Outcome) -> list[Figure]:
    losses = sorted(device.loss for device in outcome.devices if device.loss is not None)
    share = gate.percent(outcome.succeeded, len(outcome.devices))
    verdict = "" if not record.request.require else GOOD if record.end is End.PASSED else "missed"
    tiles = [
        Figure("Success", share, f"of the devices, {100 * record.request.require:.9g} % required", verdict),
        Figure("Session", duration(outcome.session_seconds), "from the first fragment"),
        Figure("Fragments", count(sum(task.fragments_sent for task in outcome.tasks)), "sent, data and coded"),
    ]
    if losses:
        middle = losses[len(losses) // 2]
        tiles.append(Figure("Loss", percent(middle), f"in the middle of the devices; {percent(losses[-1])} at most"))
    return tiles


def _cohorts(outcome: Outcome, require: float) -> str:
    rows = []
    for cohort in outcome.cohorts:
        losses = sorted(
            device.loss for device in outcome.devices if device.cohort == cohort.name and device.loss is not None
        )
        cells = [
            count(cohort.devices),
            f"{count(cohort.succeeded)} ({gate.percent(cohort.succeeded, cohort.devices)})",
            percent(losses[len(losses) // 2]) if losses else "-",
            percent(losses[-1]) if losses else "-",
            cohort.failed or "-",
        ]
        rows.append((cohort.name, cells, cohort.succeeded / cohort.devices < require))
    table = page.table(["cohort", "devices", "have the image", "median loss", "worst loss", "the others"], rows)
    marked = "<p>Marked are those below the bar.</p>" if any(below for *_, below in rows) else ""
    return f'<section id="cohorts"><h2>Cohorts</h2>{table}{marked}</section>' if rows else ""


def _causes(outcome: Outcome) -> list[str]:
    """Each cohort that has a stack or troubles: what it has, then why not all of it have the image."""
    lines = []
    for cohort in outcome.cohorts:
        if cohort.stack is None and not cohort.troubles:
            continue
        said = [f"{devices} of {cohort.devices}: {trouble.cause}" for trouble, devices in cohort.troubles]
        stack = f" ({cohort.stack.replace(',', ', ')})" if cohort.stack else ""  # without blanks it would not wrap
        lines.append(f"{cohort.name}{stack}: {'; '.join(said) or 'nothing to say'}")
    return lines


def _pictures(outcome: Outcome) -> Iterable[str]:
    if outcome.devices:
        total = count(len(outcome.devices))
        yield status_figure(kinds_of(outcome.statuses), f"{total} simulated devices, as they report to the service.")
    for task in outcome.tasks:
        devices = outcome.devices_of(task)
        yield _completion(task, devices)
        yield _loss(task, devices)


def _tasks(outcome: Outcome) -> str:
    figures = []
    for task in outcome.tasks:
        devices = outcome.devices_of(task)
        done = sum(device.has_image for device in devices)
        image = f"{image_words(task)}; {task.image.uri}" if task.image.sha256 else ""
        figures.append(Figure(task.name, f"{count(done)} of {count(len(devices))} devices", task_words(task)))
        figures += [Figure("image", image)] if image else []
    figures += [Figure(name, "nobody can receive it", "no group, no device") for name in outcome.without_target]
    return page.inputs("tasks", "Tasks", figures)


def _facts(record: Record) -> list[Figure]:
    request = record.request
    cohorts = request.fleet.cohorts
    devices = f"{count(request.fleet.devices)} in {len(cohorts)} cohort{'' if len(cohorts) == 1 else 's'}"
    return [
        Figure("App", request.folder),
        Figure("Devices", devices, request.fleet_file or ""),
        Figure("Loss", loss_words([cohort.loss for cohort in cohorts])),
        Figure("Seed", str(request.fleet.seed), "the same seed, the same outcome"),
        Figure("Required", f"{100 * request.require:.9g} %", "of all devices, and of those of each task"),
        Figure("Date", request.at.strftime("%Y-%m-%d %H:%M UTC")),
        Figure("Made with", ", ".join(f"{name} {version}" for name, version in record.versions.items())),
    ]


def _devices(outcome: Outcome) -> str:
    names, several = {task.task_id: task.name for task in outcome.tasks}, len(outcome.tasks) > 1
    apart = sorted(outcome.devices, key=lambda device: device.has_image)
    rows = [
        (
            device.id,
            [
                device.status,
                device.cohort,
                *([names.get(device.task_id or "", "none")] if several else []),
                "-" if device.loss is None else percent(device.loss),
                "-" if device.completed_after_fragments is None else count(device.completed_after_fragments),
            ],
        )
        for device in apart
    ]
    headings = ["device", "status", "cohort", *(["task"] if several else []), "lost", "done after fragments"]
    return page.device_table(headings, rows[:MOST_ROWS], left_out=max(0, len(rows) - MOST_ROWS)) if rows else ""


def _completion(task: TaskOutcome, devices: Sequence[DeviceOutcome]) -> str:
    after = sorted(device.completed_after_fragments for device in devices if device.completed_after_fragments)
    if not after or not task.fragments_total:
        return ""
    data = task.data_fragments or task.fragments_total
    caption = (
        f"{task.name}: the first device was done after {count(after[0])} fragments, half of those that succeeded after"
        f" {count(after[len(after) // 2])}, the last after {count(after[-1])}; {count(task.fragments_total)} were sent."
    )
    pictures = rehearse_charts.completion_chart(devices, task.fragments_total, data)
    return page.figure(f"completion-{task.task_id}", "When devices had the image", pictures, caption)


def _loss(task: TaskOutcome, devices: Sequence[DeviceOutcome]) -> str:
    losses = sorted(device.loss for device in devices if device.loss is not None)
    if not losses:
        return ""
    failed = sum(not device.has_image for device in devices)
    caption = (
        f"{task.name}: devices lost {percent(losses[0])} to {percent(losses[-1])} of the fragments;"
        f" {count(failed)} of {count(len(devices))} failed."
    )
    return page.figure(
        f"loss-{task.task_id}", "Loss against outcome", rehearse_charts.loss_chart(devices), caption, legend=LEGEND
    )
