"""The pictures of `fuota plan --html`: inline SVG whose colours are variables of the page, for light and dark."""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator

from fuota_constructs.cli.plan_figures import duration, percent
from fuota_constructs.cli.plan_series import SETUP_SECONDS, LossCurve, SizeCurve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from fuota_constructs.lorawan.session_plan import SessionPlan

# Colours matplotlib draws with, and the variables of the page that take their place in the SVG.
_INK, _MUTED, _GRID, _PAPER, _PLANNED, _LIMIT = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
_SERIES: Final = tuple(f"#0707{step:02x}" for step in range(8))
_VARIABLES: Final = {
    _INK: "--ink",
    _MUTED: "--muted",
    _GRID: "--grid",
    _PAPER: "--paper",
    _PLANNED: "--planned",
    _LIMIT: "--limit",
    **{colour: f"--series-{step}" for step, colour in enumerate(_SERIES)},
}
_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "font.size": 11,
    "text.color": _INK,
    "axes.labelcolor": _MUTED,
    "axes.edgecolor": _GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": _GRID,
    "grid.linewidth": 0.7,
    "axes.grid": True,
    "lines.solid_capstyle": "round",
}
WIDTHS: Final = {"wide": 720, "narrow": 350}
"""Widths in CSS pixels, one for desktops and one for phones, so that the text is of a readable size on both."""

NINES: Final = 4
"""The highest nines that are drawn: 99.99 %."""

_TIMES: Final = {10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36_000: "10 h", 360_000: "100 h", 3_600_000: "1000 h"}


