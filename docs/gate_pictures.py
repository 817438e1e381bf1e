"""Makes the pictures of docs/explanation/rollout-gate.md anew (`make pictures`), as the gate itself counts.

Each has a background of its own, light or dark as the reader's system is, so that it reads on any page.
"""

from __future__ import annotations

from bisect import bisect_left
from html import escape
from pathlib import Path
from typing import Final

from fuota_constructs.lorawan.success_bounds import lower_bound, upper_bound

FOLDER: Final = Path(__file__).parent / "_static"
WIDTH: Final = 760
THRESHOLD: Final = 0.9
CONFIDENCE: Final = 0.8
MOST_DEVICES: Final = 150
LEAST_SHARE: Final = 0.6
STYLE: Final = """
.paper{fill:#fbfcfe}.ink{fill:#12263a}.muted{fill:#3b5166;font-size:13px}.strong{font-weight:600}
.middle{text-anchor:middle}.end{text-anchor:end}
.line{stroke:#35506b;stroke-width:1.6;fill:none}.grid{stroke:#d5dfe9;stroke-width:1}.head{fill:#35506b}
.dashes{stroke-dasharray:6 4}
.card{fill:#fff;stroke:#35506b;stroke-width:1.4}.night{fill:#e3eaf2}
.pass{fill:#bfe6cf}.abort{fill:#f5c6c3}.open{fill:#fbe7ab}.air{fill:#2f6fb0}.wait{fill:#c9d8e8}.bake{fill:#e2c9ee}
@media (prefers-color-scheme:dark){
.paper{fill:#14202b}.ink{fill:#e8eff6}.muted{fill:#b4c5d5}.line{stroke:#9db4ca}.grid{stroke:#2c3d4e}.head{fill:#9db4ca}
.card{fill:#1c2c3a;stroke:#9db4ca}.night{fill:#1f2f3f}
.pass{fill:#1f5a3c}.abort{fill:#6b2a2d}.open{fill:#5e4c12}.air{fill:#6aa5e0}.wait{fill:#3a5068}.bake{fill:#5b4169}}
"""


def picture(height: int, title: str, description: str, *parts: str) -> str:
    """A whole SVG, for who sees it and for who hears it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
            ' role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="14">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"',
            ' orient="auto-start-reverse"><path class="head" d="M0 0 10 5 0 10z"/></marker></defs>',
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="12"/>',
            *parts,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, words: str, kind: str = "ink") -> str:
    """A line of text."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A rectangle."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4"/>'


def arrow(path: str) -> str:
    """A line that leads somewhere."""
    return f'<path class="line" marker-end="url(#head)" d="{path}"/>'


def answers_of(devices: int) -> tuple[int, int]:
    """With how many successes of so many devices a gate aborts at the most (-1: never), and passes at the least."""
    counts = range(devices + 1)
    aborts = bisect_left(counts, True, key=lambda s: upper_bound(s, devices, CONFIDENCE) >= THRESHOLD) - 1
    return aborts, bisect_left(counts, True, key=lambda s: lower_bound(s, devices, CONFIDENCE) >= THRESHOLD)


def bounds() -> str:
    """Which share of how many devices gets which answer."""
    left, right, top, bottom = 70.0, 730.0, 56.0, 360.0

    def x(devices: float) -> float:
        return left + (right - left) * devices / MOST_DEVICES

    def y(share: float) -> float:
        inside = min(1.0, max(LEAST_SHARE, share))
        return bottom - (bottom - top) * (inside - LEAST_SHARE) / (1 - LEAST_SHARE)

    def columns(shares: list[tuple[float, float]], kind: str) -> str:
        drawn = "".join(
            f"M{x(n - 0.5):.1f} {y(high):.1f}H{min(right, x(n + 0.5)):.1f}V{y(low):.1f}H{x(n - 0.5):.1f}z"
            for n, (low, high) in enumerate(shares, start=1)
            if y(low) > y(high)
        )
        return f'<path class="{kind}" d="{drawn}"/>'

    found = [answers_of(devices) for devices in range(1, MOST_DEVICES + 1)]
    # Between two counts there is no share: half of the step belongs to either side.
    aborts = [(0.0, (most + 0.5) / n) for n, (most, _) in enumerate(found, start=1)]
    passes = [((least - 0.5) / n, 1.0) for n, (_, least) in enumerate(found, start=1)]
    parts = [box(left, top, right - left, bottom - top, "open"), columns(aborts, "abort"), columns(passes, "pass")]
    for share in (0.6, 0.7, 0.8, 0.9, 1.0):
        parts += [
            f'<path class="grid" d="M{left:g} {y(share):.1f}H{right:g}"/>',
            text(left - 8, y(share) + 5, f"{share:.0%}".replace("%", " %"), "muted end"),
        ]
    parts += [text(x(n), bottom + 20, str(n), "muted middle") for n in range(0, MOST_DEVICES + 1, 25)]
    parts += [
        f'<path class="line dashes" d="M{left:g} {y(THRESHOLD):.1f}H{right:g}"/>',
        text(right - 8, y(THRESHOLD) - 7, "success_percent", "ink end"),
        text(left, 32, "Share of the devices that have the image", "ink strong"),
        text((left + right) / 2, bottom + 44, "devices attempted so far, over all waves", "ink middle"),
        text(x(118), y(0.985), "pass", "ink strong middle"),
        text(x(100), y(0.72), "abort", "ink strong middle"),
        text(x(14), y(0.93), "inconclusive", "ink strong middle"),
    ]
    return picture(
        420,
        "What a gate answers, by share and number of devices",
        f"At a threshold of {THRESHOLD:.0%} and a confidence of {CONFIDENCE:.0%}: with few devices most shares are"
        f" inconclusive; 16 devices without a failure are the fewest that pass. With {MOST_DEVICES} devices"
        f" {found[-1][1]} successes pass and {found[-1][0]} abort.",
        *parts,
    )


