"""Text of others made safe to show: what would steer a terminal, hide or reorder is written out."""

from __future__ import annotations


def visible(text: str, *, keep_lines: bool = False) -> str:
    r"""The text with every character that is not printed as itself as an escape, such as `\x1b` or `\u202e`.

    The service takes any characters in a name: control sequences, single surrogates, marks that turn the direction of
    writing. `keep_lines` leaves line breaks, for messages of several lines.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or (keep_lines and each == "\n") else each.encode("unicode_escape").decode()
        for each in text
    )
