"""The building blocks of our pages: one file, no network, light and dark, for desktops, phones and paper."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from fuota_constructs.cli.plan.figures import GOOD, Figure
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fuota_constructs.cli.plan.findings import Findings


def text(value: str) -> str:
    """A text as HTML: no markup, and no character that is not to be seen."""
    return escape(visible(value, keep_lines=True))


def document(title: str, parts: Iterable[str]) -> str:
    """A whole page."""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>",
            *parts,
            "</main>\n</body>\n</html>\n",
        ]
    )


def verdict(summary: str, *, good: bool | None) -> str:
    """What it comes to, before all else; None where nothing is judged."""
    kind = "" if good is None else "good" if good else "bad"
    return f'<p id="verdict" class="{kind}">{text(summary)}</p>'


def prose(words: str) -> str:
    """A sentence whose commands are in backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(words))


def inputs(identity: str, heading: str, figures: Iterable[Figure]) -> str:
    """Figures below each other, their remarks beside them."""
    rows = [
        f"<tr><th scope=row>{text(line.name)}</th><td>{text(line.value)}"
        + (f" <small>{text(line.remark)}</small>" if line.remark else "")
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
            f'<div><dt>{text(figure.name)}</dt><dd class="value">{text(figure.value)}</dd>'
            f'<dd class="remark">{remark}</dd></div>'
        )
    return f'<dl class="tiles">\n{chr(10).join(drawn)}\n</dl>'


def _class(verdict: str) -> str:
    return "good" if verdict == GOOD else "bad"


def findings(found: Findings) -> str:
    """What speaks against it: rule, level and message."""
    items = [f'<li class="{level}">{level}: {text(rule)}<p>{text(message)}</p></li>' for rule, level, message in found]
    listed = f'<ul class="findings">{"".join(items)}</ul>' if items else "<p>None: no rule has anything to say.</p>"
    return f'<section id="findings"><h2>Findings</h2>{listed}</section>'


def figure(identity: str, heading: str, pictures: dict[str, str], caption: str, table: str = "") -> str:
    """A picture in its widths, with a caption and its numbers."""
    label = f'role="img" aria-labelledby="{identity}-heading" aria-describedby="{identity}-caption"'
    drawn = [picture.replace("<svg", f'<svg class="{kind}" {label}', 1) for kind, picture in pictures.items()]
    details = f"<details><summary>The numbers</summary>{table}</details>" if table else ""
    return (
        f'<figure id="{identity}"><h2 id="{identity}-heading">{text(heading)}</h2>\n{chr(10).join(drawn)}\n'
        f'<figcaption id="{identity}-caption">{text(caption)}</figcaption>{details}</figure>'
    )


def table(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str], bool]]) -> str:
    """Rows of a name, cells and whether the row is the chosen one."""
    head = "".join(f"<th scope=col>{text(heading)}</th>" for heading in headings)
    body = "".join(
        f"<tr{' class=chosen' if chosen else ''}><th scope=row>{text(name)}</th>"
        + "".join(f"<td>{text(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells, chosen in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