def what_follows() -> str:
    """What each answer leads to."""

    def card(x: float, y: float, name: str, *what: str, kind: str = "card", width: float = 200) -> str:
        lines = [text(x + 14, y + 45 + 19 * line, words, "muted") for line, words in enumerate(what)]
        height = 40 + 19 * len(what)
        return "\n".join([box(x, y, width, height, kind), text(x + 14, y + 24, name, "ink strong"), *lines])

    return picture(
        430,
        "What follows from each answer of a gate",
        "Session, bake, gate. Pass leads to the next wave. Inconclusive: devices that another session may help are"
        " tried again; a canary that refutes nothing goes on; everything else holds for the operator, as a radio that"
        " is worse than planned does. Abort ends the rollout.",
        card(16, 165, "session and bake", "the wave is on the air,", "then its devices must", "be heard", width=172),
        arrow("M188 213H214"),
        card(218, 183, "gate", "all devices so far", width=138),
        arrow("M356 196 402 66"),
        arrow("M356 206 402 172"),
        arrow("M356 218 402 266"),
        arrow("M356 228 402 368"),
        card(406, 22, "pass", "the rate is proven", kind="pass", width=150),
        card(406, 130, "inconclusive", "neither proven", "nor refuted", kind="open", width=150),
        card(406, 240, "radio is worse", "than planned", kind="open", width=150),
        card(406, 340, "abort", "refuted, or bricks", kind="abort", width=150),
        arrow("M556 52H590"),
        arrow("M556 150 590 142"),
        arrow("M556 182 590 236"),
        arrow("M556 270 590 258"),
        arrow("M556 370H590"),
        card(594, 22, "next wave", "after an approval,", "if it wants one", width=150),
        card(594, 122, "go on", "retries, or a canary", "that refutes nothing", width=150),
        card(594, 222, "hold", "you say approve,", "skip or abort", width=150),
        card(594, 340, "the end", "nobody else gets", "the image", width=150),
        arrow("M669 122V104"),
    )


def timeline() -> str:
    """A rollout of three waves, day by day."""
    left, day, top = 96.0, 80.0, 60.0
    nights = [box(left + day * (n + 0.75), top, day / 3, 196, "night") for n in range(7)]
    days = [text(left + day * (n + 0.5), top - 10, f"day {n + 1}", "muted middle") for n in range(8)]
    rows = (
        ("canary", [("wait", 0, 0.75), ("air", 0.78, 0.28), ("bake", 1.06, 2.0)], 3.06),
        ("10 %", [("wait", 3.06, 0.72), ("air", 3.78, 0.28), ("bake", 4.06, 1.0)], 5.06),
        ("the rest", [("wait", 5.06, 0.72), ("air", 5.78, 0.28), ("bake", 6.06, 1.0)], 7.06),
    )
    parts = []
    for number, (name, spans, gate) in enumerate(rows):
        y = top + 22 + 62 * number
        parts.append(text(left - 12, y + 19, name, "ink strong end"))
        parts += [box(left + day * start, y, day * long, 28, kind) for kind, start, long in spans]
        centre, middle = left + day * gate + 12, y + 14
        parts.append(
            f'<path class="card" d="M{centre - 12:g} {middle:g} {centre:g} {middle - 14:g} {centre + 12:g} {middle:g}'
            f' {centre:g} {middle + 14:g}z"/>'
        )
        if name != "the rest":
            parts.append(arrow(f"M{centre:g} {middle + 14:g}V{y + 60:g}"))
    legend = (
        ("wait", "set-up over uplinks, window"),
        ("air", "session"),
        ("bake", "bake"),
        ("night", "maintenance window"),
    )
    x = 40.0
    for kind, words in legend:
        parts += [box(x, 280, 22, 16, kind), text(x + 30, 293, words, "muted")]
        x += 62 + 7.2 * len(words)
    centre = x + 8
    parts.append(f'<path class="card" d="M{centre - 9:g} 288 {centre:g} 278 {centre + 9:g} 288 {centre:g} 298z"/>')
    parts.append(text(centre + 16, 293, "gate", "muted"))
    return picture(
        320,
        "A rollout in time",
        "Three waves one after the other. In each the devices are set up over their uplinks, the session waits for the"
        " maintenance window at night, then the devices bake, and the gate decides whether the next wave begins.",
        *nights,
        *days,
        *parts,
    )


PICTURES: Final = {"gate-bounds": bounds, "gate-answers": what_follows, "rollout-timeline": timeline}


def main() -> None:
    """Write all of them."""
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
