"""The page of `fuota report --html`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.cli import page
from fuota_constructs.cli.figures import Figure, duration, loss_words, percent
from fuota_constructs.cli.status_bars import share_of, status_figure
from fuota_constructs.cli.task.banner import about_task, banner_of
from fuota_constructs.cli.task.figures import task_lines
from fuota_constructs.operations.device_status import status_named
from fuota_constructs.operations.start import show as moment
from fuota_constructs.operations.verdict import is_delta

if TYPE_CHECKING:
    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict


def page_of(progress: Progress, verdict: Verdict, place: Place, *, stack: str | None, again: str) -> str:
    """The whole page, as HTML."""
    title = f"FUOTA task {progress.task.name or progress.task.id}"
    lead = f"As of {moment(progress.now)} ({place}); the service says {progress.task.status}."
    parts = [
        page.opening(title, lead, about_task(progress, stack), banner_of(progress, verdict, place)),
        page.tiles(_tiles(progress)),
        _groups(progress),
        _picture(progress),
        page.inputs("task", "The task", task_lines(progress)),
        _devices(progress),
        page.again(again),
    ]
    return page.document(title, filter(None, parts))


def _tiles(progress: Progress) -> list[Figure]:
    total = len(progress.devices)
    failed = progress.count_of("failed")
    tiles = [
        Figure(
            "Updated",
            share_of(progress.count_of("updated"), total),
            "the patch arrived" if is_delta(progress) else "reported, not installed",
        ),
        Figure("Failed", share_of(failed, total), "" if failed else "no device reports an error"),
        Figure("No result yet", share_of(progress.count_of("open"), total)),
    ]
    if plan := progress.plan:
        chance = f"{percent(plan.decode_probability)} of devices at {loss_words(plan)} (assumed)"
        remark = plan.cut_off or f"{plan.fragments:,} fragments; {chance}"
        tiles.append(Figure("Plan", duration(plan.duration_seconds), remark, "too long" if plan.cut_off else ""))
    return tiles


def _groups(progress: Progress) -> str:
    rows = [
        (
            str(group),
            [
                "?" if group.devices_in_group is None else f"{group.devices_in_group:,}",
                group.dl_class or "-",
                group.rf_region or "-",
                "-" if group.data_rate is None else f"DR{group.data_rate}",
                group.status or "-",
            ],
            False,
        )
        for group in progress.groups
    ]
    table = page.table(["group", "devices", "class", "region", "rate", "status"], rows)
    return f'<section id="groups"><h2>Multicast groups</h2>{table}</section>' if rows else ""


def _picture(progress: Progress) -> str:
    if not progress.devices:
        said = "<p>The service lists no device for this task.</p>"
        return f'<section id="devices"><h2>Devices by status</h2>{said}</section>'
    total = len(progress.devices)
    rows = [
        (status.name, [share_of(number, total), status.meaning, status.remedy], False)
        for status, number in progress.statuses
    ]
    table = page.table(["status", "devices", "what it means", "what to do"], rows)
    bars = [(status.name, status.kind, number) for status, number in progress.statuses]
    return status_figure(bars, f"{total:,} devices, as the service reports them.", table)


def _devices(progress: Progress) -> str:
    if not progress.devices:
        return ""
    order = {"failed": 0, "open": 1, "updated": 2}
    devices = sorted(progress.devices, key=lambda device: order[status_named(device.fuota_status).kind])
    rows = [
        (str(device), [device.fuota_status or "-", device.dev_eui or "-", device.last_uplink or "-"])
        for device in devices
    ]
    return page.device_table(["device", "status", "DevEUI", "last heard"], rows)
