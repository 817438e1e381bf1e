"""The page of `fuota rehearse --html`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fuota_constructs.cli import page, rehearse_charts
from fuota_constructs.cli.plan_figures import GOOD, Figure, count, duration, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.local.rehearsal import DeviceOutcome, Outcome, TaskProgress


def page_of(outcome: Outcome) -> str:
    """The whole page, as HTML."""
    names = ", ".join(task.name for task in outcome.tasks)
    title = f"FUOTA rehearsal: {names}"
    parts = [f"<h1>{escape(title)}</h1>", _lead(outcome), page.tiles(_tiles(outcome)), _problems(outcome)]
    if outcome.devices:
        parts.append(
            page.figure(
                "statuses",
                "Devices by status",
                rehearse_charts.status_chart(outcome),
                ". ".join(f"{status}: {count(number)}" for status, number in outcome.statuses.items()) + ".",
            )
        )
    for task in outcome.tasks:
        devices = [device for device in outcome.devices if device.task_id == task.task_id]
        parts += [_completion(task, devices), _loss(task, devices)]
    return page.document(title, filter(None, parts))


def _lead(outcome: Outcome) -> str:
    successful = outcome.statuses.get("Successful", 0)
    return (
        f'<p class="lead">{count(successful)} of {count(len(outcome.devices))} simulated devices have the image,'
        f" byte for byte, after {duration(outcome.session_seconds)} of session time.</p>"
    )


def _tiles(outcome: Outcome) -> list[Figure]:
    losses = sorted(device.loss for device in outcome.devices if device.loss is not None)
    verdict = GOOD if outcome.success_ratio == 1 else ""
    tiles = [
        Figure("Success", f"{100 * outcome.success_ratio:.4g} %", "of the devices", verdict),
        Figure("Session", duration(outcome.session_seconds), "from the first fragment"),
        Figure("Fragments", count(sum(task.fragments_sent for task in outcome.tasks)), "sent, data and coded"),
    ]
    if losses:
        tiles.append(
            Figure("Loss", percent(losses[len(losses) // 2]), f"up to {percent(losses[-1])} at one device, median left")
        )
    return tiles


def _problems(outcome: Outcome) -> str:
    items = [
        f"<li class=error>{escape(task.name)}<p>{escape(task.problem)}</p></li>"
        for task in outcome.tasks
        if task.problem
    ]
    return (
        f'<section id="findings"><h2>What went wrong</h2><ul class="findings">{"".join(items)}</ul></section>'
        if items
        else ""
    )


def _completion(task: TaskProgress, devices: Sequence[DeviceOutcome]) -> str:
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


def _loss(task: TaskProgress, devices: Sequence[DeviceOutcome]) -> str:
    losses = sorted(device.loss for device in devices if device.loss is not None)
    if not losses:
        return ""
    failed = sum(device.status != "Successful" for device in devices)
    caption = (
        f"{task.name}: devices lost {percent(losses[0])} to {percent(losses[-1])} of the fragments;"
        f" {count(failed)} of {count(len(devices))} failed."
    )
    return page.figure(f"loss-{task.task_id}", "Loss against outcome", rehearse_charts.loss_chart(devices), caption)
