"""One thing that was looked at, and what came of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Outcome = Literal["ok", "warning", "error"]
MOST_SHOWN = 3


class Check(NamedTuple):
    """What was checked, what was found, and what to do where that is not ok.

    What could not be checked is a warning, never ok.
    """

    name: str
    outcome: Outcome
    message: str
    remedy: str = ""


def ok(name: str, message: str) -> Check:
    """Nothing to do."""
    return Check(name, "ok", message)


def warning(name: str, message: str, remedy: str = "") -> Check:
    """May go wrong, or could not be checked."""
    return Check(name, "warning", message, remedy)


def error(name: str, message: str, remedy: str) -> Check:
    """Will go wrong."""
    return Check(name, "error", message, remedy)


def some(names: list[str]) -> str:
    """A few names of many."""
    shown = ", ".join(names[:MOST_SHOWN])
    return f"{shown} and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else shown
