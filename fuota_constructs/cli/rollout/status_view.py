"""What `fuota rollout status` shows in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fuota_constructs.cli.banner_view import headline, show_banner
from fuota_constructs.cli.rollout.banner import about_rollout, banner_of, summary_of
from fuota_constructs.cli.task.status_view import print_commands
from fuota_constructs.operations.rollout_next import next_of
from fuota_constructs.operations.rollout_waves import ABORTED, INCONCLUSIVE, PASSED, PENDING, RUNNING, SKIPPED
from fuota_constructs.operations.start import show as moment
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from fuota_constructs.cli.rollout.access import FoundRollout
    from fuota_constructs.cli.task.status_view import Room
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollout_waves import WaveStatus

STYLES = {
    PASSED: "green",
    INCONCLUSIVE: "yellow",
    ABORTED: "bold red",
    SKIPPED: "yellow",
    PENDING: "dim",
    RUNNING: "cyan",
}
FIXED_LINES = 6
HUNDRED, NEAR_PERCENT, HIGHEST_SHOWN = 100, 99, 99.9
APPLIED_CELL = 5
"""The place of `applied` in the cells of a wave."""

WIDE = 80
LEFT_OUT = {72: ("tried", "silent", "sent"), 52: ("proven",), 44: ("devices",)}
"""What has no room in the table of waves on a terminal of fewer columns."""


def show(status: RolloutStatus, found: FoundRollout, console: Console) -> None:
    """Print the rollout, its waves, and what happens next."""
    banner = banner_of(status, found)
    console.print(Text(f"Rollout {status.rollout} ({found.place})", style="bold"))
    show_banner(banner, console, about=about_rollout(status))
    console.print()
    console.print(waves_table(status, console.width))
    for wave in status.waves:
        if wave.reason or wave.decisions or wave.already:
            console.print(Padding(_said(wave), (0, 0, 0, 2)))
    console.print(Text("\nWhat happens next", style="bold"))
    console.print(Padding(Text(visible(next_line(status))), (0, 0, 0, 2)))
    if status.said:
        console.print(Padding(Text(visible(word_line(status.said)), style="dim"), (0, 0, 0, 2)))
    if banner.commands:
        console.print(Text("\nWhat to do", style="bold"))
        print_commands(banner.commands, console)


def next_line(status: RolloutStatus) -> str:
    """What happens next, and when."""
    text, at = next_of(status)
    return f"{text} ({moment(at)})" if at else text


def word_line(said: dict[str, str]) -> str:
    """Who said what, and when."""
    return f"{said['word']} was said by {said['who'] or 'somebody'} {said['when']}".rstrip()


def waves_table(status: RolloutStatus, width: int = WIDE) -> Table:
    """A row a wave, in the columns of the terminal: of 80 the redundancy is left to the page, of fewer what leads to
    the figures of the devices."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("wave", overflow="fold")
    table.add_column("outcome", no_wrap=True)
    headings = ("devices", "tried", "have it", "run it", "failed", "silent", "proven", "sent")
    left_out = {heading for below, hidden in LEFT_OUT.items() if width < below for heading in hidden}
    if not status.settings.get("applied"):
        left_out.add("run it")
    for heading in headings:
        if heading not in left_out:
            table.add_column(heading, justify="right", no_wrap=True)
    for wave in status.waves:
        name, outcome, *figures, _ = cells(wave)
        row = [cell for heading, cell in zip(headings, figures, strict=True) if heading not in left_out]
        table.add_row(*map(Text, (name, outcome, *row)), style=STYLES.get(wave.outcome, ""))
    return table


def shown_cells(row: Sequence[str], status: RolloutStatus) -> list[str]:
    """A row, or its headings, without the cell about versions where none is asked for."""
    return [cell for place, cell in enumerate(row) if place != APPLIED_CELL or status.settings.get("applied")]


def cells(wave: WaveStatus) -> list[str]:
    """A wave in a row; nothing is shown of what there is not yet."""
    targets = "" if wave.targets is None else f"{wave.targets:,}"
    if not wave.attempts:
        return [visible(wave.name), wave.outcome, targets, *[""] * 8]
    counts = (wave.attempted, wave.delivered, wave.applied, wave.failed, wave.silent)
    proven = bounds(wave) if wave.gates else ""
    redundancy = f"{wave.redundancy_percent} %"
    shown = (
        ["" if count is None else f"{count:,}" for count in counts] if wave.devices_by_status else [""] * len(counts)
    )
    return [visible(wave.name), wave.outcome, targets, *shown, proven, str(wave.attempts), redundancy]


def bounds(wave: WaveStatus) -> str:
    """Between which shares the devices with the image are; what is near all or none of them is told finer."""
    return f"{_share(wave.lower_bound)} to {_share(wave.upper_bound)} %"


def _share(bound: float) -> str:
    percent = 100 * bound
    if NEAR_PERCENT <= percent < HUNDRED or 0 < percent <= HUNDRED - NEAR_PERCENT:
        return f"{min(HIGHEST_SHOWN, max(HUNDRED - HIGHEST_SHOWN, percent)):.1f}"
    return f"{percent:.0f}"


def _said(wave: WaveStatus) -> Text:
    lines = [f"{visible(wave.name)}: {visible(wave.reason)}"] if wave.reason else []
    lines += [f"{visible(wave.name)}: {visible(line)}" for line in not_sent(wave)]
    lines += [f"{visible(wave.name)}: {visible(word_line(each))}" for each in wave.decisions]
    return Text("\n".join(lines), style="dim")


def not_sent(wave: WaveStatus) -> list[str]:
    """Whom nothing was sent and why, as far as it was found before the session; and what could not be told then."""
    had = f"{wave.already:,} of its devices had the version already: not attempted"
    told = [had] if wave.already and not wave.is_needless else []
    return told + list(dict.fromkeys(text for gate in wave.gates for text in gate.get("checked") or ()))


def compact_view(status: RolloutStatus, found: FoundRollout, *, room: Room) -> RenderableType:
    """The same in so little room: the waves that fit, the one under way among them."""
    banner = banner_of(status, found)
    most = max(1, room.rows - FIXED_LINES)
    first = max(0, min(status.wave_number - most // 2, len(status.waves) - most))
    lines: list[Text] = []
    for wave in status.waves[first : first + most]:
        targets = "?" if wave.targets is None else f"{wave.targets:,}"
        of = f"{wave.successful:,} of {targets}" if wave.attempts else targets
        lines.append(Text(f"  {visible(wave.name)}  {wave.outcome}  {of}", style=STYLES.get(wave.outcome, "")))
    parts = [
        Text(f"Rollout {status.rollout}", style="bold"),
        headline(banner),
        *lines,
        Text(visible(f"next: {next_line(status)}")),
        Text(f"at {status.now:%H:%M:%S} UTC; Ctrl-C leaves", style="dim"),
    ]
    for part in parts:
        part.no_wrap, part.overflow = True, "ellipsis"
    return Group(*parts)


def news_of(status: RolloutStatus) -> str:
    """A line for a log; the same while nothing changes."""
    why = f": {status.reason}" if status.reason else ""
    return visible(f"{summary_of(status)}{why}")
