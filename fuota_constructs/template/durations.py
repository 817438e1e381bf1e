"""Durations of the CDK as numbers.

The CDK multiplies floats: `Duration.hours(2.2)` comes out as 7920.000000000001 s. What is off by no more than that was
meant as a whole number, and is one here.
"""

from __future__ import annotations

import math
from typing import TypeVar

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.tokens import shown

_MOST_MILLISECONDS = 1e15
"""Longer than any duration that somebody means: 31,000 years. A number token is far beyond."""

Number = TypeVar("Number")


def without_float_error(number: Number) -> Number | int:
    """A number of a Duration, whole where only the CDK's multiplication made it a fraction; tokens as they are."""
    if not isinstance(number, float) or not abs(number) < _MOST_MILLISECONDS:
        return number
    return round(number) if math.isclose(number, round(number), rel_tol=1e-12) else number


def known_milliseconds(value: object) -> float | None:
    """The milliseconds of a Duration that is known at synth; None for everything else."""
    if not isinstance(value, cdk.Duration) or value.is_unresolved():
        return None
    return without_float_error(value.to_milliseconds(integral=False))


def known_seconds(value: object) -> float | None:
    """The seconds of a Duration that is known at synth; None for everything else."""
    milliseconds = known_milliseconds(value)
    return None if milliseconds is None else without_float_error(milliseconds / 1000)


def seconds_of(name: str, value: object, default: int, *, at_least: int = 0, at_most: int, rule: str) -> int:
    """A Duration of known, whole seconds within bounds, or the default where none is given."""
    if value is None:
        return default
    seconds = known_seconds(value)
    if seconds is not None and seconds == int(seconds) and at_least <= seconds <= at_most:
        return int(seconds)
    given = shown(value) if seconds is None else f"{seconds:.15g} s"
    raise FuotaValidationError(
        rule, f"{name} is {given}; give a Duration of {at_least:,} to {at_most:,} whole seconds, known at synth"
    )
