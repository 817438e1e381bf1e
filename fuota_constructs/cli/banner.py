"""What terminal and pages of plan, rehearsal and report open with: a verdict in one sentence, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fuota_constructs.cli.level import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES: Final = 3
WORDS: Final = {Level.PASSED: "Passed", Level.WARNING: "Warning", Level.FAILED: "Failed", Level.OPEN: ""}


@dataclass(frozen=True, slots=True)
class Banner:
    """A verdict. `commands` are what to type, `rest` says where the causes are that there is no room for."""

    level: Level
    summary: str
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    rest: str = "more"

    @property
    def headline(self) -> str:
        """The level and the sentence; nothing is said of a level where nothing can be said yet."""
        word = WORDS[self.level]
        return f"{word}: {self.summary}" if word else self.summary

    def shown(self, lines: Sequence[str]) -> list[str]:
        """The first lines, and how many more there are."""
        more = len(lines) - MOST_LINES
        return [*lines[:MOST_LINES], *([f"and {more} {self.rest}"] if more > 0 else [])]
