"""What `fuota status` and `fuota preflight` show in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.console import Group
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fuota_constructs.cli.banner_view import headline, show_banner
from fuota_constructs.cli.figures import duration
from fuota_constructs.cli.status_bars import share_of
from fuota_constructs.cli.task.banner import about_task, banner_of
from fuota_constructs.cli.task.figures import names_of, task_lines, time_left, time_share
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.checks import Check
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict

KIND_STYLES = {"updated": "green", "open": "cyan", "failed": "bold red"}
CHECK_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}
BAR, BAR_LEFT = "\u2501", "\u2500"
WIDEST_BAR, NARROWEST_BAR, TIME_BAR = 30, 5, 10
FEWEST_ROWS = 4
MARGIN = 4
"""Columns left free at the right of what is drawn in place: terminals write ^C behind it, which must not wrap."""


def show(progress: Progress, verdict: Verdict, place: Place, console: Console, *, all_devices: bool = False) -> None:
    """Print the task, its verdict and its devices by status, and what to type next."""
    console.print(_heading(f"FUOTA task {progress.task} ({place})"))
    show_banner(banner_of(progress, verdict, place), console, about=about_task(progress, None))
    console.print()
    console.print(_lines(progress))
    console.print(_heading(f"\nDevices ({len(progress.devices):,})"))
    console.print(Padding(_statuses(progress, console.width - 2), (0, 0, 0, 2)))
    if all_devices:
        console.print(Padding(_devices(progress), (1, 0, 0, 2)))
    commands = place.commands(verdict.next_steps)
    if commands:
        console.print(_heading("\nWhat to do"))
    print_commands(commands, console)


def print_commands(commands: Iterable[str], console: Console) -> None:
    """Print commands, each in one piece: a line that we broke could not be pasted."""
    for command in commands:
        console.print(Text(f"  {command}"), soft_wrap=True)


class Room(NamedTuple):
    """How much a terminal shows at once."""

    columns: int
    rows: int


def compact_view(
    progress: Progress, verdict: Verdict, place: Place, *, room: Room, unchanged_seconds: float, every: float
) -> RenderableType:
    """The same in so little room, with no line that wraps; the counts come first and are never cut."""
    task = progress.task
    head = [
        _heading(f"FUOTA task {visible(task.name or task.id)}"),
        headline(banner_of(progress, verdict, place)),
        Text(f"{place}: {visible(task.status)}"),
    ]
    if (time := _time_line(progress)) is not None:
        head.append(time)
    since = f", the same for {duration(unchanged_seconds)}" if unchanged_seconds >= every else ""
    foot = [Text(f"at {progress.now:%H:%M:%S} UTC{since}; Ctrl-C leaves", style="dim")]
    rows, bars = max(room.rows, FEWEST_ROWS), _bars(progress, room.columns - MARGIN)
    head = head[: max(1, rows - len(foot) - min(len(bars), rows // 2))]
    left = rows - len(head) - len(foot)
    if len(bars) > left:
        more = f"{len(bars) - left + 1} more statuses: the screen is too small for them"
        bars = [*bars[: left - 1], Text(more, style="dim")]
    lines = [*head, *bars, *foot]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return Constrain(Group(*lines), room.columns - MARGIN)


def checks_view(checks: Iterable[Check]) -> RenderableType:
    """Checks with their remedies, errors first."""
    order = ("error", "warning", "ok")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in sorted(checks, key=lambda check: order.index(check.outcome)):
        said = Text.assemble((f"{visible(check.name)}: ", "bold"), visible(check.message))
        if check.remedy:
            said.append(f"\n-> {visible(check.remedy)}", style="dim")
        table.add_row(Text(check.outcome, style=CHECK_STYLES[check.outcome]), said)
    return Padding(table, (0, 0, 0, 2))


def _heading(text: str) -> Text:
    return Text(text, style="bold")


def _time_line(progress: Progress) -> Text | None:
    share = time_share(progress)
    if share is None:
        return None
    done = round(share * TIME_BAR)
    left = f" {share:.0%}, {time_left(progress, short=True)} left"
    return Text.assemble((BAR * done, "cyan"), (BAR_LEFT * (TIME_BAR - done), "dim"), left)


def _bars(progress: Progress, columns: int) -> list[Text]:
    total = len(progress.devices)
    if not total:
        return [Text("no devices")]
    shares = [share_of(number, total) for _, number in progress.statuses]
    width, names = max(map(len, shares)), max(len(visible(status.name)) for status, _ in progress.statuses)
    room = min(WIDEST_BAR, max(NARROWEST_BAR, columns - width - names - 4))
    lines = []
    for (status, number), share in zip(progress.statuses, shares, strict=True):
        style = KIND_STYLES[status.kind]
        bar = BAR * max(1, round(room * number / total))
        lines.append(Text.assemble(f"{share:>{width}}  ", (f"{visible(status.name):<{names}}  {bar}", style)))
    return lines


def _lines(progress: Progress) -> Padding:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(overflow="fold")
    for line in task_lines(progress):
        said = Text(visible(line.value))
        if line.remark:
            said.append(f"  {visible(line.remark)}", style="dim")
        table.add_row(line.name, said)
    return Padding(table, (0, 0, 0, 2))


def _statuses(progress: Progress, columns: int) -> RenderableType:
    """A line a status with its count, and below it what it means: as it fits into any width."""
    if not progress.devices:
        return Text("none: the service lists no device for this task")
    parts: list[RenderableType] = []
    for line, (status, _) in zip(_bars(progress, columns), progress.statuses, strict=True):
        line.no_wrap, line.overflow = True, "ellipsis"
        said = Text(visible(status.meaning))
        if status.remedy:
            said.append(f"\n-> {visible(status.remedy)}", style="dim")
        if status.kind == "failed":
            said.append(f"\n{names_of(progress.devices, status.name)}", style="dim")
        parts += [line, Padding(said, (0, 0, 0, 4))]
    return Group(*parts)


def _devices(progress: Progress) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("device", "DevEUI", "status", "last heard"):
        table.add_column(heading, overflow="fold")
    for device in progress.devices:
        cells = (str(device), device.dev_eui, device.fuota_status, device.last_uplink)
        table.add_row(*(Text(visible(cell or "-")) for cell in cells))
    return table
