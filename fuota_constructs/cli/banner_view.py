"""The banner in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fuota_constructs.cli.level import Level
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from fuota_constructs.cli.banner import Banner

STYLES: Final = {
    Level.PASSED: "bold green",
    Level.WARNING: "bold yellow",
    Level.FAILED: "bold red",
    Level.OPEN: "bold cyan",
}


def headline(banner: Banner) -> Text:
    """Its sentence."""
    return Text(visible(banner.headline), style=STYLES[banner.level])


def show_banner(banner: Banner, console: Console, *, about: Sequence[str] = ()) -> None:
    """Print it, and in a line what it is about."""
    console.print(headline(banner))
    lines = [("-", line) for line in banner.shown(banner.causes)]
    lines += [("->", line) for line in banner.shown(banner.remedies)]
    if lines:
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True, justify="right")
        table.add_column(overflow="fold")
        for mark, line in lines:
            table.add_row(mark, Text(visible(line)))
        console.print(Padding(table, (0, 0, 0, 2)))
    if about:
        console.print(Text(visible(", ".join(about)), style="dim"))