def loss_chart(curves: Sequence[LossCurve], plan: SessionPlan, target: float) -> dict[str, str]:
    """Success against loss, one line a redundancy; the planned one is thick, the planned loss marked."""

    def draw(figure: Figure, width: int) -> None:
        axes = figure.subplots()
        last = curves[0].points[-1][0] * 100
        axes.set(xlim=(0, last), ylim=(0, NINES + 0.1), xlabel="share of fragments lost", ylabel="devices updated")
        axes.yaxis.set(
            major_locator=FixedLocator([0, -math.log10(0.5), 1, 2, 3, NINES]),
            major_formatter=FixedFormatter(["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]),
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axes.axvline(plan.loss * 100, color=_LIMIT, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.axhline(min(NINES, _nines(target)), color=_LIMIT, linewidth=1.2, linestyle=(0, (1, 2)))
        for step, curve in enumerate(curves):
            colour = _PLANNED if curve.planned else _SERIES[step]
            losses = [loss * 100 for loss, _ in curve.points]
            nines = [_nines(chance) for _, chance in curve.points]
            axes.plot(losses, nines, color=colour, linewidth=3 if curve.planned else 1.6, zorder=4 if curve.planned else 3)
            _label_at_half(axes, losses, nines, f"{curve.redundancy_percent} %", colour, bold=curve.planned)
        here = min(NINES, _nines(plan.decode_probability))
        axes.plot([plan.loss * 100], [here], "o", color=_PLANNED, markersize=8, zorder=5, clip_on=False)

    return _pictures("loss", draw, {"wide": 380, "narrow": 330})


def size_chart(curves: Sequence[SizeCurve], plan: SessionPlan) -> dict[str, str]:
    """Duration and receive charge against fragment size, one line a data rate; the plan is marked."""
    windows = [plan.service_window_seconds, *([plan.device_window_seconds] if plan.device_window_seconds else [])]

    def draw(figure: Figure, width: int) -> None:
        lasts, charge = figure.subplots(2, 1, sharex=True)
        for step, curve in enumerate(curves):
            sizes, seconds, spent = zip(*curve.points, strict=True)
            for axes, values in ((lasts, seconds), (charge, spent)):
                axes.plot(sizes, values, color=_SERIES[step], linewidth=1.6)
        room = 1.12 if width > WIDTHS["narrow"] else 1.24
        largest = max(curve.points[-1][0] for curve in curves)
        for axes, column, planned in (
            (lasts, 1, plan.duration_seconds),
            (charge, 2, plan.receive_milliampere_hours),
        ):
            axes.set(yscale="log", xlim=(0, largest * room))
            values = [point[column] for curve in curves for point in curve.points]
            axes.set_ylim(min([*values, planned]) / 1.6, max([*values, planned]) * 1.6)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.plot([plan.fragment_bytes], [planned], "o", color=_PLANNED, markersize=8, zorder=5)
            _label_ends(axes, curves, column)
        lasts.yaxis.set(major_locator=FixedLocator(list(_TIMES)), major_formatter=FixedFormatter(list(_TIMES.values())))
        charge.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        lasts.set_ylabel("session duration")
        charge.set(ylabel="receive charge, mAh", xlabel="fragment size, bytes")
        for window in windows:
            lasts.axhline(window, color=_LIMIT, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)

    return _pictures("size", draw, {"wide": 560, "narrow": 560})


def timeline_chart(plan: SessionPlan) -> dict[str, str]:
    """When what is sent: the lead for the set-up, data fragments, coded fragments, and the windows as lines."""
    data = plan.data_fragments * plan.interval_seconds
    bars = [
        ("set-up", -SETUP_SECONDS, SETUP_SECONDS, _MUTED),
        (f"{plan.data_fragments:,} data", 0, data, _SERIES[1]),
        (f"{plan.coded_fragments:,} coded", data, plan.duration_seconds - data, _PLANNED),
    ]
    ends = {"device": plan.device_window_seconds, "service": plan.service_window_seconds}
    seen = {name: end for name, end in ends.items() if end and end <= WINDOW_REACH * max(plan.duration_seconds, 1800)}
    last = max([plan.duration_seconds, *seen.values()])

    def draw(figure: Figure, width: int) -> None:
        axes = figure.subplots()
        unit, name = (3600, "hours") if last > 2 * 3600 else (60, "minutes")
        axes.set(xlim=(-SETUP_SECONDS * 1.05 / unit, last * 1.04 / unit), ylim=(2.6, -0.95))
        axes.set_xlabel(f"{name} after the first fragment")
        axes.yaxis.set(major_locator=FixedLocator([0, 1, 2]), major_formatter=FixedFormatter([bar[0] for bar in bars]))
        axes.grid(visible=False, axis="y")
        for row, (_, start, length, colour) in enumerate(bars):
            axes.barh(row, length / unit, left=start / unit, height=0.5, color=colour, zorder=3)
            middle = (start + length / 2) / unit > last / unit / 2
            axes.annotate(
                duration(length),
                ((start if middle else start + length) / unit, row),
                xytext=(-5 if middle else 5, 0),
                textcoords="offset points",
                ha="right" if middle else "left",
                va="center",
                bbox={"facecolor": _PAPER, "edgecolor": "none", "pad": 1},
                zorder=4,
            )
        for who, end in seen.items():
            axes.axvline(end / unit, color=_LIMIT, linewidth=1.4, linestyle=(0, (4, 3)), zorder=2)
            axes.annotate(
                f"{who} {duration(end)}",
                (end / unit, -0.7),
                xytext=(-5, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=_LIMIT,
            )

    return _pictures("timeline", draw, {"wide": 210, "narrow": 220})


WINDOW_REACH: Final = 2.6
"""Windows that end later than so many times the session are left out of the picture."""


def _nines(chance: float) -> float:
    """0 for never, 1 for 90 %, 2 for 99 %, ...; as much as is drawn at most."""
    return NINES if chance >= 1 - 10**-NINES else -math.log10(1 - chance)


def _label_at_half(
    axes: Axes, losses: list[float], nines: list[float], text: str, colour: str, *, bold: bool
) -> None:
    """Write beside a falling line where it passes a height, so that the labels of steep lines do not meet."""
    height = 0.55
    for left, right, above, below in zip(losses, losses[1:], nines, nines[1:], strict=False):
        if above >= height > below:
            at = left + (right - left) * (above - height) / (above - below)
            weight = "bold" if bold else "normal"
            axes.annotate(
                text, (at, height), xytext=(4, 1), textcoords="offset points", color=colour, weight=weight, zorder=6
            )
            return
    axes.annotate(
        text, (losses[-1], max(nines[-1], 0.1)), xytext=(-4, 4), textcoords="offset points", color=colour, ha="right"
    )


def _label_ends(axes: Axes, curves: Sequence[SizeCurve], column: int) -> None:
    """Name each line at its right end; names that would meet are moved apart, alike lines share one."""
    low, high = (math.log10(limit) for limit in axes.get_ylim())
    gap = (high - low) * 0.075
    ends: dict[int, list[tuple[float, list[int], str]]] = {}
    for step, curve in enumerate(curves):
        size, value = curve.points[-1][0], math.log10(curve.points[-1][column])
        here = ends.setdefault(size, [])
        if here and abs(here[-1][0] - value) < gap / 20:
            here[-1][1].append(curve.data_rate.index)
        else:
            here.append((value, [curve.data_rate.index], _SERIES[step]))
    for size, labels in ends.items():
        floor = -math.inf
        for value, rates, colour in sorted(labels):
            floor = max(value, floor + gap)
            name = f"DR{rates[0]}" if len(rates) == 1 else f"DR{rates[0]}-{rates[-1]}"
            axes.annotate(
                name,
                (size, 10**floor),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                bbox={"facecolor": _PAPER, "edgecolor": "none", "pad": 0.5},
                zorder=4,
            )


def _pictures(name: str, draw: Any, heights: dict[str, int]) -> dict[str, str]:
    pictures = {}
    for kind, width in WIDTHS.items():
        with mpl.rc_context({**_STYLE, "svg.hashsalt": f"fuota {name} {kind}"}):
            figure = Figure(figsize=(width / 72, heights[kind] / 72), layout="constrained")
            figure.patch.set_visible(False)
            draw(figure, width)
            for axes in figure.axes:
                axes.patch.set_visible(False)
            svg = io.StringIO()
            figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        pictures[kind] = _for_the_page(svg.getvalue(), f"{name}-{kind}")
    return pictures


def _for_the_page(svg: str, name: str) -> str:
    """Ids apart from those of the other pictures, colours by variable, the page's font, no size of its own."""
    svg = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"|(<svg[^>]*?)', r"\1\2", svg, count=1)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: var(--font)", svg)
    svg = re.sub(r' xmlns(?::xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg.strip()
