"""What `--status` of commands about devices means."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

import click

from fuota_constructs.operations.device_status import DEVICE_STATUSES, NOT_GIVEN
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS: Final = ("failed", "open", "updated")
"""In the order of a list: those that somebody has to look at come first."""


def statuses_named(wanted: Iterable[str], there: Iterable[str]) -> set[str]:
    """The statuses that are wanted, in whatever case; `there` are those that some device has.

    Raises:
        BadParameter: one is no status of a device.
    """
    return {
        among(each, (*DEVICE_STATUSES, NOT_GIVEN, *KINDS, *there), "status of a device", "--status") for each in wanted
    }


def among(wanted: str, names: Iterable[str], what: str, option: str) -> str:
    """The name that is wanted, as it is written, else in whatever case.

    Raises:
        BadParameter: it is none of them.
    """
    there = list(names)
    if wanted in there:
        return wanted
    known = {name.lower(): name for name in there}
    if (name := known.get(wanted.lower())) is not None:
        return name
    near = [known[close] for close in difflib.get_close_matches(wanted.lower(), known, n=2)]
    remedy = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known.values())}"
    raise click.BadParameter(f"{visible(repr(wanted))} is no {what}: {visible(remedy)}", param_hint=option)
