"""The building blocks of our pages: one file, no network, light and dark, for desktops, phones and paper."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fuota_constructs.cli.figures import GOOD, Figure
from fuota_constructs.cli.level import Level
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fuota_constructs.cli.banner import Banner
    from fuota_constructs.cli.plan.findings import Findings

ICONS: Final = {Level.PASSED: "\u2713", Level.WARNING: "!", Level.FAILED: "\u2715", Level.OPEN: "\u2026"}


def text(value: str) -> str:
    """A text as HTML: no markup, and no character that is not to be seen."""
    return escape(visible(value, keep_lines=True))


def wrapped(value: str) -> str:
    """A text as HTML whose lines end within no option and no percentage, and sooner after a `/` than in a word."""
    return re.sub(
        r"(?<!\S)--[a-z][\w-]*|[\d.,]+ %|/(?=\w)",
        lambda found: "/<wbr>" if found[0] == "/" else f'<span class="whole">{found[0]}</span>',
        text(value),
    )


def document(title: str, parts: Iterable[str]) -> str:
    """A whole page. It may load nothing and run no script but ours, whatever names somebody gave to their devices."""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    script = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Pictures have their colours in style attributes, which no hash can allow.
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}; form-action \'none\'">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>",
            *parts,
            f"</main>\n<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def opening(title: str, lead: str, about: Iterable[str], banner: Banner) -> str:
    """How every page opens: its title, a sentence, the banner, and what it is about."""
    parts = [f"<h1>{wrapped(title)}</h1>"]
    parts += [f'<p class="lead">{text(lead)}</p>'] if lead else []
    drawn = [f'<p class="headline">{prose(banner.headline)}</p>']
    drawn += [_said("causes", "Why", banner.shown(banner.causes), ())]
    drawn += [_said("remedies", "What to do", banner.shown(banner.remedies), banner.commands)]
    icon = f'<span class="icon" aria-hidden="true">{ICONS[banner.level]}</span>'
    shown = f'<section id="verdict" class="{banner.level}">{icon}<div>{"".join(drawn)}</div></section>'
    details = " &middot; ".join(f"<span>{text(part)}</span>" for part in about)
    return "\n".join([*parts, shown, f'<p id="about">{details}</p>'])


def _said(identity: str, heading: str, lines: Sequence[str], commands: Sequence[str]) -> str:
    items = [f"<li>{prose(line)}</li>" for line in lines]
    items += [f"<li><code>{wrapped(command)}</code></li>" for command in commands]
    return f'<h2>{heading}</h2><ul id="{identity}">{"".join(items)}</ul>' if items else ""


def listed(identity: str, heading: str, lines: Sequence[str]) -> str:
    """Lines under a heading, where there are any."""
    items = "".join(f"<li>{prose(line)}</li>" for line in lines)
    return f'<section id="{identity}"><h2>{heading}</h2><ul class="why">{items}</ul></section>' if items else ""


def again(command: str) -> str:
    """How to do the same again."""
    return f'<section id="again"><h2>Do it again</h2><pre>{text(command)}</pre></section>'


def prose(words: str) -> str:
    """A sentence whose commands are in backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(words))


def inputs(identity: str, heading: str, figures: Iterable[Figure]) -> str:
    """Figures below each other, their remarks beside them."""
    rows = [
        f"<tr><th scope=row>{text(line.name)}</th><td>{text(line.value)}"
        + (f" <small>{prose(line.remark)}</small>" if line.remark else "")
        + "</td></tr>"
        for line in figures
    ]
    listed = f'<table class="inputs"><tbody>{"".join(rows)}</tbody></table>'
    return f'<section id="{identity}"><h2>{text(heading)}</h2>{listed}</section>'


def tiles(figures: Iterable[Figure]) -> str:
    """Figures side by side, each with its verdict and remark."""
    drawn = []
    for figure in figures:
        verdict = figure.verdict and f'<span class="{_class(figure.verdict)}">{text(figure.verdict)}</span>'
        remark = ": ".join(part for part in (verdict, text(figure.remark)) if part)
        drawn.append(
            f'<div><dt>{text(figure.name)}</dt><dd class="value">{wrapped(figure.value)}</dd>'
            f'<dd class="remark">{remark}</dd></div>'
        )
    return f'<dl class="tiles of-{len(drawn)}">\n{chr(10).join(drawn)}\n</dl>'


def _class(verdict: str) -> str:
    return "good" if verdict == GOOD else "bad"


def findings(found: Findings) -> str:
    """What speaks against it: rule, level and message."""
    items = [f'<li class="{level}">{level}: {text(rule)}<p>{prose(message)}</p></li>' for rule, level, message in found]
    drawn = f'<ul class="findings">{"".join(items)}</ul>' if items else "<p>None: no rule has anything to say.</p>"
    return f'<section id="findings"><h2>Findings</h2>{drawn}</section>'


def figure(
    identity: str,
    heading: str,
    pictures: dict[str, str],
    caption: str,
    table: str = "",
    *,
    legend: Mapping[str, str] | None = None,
) -> str:
    """A picture in its widths, with a caption and its numbers; the legend has colours of the page by their meaning."""
    label = f'role="img" aria-labelledby="{identity}-heading" aria-describedby="{identity}-caption"'
    drawn = [picture.replace("<svg", f'<svg class="{kind}" {label}', 1) for kind, picture in pictures.items()]
    details = f"<details><summary>The numbers</summary>{table}</details>" if table else ""
    swatches = "".join(
        f'<li><svg viewBox="0 0 10 10" class="swatch" aria-hidden="true"><rect width="10" height="10" rx="2"'
        f' fill="var({colour})"/></svg> {text(meaning)}</li>'
        for meaning, colour in (legend or {}).items()
    )
    key = f'<ul class="legend">{swatches}</ul>' if swatches else ""
    return (
        f'<figure id="{identity}"><h2 id="{identity}-heading">{text(heading)}</h2>\n{chr(10).join(drawn)}\n{key}'
        f'<figcaption id="{identity}-caption">{text(caption)}</figcaption>{details}</figure>'
    )


def table(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str], bool]], *, kind: str = "") -> str:
    """Rows of a name, cells and whether the row is the chosen one."""
    head = "".join(f"<th scope=col>{text(heading)}</th>" for heading in headings)
    body = "".join(
        f"<tr{' class=chosen' if chosen else ''}><th scope=row>{text(name)}</th>"
        + "".join(f"<td>{text(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells, chosen in rows
    )
    return f"<table{f' class={kind}' if kind else ''}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def device_table(headings: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], *, left_out: int = 0) -> str:
    """Every device, in the order given: those that failed first. Where a script may run, it filters and sorts."""
    drawn = table(headings, ((name, cells, False) for name, cells in rows), kind="devices")
    more = f"<p>There are {left_out:,} more; the JSON has them all.</p>" if left_out else ""
    return (
        f'<section id="each-device"><h2>Every device</h2>'
        f"<details><summary>{len(rows):,} devices, failed ones first</summary>{drawn}{more}</details></section>"
    )
