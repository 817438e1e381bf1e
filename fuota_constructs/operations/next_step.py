"""What to type next, without the options that lead to the account: only the caller knows those."""

from __future__ import annotations

from typing import NamedTuple


class NextStep(NamedTuple):
    """The words of a `fuota` command; `asks_the_service` where it needs an account and a Region."""

    words: tuple[str, ...]
    asks_the_service: bool = True


def step(*words: str) -> NextStep:
    """A command about a task in the service."""
    return NextStep(words)
