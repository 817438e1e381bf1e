"""The building blocks of our pages: one file, no network, light and dark, for desktops, phones and paper."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from fuota_constructs.cli.plan_figures import GOOD, Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fuota_constructs.cli.plan_findings import Findings


def document(title: str, parts: Iterable[str]) -> str:
    """A whole page."""
    style = Path(__file__).with_name("plan_page.css").read_text(encoding="utf-8")
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>",
            *parts,
            "</main>\n</body>\n</html>\n",
        ]
    )


def verdict(summary: str, *, good: bool) -> str:
    """What it comes to, before all else."""
    return f'<p id="verdict" class="{"good" if good else "bad"}">{escape(summary)}</p>'


def inputs(identity: str, heading: str, figures: Iterable[Figure]) -> str:
    """Figures below each other, their remarks beside them."""
    rows = [
        f"<tr><th scope=row>{escape(line.name)}</th><td>{escape(line.value)}"
        + (f" <small>{escape(line.remark)}</small>" if line.remark else "")
        + "</td></tr>"
        for line in figures
    ]
    listed = f'<table class="inputs"><tbody>{"".join(rows)}</tbody></table>'
    return f'<section id="{identity}"><h2>{escape(heading)}</h2>{listed}</section>'


def tiles(figures: Iterable[Figure]) -> str:
    """Figures side by side, each with its verdict and remark."""
    drawn = []
    for figure in figures:
        verdict = figure.verdict and f'<span class="{_class(figure.verdict)}">{escape(figure.verdict)}</span>'
        remark = ": ".join(part for part in (verdict, escape(figure.remark)) if part)
        drawn.append(
            f'<div><dt>{escape(figure.name)}</dt><dd class="value">{escape(figure.value)}</dd>'
            f'<dd class="remark">{remark}</dd></div>'
        )
    return f'<dl class="tiles">\n{chr(10).join(drawn)}\n</dl>'


def _class(verdict: str) -> str:
    return "good" if verdict == GOOD else "bad"


def findings(found: Findings) -> str:
    """What speaks against it: rule, level and message."""
    items = [
        f'<li class="{level}">{level}: {escape(rule)}<p>{escape(message)}</p></li>' for rule, level, message in found
    ]
    listed = f'<ul class="findings">{"".join(items)}</ul>' if items else "<p>None: no rule has anything to say.</p>"
    return f'<section id="findings"><h2>Findings</h2>{listed}</section>'


def figure(identity: str, heading: str, pictures: dict[str, str], caption: str, table: str = "") -> str:
    """A picture in its widths, with a caption and its numbers."""
    label = f'role="img" aria-labelledby="{identity}-heading" aria-describedby="{identity}-caption"'
    drawn = [picture.replace("<svg", f'<svg class="{kind}" {label}', 1) for kind, picture in pictures.items()]
    details = f"<details><summary>The numbers</summary>{table}</details>" if table else ""
    return (
        f'<figure id="{identity}"><h2 id="{identity}-heading">{escape(heading)}</h2>\n{chr(10).join(drawn)}\n'
        f'<figcaption id="{identity}-caption">{escape(caption)}</figcaption>{details}</figure>'
    )


def table(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str], bool]]) -> str:
    """Rows of a name, cells and whether the row is the chosen one."""
    head = "".join(f"<th scope=col>{escape(heading)}</th>" for heading in headings)
    body = "".join(
        f"<tr{' class=chosen' if chosen else ''}><th scope=row>{escape(name)}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells, chosen in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
