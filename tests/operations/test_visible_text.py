"""What a terminal would act on, hide or turn round is written out."""

from __future__ import annotations

import pytest

from fuota_constructs.operations.visible_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("street lamp \u00fc \u6771 \U0001f4a1", "street lamp \u00fc \u6771 \U0001f4a1"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),  # the same in one character
        ("a\tb\nc\rd\x00", "a\\tb\\nc\\rd\\x00"),
        ("\ud800", "\\ud800"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("[red]markup[/red]", "[red]markup[/red]"),  # whoever prints it leaves markup alone
    ],
)
def test_writes_out_what_is_not_printed_as_itself(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown
    assert visible(text).isprintable()


def test_keeps_lines_where_told() -> None:
    assert visible("one\ntwo\x07", keep_lines=True) == "one\ntwo\\x07"
