"""Versions as numbers, where a text is one."""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import re
from typing import Final, NamedTuple

_VERSION: Final = r"v?(\d{1,10}(?:\.\d{1,10}){0,3})(?:\+(\d{1,10}))?"


class Version(NamedTuple):
    """Up to four numbers, and the build number that MCUboot has behind a plus."""

    numbers: tuple[int, ...]
    build: int | None = None


def version_of(text: str | None) -> Version | None:
    """The version that a text is, None where it is something else, such as 1.4.2-rc1."""
    plain = re.fullmatch(_VERSION, text) if text else None
    if plain is None:
        return None
    numbers = tuple(int(part) for part in plain[1].split("."))
    return Version(numbers, None if plain[2] is None else int(plain[2]))
