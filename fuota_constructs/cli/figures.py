"""Figures in words, with units and what they are measured against: for the terminal and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.unsent_fragments import why_unsent

if TYPE_CHECKING:
    from fuota_constructs.lorawan.session_plan import SessionPlan

GOOD: Final = "ok"
SURE: Final = 0.9999
"""From here on a probability is rounding and sampling error."""

SMALLER: Final = 1.05
"""Below this a size is the same in all that is shown of the ratio."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a report. `verdict` is "ok", what is wrong in a word or two, or "" where nothing is asked of it."""

    name: str
    value: str
    remark: str = ""
    verdict: str = ""


def percent(share: float) -> str:
    """A share in per cent; close to none and all it says so instead of rounding there."""
    if share == 0:
        return "0 %"
    if SURE < share <= 1:
        return "over 99.99 %"
    if share < 1 - SURE:
        return "under 0.01 %"
    return f"{_plain(share * 100, 2)} %"


def loss_words(plan: SessionPlan) -> str:
    """What a device is planned to miss, and how much of it because it is not sent."""
    if not plan.unsent:
        return f"{percent(plan.loss)} loss"
    return f"{percent(plan.missed_at(plan.loss))} loss ({percent(plan.loss)} planned, and {why_unsent(plan)})"


def _plain(number: float, digits: int) -> str:
    """Rounded to so many digits after the point, without zeros at the end."""
    return f"{number:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{number:,.0f}"


def smaller(ratio: float) -> str:
    """How many times smaller a patch is than its target."""
    return f"{ratio:.1f} times smaller" if ratio >= SMALLER else "no smaller"


def duration(seconds: float) -> str:
    """A time in the unit one would say it in."""
    if 0 < seconds < 1:
        return f"{_plain(seconds * 1000, 1)} ms"
    if seconds < 90:  # noqa: PLR2004  # where it reads best
        return f"{_plain(seconds, 2)} s"
    return f"{_plain(seconds / 60, 1)} min" if seconds < 90 * 60 else f"{_plain(seconds / 3600, 1)} h"


def count(number: int) -> str:
    """A whole number, its digits in groups."""
    return f"{number:,}"


def energy(plan: SessionPlan) -> str:
    """What a device spends on listening."""
    return f"{significant(plan.receive_milliampere_hours)} mAh"


def significant(number: float) -> str:
    """A number to some three digits."""
    return _plain(number, 0 if number >= 100 else 1 if number >= 10 else 2)  # noqa: PLR2004  # where it reads best


def megahertz(hertz: int) -> str:
    """A frequency."""
    return f"{hertz / 1e6:.6g} MHz"
