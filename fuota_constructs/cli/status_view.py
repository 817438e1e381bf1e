"""What `fuota status` and `fuota preflight` show in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fuota_constructs.cli.task_figures import names_of, share_of, task_lines
from fuota_constructs.operations.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from fuota_constructs.operations.checks import Check
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict

KIND_STYLES = {"updated": "green", "open": "cyan", "failed": "bold red"}
OUTCOME_STYLES = {Outcome.UPDATED: "bold green", Outcome.PARTLY: "bold yellow", Outcome.FAILED: "bold red"}
CHECK_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


def view(progress: Progress, verdict: Verdict, *, all_devices: bool = False) -> RenderableType:
    """The task, its verdict and its devices by status."""
    parts: list[RenderableType] = [
        Text(f"FUOTA task {progress.task}", style="bold"),
        Padding(
            Text.assemble(
                (str(verdict.outcome), OUTCOME_STYLES.get(verdict.outcome, "bold cyan")), f": {verdict.summary}"
            ),
            (0, 0, 1, 2),
        ),
        _lines(progress),
        Text(f"\nDevices ({len(progress.devices):,})", style="bold"),
        Padding(_statuses(progress), (0, 0, 0, 2)),
    ]
    if all_devices:
        parts.append(Padding(_devices(progress), (1, 0, 0, 2)))
    parts += _bullets("Likely cause" if len(verdict.causes) == 1 else "Likely causes", verdict.causes)
    parts += _bullets("What to do", verdict.remedies)
    return Group(*parts)


def checks_view(checks: Iterable[Check]) -> RenderableType:
    """Checks with their remedies, errors first."""
    order = ("error", "warning", "ok")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in sorted(checks, key=lambda check: order.index(check.outcome)):
        said = Text.assemble((f"{check.name}: ", "bold"), check.message)
        if check.remedy:
            said.append(f"\n-> {check.remedy}", style="dim")
        table.add_row(Text(check.outcome, style=CHECK_STYLES[check.outcome]), said)
    return Padding(table, (0, 0, 0, 2))


def _lines(progress: Progress) -> Padding:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    for line in task_lines(progress):
        said = Text(line.value)
        if line.remark:
            said.append(f"  {line.remark}", style="dim")
        table.add_row(line.name, said)
    return Padding(table, (0, 0, 0, 2))


def _statuses(progress: Progress) -> RenderableType:
    if not progress.devices:
        return Text("none: the service lists no device for this task")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("status", no_wrap=True)
    table.add_column("devices", justify="right", no_wrap=True)
    table.add_column("what it means, and what to do", overflow="fold")
    for status, number in progress.statuses:
        said = Text(status.meaning)
        if status.remedy:
            said.append(f"\n-> {status.remedy}", style="dim")
        if status.kind == "failed":
            said.append(f"\n{names_of(progress.devices, status.name)}", style="dim")
        share = share_of(number, len(progress.devices))
        table.add_row(Text(status.name, style=KIND_STYLES[status.kind]), share, said)
    return table


def _devices(progress: Progress) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("device", "DevEUI", "status", "last heard"):
        table.add_column(heading, overflow="fold")
    for device in progress.devices:
        cells = (str(device), device.dev_eui, device.fuota_status, device.last_uplink)
        table.add_row(*(Text(cell or "-") for cell in cells))
    return table


def _bullets(title: str, lines: tuple[str, ...]) -> list[RenderableType]:
    if not lines:
        return []
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row("-", Text(line))
    return [Text(f"\n{title}", style="bold"), Padding(table, (0, 0, 0, 2))]
