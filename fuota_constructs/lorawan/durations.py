"""Durations as people say them."""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600
WHOLE_UNITS: Final = 90
"""Up to so many of a unit nobody says the next larger one."""


def hours(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < WHOLE_UNITS:
        return f"{seconds:.0f} s"
    if seconds < WHOLE_UNITS * MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h"
