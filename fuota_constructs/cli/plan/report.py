"""The report of `fuota plan` in the terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fuota_constructs.cli.about import made
from fuota_constructs.cli.banner_view import show_banner
from fuota_constructs.cli.figures import GOOD, Figure, count, duration, energy
from fuota_constructs.cli.plan import delta
from fuota_constructs.cli.plan.figures import figures_of, inputs_of, session_words
from fuota_constructs.cli.plan.verdict import verdict_of
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from fuota_constructs.cli.plan.findings import Findings
    from fuota_constructs.cli.plan.inputs import Planned
    from fuota_constructs.cli.repeatable import Typed
    from fuota_constructs.lorawan.recommendation import Option, Recommendation

NARROW, NARROWEST = 74, 56
HEADINGS = ("bytes", "every", "redund.", "fragm.", "lasts", "energy")
STYLES = {"error": "bold red", "warning": "yellow"}


def show(
    result: Planned,
    console: Console,
    typed: Typed,
    *,
    best: Recommendation | None = None,
    choices: tuple[Option, ...] = (),
    whole: Planned | None = None,
) -> None:
    """Print the verdict, inputs, figures and findings, and the recommendation where there is one to make."""
    said = verdict_of(result).banner
    # The findings are on the same screen, in full.
    show_banner(replace(said, causes=()), console, about=[*session_words(result), *made(typed.at)])
    console.print(Text(f"do it again: {visible(typed.command)}", style="dim"), soft_wrap=True)
    _heading("Session", console)
    narrow = console.width < NARROW
    console.print(_lines(inputs_of(result), narrow=narrow))
    if result.plan:
        _heading("What it costs, and whether it works", console)
        console.print(_lines(figures_of(result, result.plan), narrow=narrow))
    if whole:
        _heading(delta.TITLE, console)
        console.print(_beside(result, whole, width=console.width))
        _bullets(delta.remarks_of(result, whole), console)
    _show_findings(result.findings, console)
    if choices:
        _heading("Best of each data rate", console)
        console.print(_comparison(choices, best, width=console.width))
        _show_recommendation(result, best, choices, console)


def _heading(title: str, console: Console) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _lines(figures: list[Figure], *, narrow: bool) -> Padding:
    """Name, value and remark; on a narrow screen the remark goes on where the value ends, so that neither is cut."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="cyan")
    if not narrow:
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for figure in figures:
        remark = Text()
        if figure.verdict:
            remark.append(figure.verdict, style="green" if figure.verdict == GOOD else "bold red")
            remark.append(": " if figure.remark else "")
        remark.append(figure.remark, style="dim")
        value = Text(figure.value)
        cells = (Text("  ").join([value, remark]) if remark else value,) if narrow else (value, remark)
        table.add_row(figure.name, *cells)
    return Padding(table, (0, 0, 0, 2))


def _show_findings(findings: Findings, console: Console) -> None:
    _heading("Findings", console)
    if not findings:
        console.print("  none: no rule has anything to say")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for rule, level, message in findings:
        table.add_row(Text(level, style=STYLES[level]), Text.assemble((f"{rule}: ", "bold"), message))
    if findings:
        console.print(Padding(table, (0, 0, 0, 2)))


def _beside(result: Planned, whole: Planned, *, width: int) -> Padding:
    left_out = {delta.HEADINGS.index("airtime")} if width < NARROW else set()
    if width < NARROWEST:
        left_out |= {delta.HEADINGS.index(heading) for heading in ("rate", "fragm.", "energy")}
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for place, heading in enumerate(delta.HEADINGS):
        if place not in left_out:
            table.add_column(heading, justify="right" if place else "left", no_wrap=bool(heading))
    for row in delta.rows_of(result, whole):
        cells = [cell for place, cell in enumerate((row.name, *row.cells)) if place not in left_out]
        table.add_row(*(Text(cell, style="bold" if row.sent else "") for cell in cells))
    return Padding(table, (0, 0, 0, 2))


def _comparison(choices: tuple[Option, ...], best: Recommendation | None, *, width: int) -> Padding:
    headings: tuple[str, ...] = HEADINGS if width >= NARROW else ("bytes", "every", "redund.", "lasts")
    if width < NARROWEST:
        headings = ("bytes", "lasts")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for option in choices:
        plan = option.plan
        chosen = best is not None and best.plan.data_rate == option.data_rate.index
        figures = dict.fromkeys(headings, "-")
        if plan:
            values = [
                str(plan.fragment_bytes),
                f"{plan.interval_seconds} s",
                f"{plan.redundancy_percent} %",
                count(plan.fragments),
                duration(plan.duration_seconds),
                energy(plan),
            ]
            figures = {name: value for name, value in zip(HEADINGS, values, strict=True) if name in headings}
        remark = "recommended" if chosen else "does not fit" if option.obstacle else "fits"
        style = "bold green" if chosen else "dim" if option.obstacle else ""
        table.add_row(*(Text(cell, style=style) for cell in (f"DR{option.data_rate.index}", *figures.values(), remark)))
    return Padding(table, (0, 0, 0, 2))


def _show_recommendation(
    result: Planned, best: Recommendation | None, choices: tuple[Option, ...], console: Console
) -> None:
    obstacles = [f"DR{option.data_rate.index}: {option.obstacle}" for option in choices if option.obstacle]
    if best is None:
        _heading(
            "Nothing fits" if all(option.obstacle for option in choices) else "That data rate does not fit", console
        )
        _bullets([*obstacles, "try a smaller (delta) image, less loss, a lower target, or another data rate"], console)
        return
    _heading("Recommended", console)
    _bullets(best.why, console)
    console.print()
    # To be pasted: no indent, no padding, and the terminal does the wrapping.
    console.print(Text(delta.snippet_of(result, best)), soft_wrap=True)


def _bullets(lines: Sequence[str], console: Console) -> None:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row("-", Text(line))
    console.print(Padding(table, (0, 0, 0, 2)))
