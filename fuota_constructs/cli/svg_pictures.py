"""Pictures as inline SVG, in two widths, whose colours are variables of the page, for light and dark."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

# Colours matplotlib draws with, and the variables of the page that take their place in the SVG.
INK, MUTED, GRID, PAPER, PLANNED, LIMIT = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
GOOD, BAD = "#080808", "#090909"
SERIES: Final = tuple(f"#0707{step:02x}" for step in range(8))
_VARIABLES: Final = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    PAPER: "--paper",
    PLANNED: "--planned",
    LIMIT: "--limit",
    GOOD: "--good",
    BAD: "--bad",
    **{colour: f"--series-{step}" for step, colour in enumerate(SERIES)},
}
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "xtick.major.pad": 6,
    "ytick.major.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "axes.grid": True,
    "lines.solid_capstyle": "round",
}
BEHIND_TEXT: Final = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}
WIDTHS: Final = {"wide": 720, "narrow": 350}
"""Widths in CSS pixels, one for desktops and one for phones, so that the text is of a readable size on both."""


def pictures(name: str, draw: Callable[[Figure], None], heights: dict[str, int]) -> dict[str, str]:
    """The picture in both widths, by kind."""
    drawn = {}
    for kind, width in WIDTHS.items():
        style: Any = {**_STYLE, "svg.hashsalt": f"fuota {name} {kind}"}
        with mpl.rc_context(style):
            figure = Figure(figsize=(width / 72, heights[kind] / 72), layout="constrained")
            figure.patch.set_visible(False)
            draw(figure)
            for axes in figure.axes:
                axes.patch.set_visible(False)
            svg = io.StringIO()
            figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        drawn[kind] = _for_the_page(svg.getvalue(), f"{name}-{kind}")
    return drawn


def _for_the_page(svg: str, name: str) -> str:
    """Ids apart from those of the other pictures, colours by variable, the page's font, no size of its own."""
    svg = re.sub(
        r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.DOTALL
    )
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"|(<svg[^>]*?)', r"\1\2", svg, count=1)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: var(--font)", svg)
    svg = re.sub(r' xmlns(?::xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg.strip()
