"""The page of `fuota report --html`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.cli import page
from fuota_constructs.cli.plan.figures import GOOD, Figure, duration, percent
from fuota_constructs.cli.task.figures import share_of, task_lines
from fuota_constructs.operations.start import show as moment
from fuota_constructs.operations.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict

COLOURS = {"updated": "--good", "open": "--muted", "failed": "--bad"}
ROW, BAR, LEFT = 30, 16, {"wide": 250, "narrow": 0}
WIDTHS = {"wide": 720, "narrow": 350}
LABEL = 18


def page_of(progress: Progress, verdict: Verdict, place: Place) -> str:
    """The whole page, as HTML."""
    title = f"FUOTA task {progress.task.name or progress.task.id}"
    read = f"{verdict.outcome}: {verdict.summary}. As of {moment(progress.now)} ({place})."
    parts = [
        f"<h1>{page.text(title)}</h1>",
        f'<p class="lead">{page.text(read)}</p>',
        page.tiles(_tiles(progress, verdict)),
        _listed("causes", "Likely causes", verdict.causes),
        _listed("remedies", "What to do", verdict.remedies, place.commands(verdict.next_steps)),
        _picture(progress),
        page.inputs("task", "The task", task_lines(progress)),
        _devices(progress),
    ]
    return page.document(title, filter(None, parts))


def _tiles(progress: Progress, verdict: Verdict) -> list[Figure]:
    total = len(progress.devices)
    judged = {Outcome.UPDATED: GOOD, Outcome.PARTLY: "not all", Outcome.FAILED: "none"}.get(verdict.outcome, "")
    failed = progress.count_of("failed")
    tiles = [
        Figure("Status", progress.task.status, "done is not success" if verdict.is_final else ""),
        Figure("Updated", share_of(progress.count_of("updated"), total), "reassembled, not installed", judged),
        Figure("Failed", share_of(failed, total), "" if failed else "no device reports an error"),
        Figure("No result yet", share_of(progress.count_of("open"), total)),
    ]
    if plan := progress.plan:
        value = f"{plan.fragments:,} fragments, {duration(plan.duration_seconds)}"
        remark = plan.cut_off or f"{percent(plan.decode_probability)} of devices at {percent(plan.loss)} loss (assumed)"
        tiles.append(Figure("Plan", value, remark, "too long" if plan.cut_off else ""))
    return tiles


def _listed(identity: str, heading: str, lines: Sequence[str], commands: Sequence[str] = ()) -> str:
    items = "".join(f"<li>{page.text(line)}</li>" for line in lines)
    items += "".join(f"<li><code>{page.text(command)}</code></li>" for command in commands)
    return f'<section id="{identity}"><h2>{heading}</h2><ul class="why">{items}</ul></section>' if items else ""


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
    caption = f"{total:,} devices, as the service reports them. Green has the image, red has failed, grey is open."
    drawn = {kind: _bars(progress, kind) for kind in WIDTHS}
    return page.figure("devices", "Devices by status", drawn, caption, table)


def _bars(progress: Progress, kind: str) -> str:
    """A bar a status; on phones its name is above it."""
    width, left = WIDTHS[kind], LEFT[kind]
    above = 0 if left else LABEL
    most = max(number for _, number in progress.statuses)
    room = width - left - 110
    drawn = []
    for row, (status, number) in enumerate(progress.statuses):
        top = row * (ROW + above) + above
        length = max(2.0, room * number / most)
        middle = top + BAR / 2 + 4
        name = (0, top - 5) if above else (0, middle)
        drawn.append(
            f'<text x="{name[0]}" y="{name[1]:g}" fill="var(--ink)">{page.text(status.name)}</text>'
            f'<rect x="{left}" y="{top}" width="{length:.1f}" height="{BAR}" rx="3"'
            f' fill="var({COLOURS[status.kind]})"/>'
            f'<text x="{left + length + 6:.1f}" y="{middle:g}" fill="var(--ink)">'
            f"{page.text(share_of(number, len(progress.devices)))}</text>"
        )
    height = len(drawn) * (ROW + above)
    return f'<svg viewBox="0 0 {width} {height}" font-size="13" font-family="var(--font)">{"".join(drawn)}</svg>'


def _devices(progress: Progress) -> str:
    if not progress.devices:
        return ""
    rows = [
        (str(device), [device.dev_eui or "-", device.fuota_status or "-", device.last_uplink or "-"], False)
        for device in progress.devices
    ]
    table = page.table(["device", "DevEUI", "status", "last heard"], rows)
    return (
        '<section id="each-device"><h2>Every device</h2>'
        f"<details><summary>{len(rows):,} devices</summary>{table}</details></section>"
    )
