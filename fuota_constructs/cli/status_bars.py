"""Devices by status as a picture: a bar a status, in the same colours wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.cli import page
from fuota_constructs.lorawan.shares import percent_rounded_down

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS: Final = {"updated": "--good", "open": "--muted", "failed": "--bad"}
MEANINGS: Final = {"updated": "has the image", "open": "no result yet", "failed": "failed"}
ROW, BAR = 30, 16
WIDTHS = {"wide": 720, "narrow": 350}
LABEL = 18
CHARACTER = 8.2
"""The widest a character of a status is on average, in units of the picture."""

COUNT_WIDTH = 110
ALMOST = 99.9
"""Percent of all; with more, three digits could round up to all."""


def status_figure(bars: Sequence[tuple[str, str, int]], caption: str, table: str = "") -> str:
    """The picture with its legend; a bar is a status, what it counts as (updated, open or failed), and its devices."""
    kinds = {kind: None for _, kind, _ in bars}
    legend = {MEANINGS[kind]: COLOURS[kind] for kind in MEANINGS if kind in kinds}
    drawn = {kind: _drawn(bars, kind) for kind in WIDTHS}
    return page.figure("devices", "Devices by status", drawn, caption, table, legend=legend)


def share_of(number: int, total: int) -> str:
    """A count with its share of the whole; close to all it is rounded down: 9,999 of 10,000 are not 100 %."""
    if not total:
        return "0"
    percent = 100 * number / total
    shown = percent_rounded_down(number, total) if percent > ALMOST else f"{percent:.3g}"
    return f"{number:,} ({shown} %)"


def kinds_of(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Statuses with what they count as."""
    from fuota_constructs.operations.device_status import status_named

    return [(name, status_named(name).kind, number) for name, number in counts.items()]


def _drawn(bars: Sequence[tuple[str, str, int]], width_kind: str) -> str:
    """On phones the name of a bar is above it."""
    width, wide = WIDTHS[width_kind], width_kind == "wide"
    left = 12 + CHARACTER * max(len(status) for status, *_ in bars) if wide else 0.0
    above = 0 if wide else LABEL
    total, most = sum(number for *_, number in bars), max(number for *_, number in bars)
    room = width - left - COUNT_WIDTH
    drawn = []
    for row, (status, kind, number) in enumerate(bars):
        top = row * (ROW + above) + above
        length = max(2.0, room * number / most)
        middle = top + BAR / 2 + 4
        name = (0, top - 5) if above else (0, middle)
        drawn.append(
            f'<text x="{name[0]}" y="{name[1]:g}" fill="var(--ink)">{page.text(status)}</text>'
            f'<rect x="{left:.1f}" y="{top}" width="{length:.1f}" height="{BAR}" rx="3" fill="var({COLOURS[kind]})"/>'
            f'<text x="{left + length + 6:.1f}" y="{middle:g}" fill="var(--ink)">{share_of(number, total)}</text>'
        )
    height = len(drawn) * (ROW + above)
    return f'<svg viewBox="0 0 {width} {height}" font-size="13" font-family="var(--font)">{"".join(drawn)}</svg>'
