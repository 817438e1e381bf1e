"""What gates know as a picture: between which shares the devices with the image are, against what was asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.cli import page
from fuota_constructs.cli.status_bars import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.operations.rollout_status import RolloutStatus

ROW, BAR, ABOVE, AXIS = 30, 12, 18, 34
COLOURS: Final = {"PASSED": "--good", "ABORTED": "--bad"}
OPEN: Final = "--muted"
LEGEND: Final = {"PASSED": "passes", "ABORTED": "aborts", "": "inconclusive"}
CHARACTER = 7.4
"""The widest a character of a label is on average, in units of the picture."""
LONGEST_LABEL = 30
STEPS, MOST_STEPS = (1, 2, 5, 10, 20), 5
"""Of the axis, in percent, and how many of them there are at most."""


def gates_figure(status: RolloutStatus, number: int = 0) -> str:
    """A bar for each gate so far; `number` tells apart the pictures of several rollouts."""
    gates = [(_label(wave.name, gate), gate) for wave in status.waves for gate in wave.gates]
    if not gates:
        return ""
    asked = float((status.settings.get("gate") or {}).get("success", 0))
    outcomes = {str(gate.get("outcome")) for _, gate in gates}
    kinds = {"" if outcome not in COLOURS else outcome for outcome in outcomes}
    legend = {meaning: COLOURS.get(kind, OPEN) for kind, meaning in LEGEND.items() if kind in kinds}
    caption = (
        "A bar reaches from the least to the most that a gate holds possible, after all waves so far. A gate passes"
        f" where all of it is at or above the {100 * asked:g} % that were asked for; below them nothing is left to hope"
        " for."
    )
    drawn = {kind: _drawn(gates, asked, kind) for kind in WIDTHS}
    name = f"bounds-{number}" if number else "bounds"
    return page.figure(name, "What the gates know", drawn, caption, legend=legend)


def _label(wave: str, gate: dict[str, Any]) -> str:
    session = f", session {int(gate['attempt']) + 1}"
    room = LONGEST_LABEL - len(session)
    return f"{wave if len(wave) <= room else wave[: room - 1] + chr(0x2026)}{session}"


def _drawn(gates: Sequence[tuple[str, dict[str, Any]]], asked: float, width_kind: str) -> str:
    """On phones the name of a gate is above its bar."""
    width, wide = WIDTHS[width_kind], width_kind == "wide"
    left = 12 + CHARACTER * max(len(label) for label, _ in gates) if wide else 18.0
    above, right = 0 if wide else ABOVE, width - 20.0
    least = min(asked, *(float(gate.get("lowerBound", 0)) for _, gate in gates))
    marks = _marks(100 * least)
    begin = marks[0] / 100

    def place(share: float) -> float:
        return left + (right - left) * (share - begin) / (1 - begin)

    height = len(gates) * (ROW + above)
    drawn = []
    for mark in marks:
        at = place(mark / 100)
        drawn.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}" stroke="var(--grid)"/>'
            f'<text x="{at:.1f}" y="{height + 16}" text-anchor="middle" fill="var(--muted)">{mark} %</text>'
        )
    at = place(asked)
    anchor = "start" if asked - begin < (1 - begin) / 2 else "end"
    drawn.append(
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}" stroke="var(--limit)" stroke-width="1.5"'
        ' stroke-dasharray="4 3"/>'
        f'<text x="{at:.1f}" y="{height + AXIS}" text-anchor="{anchor}" fill="var(--limit)">'
        f"{100 * asked:g} % asked for</text>"
    )
    for row, (label, gate) in enumerate(gates):
        top = row * (ROW + above) + above + (ROW - BAR) / 2
        lower, upper = place(float(gate.get("lowerBound", 0))), place(float(gate.get("upperBound", 1)))
        colour = COLOURS.get(str(gate.get("outcome")), OPEN)
        name = (0, top + BAR / 2 + 4) if wide else (0, top - 6)
        drawn.append(
            f'<text x="{name[0]}" y="{name[1]:g}" fill="var(--ink)" stroke="var(--paper)" stroke-width="4"'
            f' paint-order="stroke">{page.text(label)}</text>'
            f'<rect x="{lower:.1f}" y="{top:g}" width="{max(3.0, upper - lower):.1f}" height="{BAR}" rx="3"'
            f' fill="var({colour})"/>'
        )
    box = f"0 0 {width} {height + AXIS + 6}"
    return f'<svg viewBox="{box}" font-size="13" font-family="var(--font)">{"".join(drawn)}</svg>'


def _marks(least: float) -> list[int]:
    """Of the axis, in percent: from below the least to all of them, a few round ones."""
    step = next((step for step in STEPS if 100 - MOST_STEPS * step <= least), STEPS[-1])
    return list(range(max(0, 100 - step * math.ceil((100 - least) / step)), 101, step))
