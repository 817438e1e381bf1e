"""The pictures of `fuota plan --html`: inline SVG whose colours are variables of the page, for light and dark."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator

from fuota_constructs.cli.figures import duration
from fuota_constructs.cli.plan.series import NINES, SETUP_SECONDS, LossCurve, SizeCurve, nines
from fuota_constructs.cli.svg_pictures import (
    BEHIND_TEXT,
    LIMIT,
    MUTED,
    PLANNED,
    SERIES,
    WIDTHS,
    pictures,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fuota_constructs.lorawan.session_plan import SessionPlan

_TIMES: Final = (1, 10, 60, 600, 3600, 36_000, 360_000, 3_600_000)
_CLOSE_TIMES: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18_000, 36_000, 72_000, 180_000, 360_000)
_CHARGES: Final = tuple(10**power for power in range(-4, 5))
_CLOSE_CHARGES: Final = tuple(step * charge for charge in _CHARGES for step in (1, 2, 5))


def loss_chart(curves: Sequence[LossCurve], plan: SessionPlan, target: float) -> dict[str, str]:
    """Success against loss, one line a redundancy; the planned one is thick, the planned loss marked."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        last = curves[0].points[-1][0] * 100
        axes.set(xlim=(0, last), ylim=(0, NINES + 0.1), xlabel="share of fragments lost", ylabel="devices updated")
        axes.yaxis.set(
            major_locator=FixedLocator([0, -math.log10(0.5), 1, 2, 3, NINES]),
            major_formatter=FixedFormatter(["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]),
        )
        axes.locator_params(axis="x", nbins=6 if figure.get_figwidth() < WIDTHS["wide"] / 72 else 10)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axes.axvline(plan.loss * 100, color=LIMIT, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.axhline(min(NINES, nines(target)), color=LIMIT, linewidth=1.2, linestyle=(0, (1, 2)))
        for step, curve in enumerate(curves):
            colour = PLANNED if curve.planned else SERIES[step]
            losses = [loss * 100 for loss, _ in curve.points]
            heights = [nines(chance) for _, chance in curve.points]
            axes.plot(
                losses, heights, color=colour, linewidth=3 if curve.planned else 1.6, zorder=4 if curve.planned else 3
            )
            _label_at_half(
                axes,
                losses,
                heights,
                f"{curve.redundancy_percent} %"
                + (" redundancy" if curve.planned and figure.get_figwidth() > WIDTHS["narrow"] / 72 else ""),
                colour,
                height=(0.45, 0.75)[step % 2],
            )
        here = min(NINES, nines(plan.decode_probability))
        axes.plot([plan.loss * 100], [here], "o", color=PLANNED, markersize=8, zorder=5, clip_on=False)

    return pictures("loss", draw, {"wide": 380, "narrow": 330})


def size_chart(curves: Sequence[SizeCurve], plan: SessionPlan) -> dict[str, str]:
    """Duration and receive charge against fragment size, one line a data rate; the plan is marked."""
    windows = {who: end for who, end in _windows(plan).items() if end}

    def draw(figure: Figure) -> None:
        lasts, charge = figure.subplots(2, 1, sharex=True)
        for step, curve in enumerate(curves):
            sizes = [point[0] for point in curve.points]
            lasts.plot(sizes, [point[1] for point in curve.points], color=SERIES[step], linewidth=1.6)
            charge.plot(sizes, [point[2] for point in curve.points], color=SERIES[step], linewidth=1.6)
        room = 1.12 if figure.get_figwidth() > WIDTHS["narrow"] / 72 else 1.24
        largest = max(curve.points[-1][0] for curve in curves)
        for axes, column, planned in (
            (lasts, 1, plan.duration_seconds),
            (charge, 2, plan.receive_milliampere_hours),
        ):
            axes.set(yscale="log", xlim=(0, largest * room))
            values = [point[column] for curve in curves for point in curve.points]
            low, high = min([*values, planned]) / 1.6, max([*values, planned]) * 1.6
            if column == 1:  # a window close above gets room for its name
                high = max(high, *(2.2 * window for window in windows.values() if window < 2 * high), 0)
            axes.set_ylim(low, high)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.plot([plan.fragment_bytes], [planned], "o", color=PLANNED, markersize=8, zorder=5)
            _label_ends(axes, curves, column)
        _ticks(lasts, _TIMES, _CLOSE_TIMES, _round_time)
        _ticks(charge, _CHARGES, _CLOSE_CHARGES, "{:g}".format)
        lasts.set_ylabel("session duration")
        charge.set(ylabel="receive charge, mAh", xlabel="fragment size, bytes")
        for who, window in windows.items():
            lasts.axhline(window, color=LIMIT, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
            if lasts.get_ylim()[0] < window < lasts.get_ylim()[1]:
                name = f"{who} {duration(window)}"
                lasts.annotate(
                    name, (largest * room, window), xytext=(0, 4), textcoords="offset points", ha="right", color=LIMIT
                )

    return pictures("size", draw, {"wide": 560, "narrow": 560})


def timeline_chart(plan: SessionPlan) -> dict[str, str]:
    """When what is sent: the lead for the set-up, data fragments, coded fragments, and the windows as lines."""
    data = plan.data_fragments * plan.interval_seconds
    bars = [
        ("set-up", -SETUP_SECONDS, SETUP_SECONDS, MUTED),
        (f"{plan.data_fragments:,} data", 0, data, SERIES[1]),
        (f"{plan.coded_fragments:,} coded", data, plan.duration_seconds - data, PLANNED),
    ]
    seen = {
        who: end
        for who, end in _windows(plan).items()
        if end and end <= WINDOW_REACH * max(plan.duration_seconds, 1800)
    }
    last = max([plan.duration_seconds, *seen.values()])

    def draw(figure: Figure) -> None:
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
                bbox=BEHIND_TEXT,
                zorder=4,
            )
        for who, limit in seen.items():
            axes.axvline(limit / unit, color=LIMIT, linewidth=1.4, linestyle=(0, (4, 3)), zorder=2)
            axes.annotate(
                f"{who} {duration(limit)}",
                (limit / unit, -0.7),
                xytext=(-5, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=LIMIT,
            )

    return pictures("timeline", draw, {"wide": 210, "narrow": 220})


WINDOW_REACH: Final = 2.6
"""Windows that end later than so many times the session are left out of the picture."""


FEW_TICKS: Final = 2


def _windows(plan: SessionPlan) -> dict[str, int | None]:
    return {"device": plan.device_window_seconds, "service": plan.service_window_seconds}


def _label_at_half(
    axes: Axes, losses: list[float], heights: list[float], text: str, colour: str, *, height: float
) -> None:
    """Write beside a falling line where it passes a height; at its right end where it never does."""
    weight = "bold" if colour == PLANNED else "normal"
    at, beside, align = (losses[-1], max(heights[-1], 0.1)), (-4, 4), "right"
    for (left, above), (right, below) in pairwise(zip(losses, heights, strict=True)):
        if above >= height > below:
            at = (left + (right - left) * (above - height) / (above - below), height)
            beside, align = (5, 0), "left"
            break
    axes.annotate(
        text,
        at,
        xytext=beside,
        textcoords="offset points",
        ha=align,
        va="center" if align == "left" else "bottom",
        color=colour,
        weight=weight,
        bbox=BEHIND_TEXT,
        zorder=6,
    )


def _round_time(seconds: float) -> str:
    unit, name = (3600, "h") if seconds >= 3600 else (60, "min") if seconds >= 60 else (1, "s")  # noqa: PLR2004  # hour and minute
    return f"{seconds / unit:g} {name}"


def _ticks(axes: Axes, far: Sequence[float], close: Sequence[float], name: Callable[[float], str]) -> None:
    """Few round values on a long logarithmic axis, more on a short one."""
    low, high = axes.get_ylim()
    seen = [value for value in far if low <= value <= high]
    if len(seen) <= FEW_TICKS:
        seen = [value for value in close if low <= value <= high]
    axes.yaxis.set(major_locator=FixedLocator(seen), major_formatter=FixedFormatter([name(value) for value in seen]))


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
            here.append((value, [curve.data_rate.index], SERIES[step]))
    for size, labels in ends.items():
        floor = -math.inf
        for value, rates, colour in sorted(labels):
            floor = max(value, floor + gap)
            name = f"DR{rates[0]}" if len(rates) == 1 else f"DR{rates[0]}-{rates[-1]}"
            axes.annotate(
                name,
                (size, 10**floor),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                color=colour,
                bbox=BEHIND_TEXT,
                zorder=4,
            )
