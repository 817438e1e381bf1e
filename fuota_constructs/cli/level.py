"""How good the news are, in one word for every command: what a banner, a page and a document open with."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Passed and warning are exit code 0; open is a task of which nothing can be said yet."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    OPEN = "open"
