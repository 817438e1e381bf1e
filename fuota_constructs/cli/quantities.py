"""Quantities as people type them: sizes in bytes, percentages, seconds. Read strictly: nothing is guessed."""

from __future__ import annotations

import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import click

UNITS: Final = {"": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "KiB": 1024, "MiB": 1_048_576}
"""Bytes of a unit. A lone k or M and the b of bits are refused: they mean different things to different people."""

_SPACES = " \u00a0\u202f"
_SIZE = re.compile(rf"([0-9]{{1,3}}(?:[{_SPACES}_][0-9]{{3}})+|[0-9]{{1,15}})(\.[0-9]{{1,9}})?[{_SPACES}]?([A-Za-z]*)")
_PERCENT = re.compile(rf"([0-9]{{1,6}}(?:\.[0-9]{{1,9}})?)[{_SPACES}]?(%?)")


def size_bytes(text: str) -> int:
    """Bytes of a size such as ``"100kB"``, ``"100 000"`` or ``"0.5MiB"``.

    Raises ValueError, with what to write instead, for anything else and for sizes that are no whole number of bytes.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no size: write one like 100kB, 0.5MiB or 100 000 (bytes)")
    digits, decimals, unit = match.groups(default="")
    if unit not in UNITS:
        raise ValueError(f"{text!r} has no unit we know: choose one of B, kB, MB (1000s), KiB, MiB (1024s)")
    size = Fraction(re.sub(rf"[{_SPACES}_]", "", digits) + decimals) * UNITS[unit]
    if size.denominator != 1:
        raise ValueError(f"{text!r} is {float(size):g} bytes: give a whole number of bytes")
    return int(size)


def share_of_one(text: str) -> float:
    """The share that a percentage such as ``"10%"``, ``"99.9 %"`` or ``"10"`` is of one.

    Raises ValueError for anything else, and for numbers from 0 to 1 without the sign: 0.1 could be 10 % or 0.1 %.
    """
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no percentage: write one like 10% or 99.9%")
    number = Fraction(match[1])
    if not match[2] and 0 < number <= 1:
        raise ValueError(
            f"{text!r} could be a share of 1 or of 100: write {float(number * 100):g}% or {float(number):g}%"
        )
    return float(number / 100)


def as_percentage(share: float) -> str:
    """A share of one as people type a percentage, without the sign: 10, 12.5, 0.0001. `share_of_one` reads it."""
    return f"{share * 100:.9f}".rstrip("0").rstrip(".")


class Size(click.ParamType[int]):
    """A number of bytes from 1."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, or fail with what one looks like."""
        try:
            size = size_bytes(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return size or self.fail("0 bytes are no limit that an image could keep", param, ctx)


class Image(click.ParamType[tuple[str | None, int]]):
    """A file, or a size instead: the path (None for a size) and the bytes."""

    name = "image"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str | None, int]:
        """Look for a file first: one that is called 100kB is one."""
        if not value:
            self.fail("it is empty: give the image file, or a size like 100kB", param, ctx)
        path = Path(value)
        try:
            is_file, is_folder = path.is_file(), path.is_dir()
        except OSError as error:  # as in InputFile
            said = f"{value!r} cannot be read ({error.strerror}): give the image file, or a size like 100kB"
            self.fail(said, param, ctx)
        if is_file:
            if not os.access(path, os.R_OK):
                self.fail(f"{value!r} cannot be read: Permission denied", param, ctx)
            return str(value), path.stat().st_size
        if is_folder:
            self.fail(f"{value!r} is a folder: give the image file, or a size like 100kB", param, ctx)
        try:
            return None, size_bytes(value)
        except ValueError as error:
            if value[:1].isdigit():
                self.fail(str(error), param, ctx)
            self.fail(f"there is no file {value!r}: give the image file, or a size like 100kB", param, ctx)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str | None:  # noqa: ARG002  # click's
        """What to give, behind what is missing."""
        return "Give the image file, or a size like 100kB"


class Percentage(click.ParamType[float]):
    """A percentage, between two shares of one, neither of which is allowed unless it is zero."""

    name = "percentage"

    def __init__(self, *, zero: bool) -> None:
        self.zero = zero

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse 100 %, and 0 % where it makes no sense."""
        if isinstance(value, float):
            return value
        try:
            share = share_of_one(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if share >= 1 or (share == 0 and not self.zero):
            self.fail(f"{value!r} is out of range: {'from 0%' if self.zero else 'above 0%'} and below 100%", param, ctx)
        return share


class WholePercent(click.ParamType[int]):
    """A whole number of percent, with the sign or without."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Leave the range to the rules, which say more about it."""
        match = re.fullmatch(r"([0-9]{1,6}) ?%?", str(value).strip())
        if match is None:
            share = re.fullmatch(r"0?\.([0-9]{1,2})", str(value).strip())
            meant = f", such as {int(share[1].ljust(2, '0'))}% if you mean that share of 1" if share else ""
            self.fail(f"{value!r} is no whole number of percent: give 0 to 100{meant}", param, ctx)
        return int(match[1])


class FiniteRange(click.FloatRange):
    """A number in a range; nan, which lies in every range of click's, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what is no finite number."""
        number: float = super().convert(value, param, ctx)
        return number if math.isfinite(number) else self.fail(f"{value!r} is no finite number", param, ctx)


class Seconds(click.ParamType[float]):
    """Seconds above zero, up to a day."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what is no finite number; the rules say what they think of parts of a second."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds <= 86_400:  # noqa: PLR2004  # seconds of a day
            self.fail(f"{value!r} is no interval: give seconds, above 0 and at most 86400, such as 7", param, ctx)
        return seconds
