"""Which option was meant by a word that is none."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
"""What a hyphen becomes on its way through documents and chats."""


def nearest_option(typed: str, options: Mapping[str, bool]) -> str:
    """What to type instead, with the value if there is one; empty where nothing is near.

    `options` are the long options there are, each with whether it takes a value. Abbreviated, misspelt, in another
    case, with another dash or too few of them, with its value glued on: all is found.
    """
    name, equals, value = typed.partition("=")
    bare = name.lstrip(DASHES)
    plain = bare.lower().replace("_", "-")
    names = {option.lstrip("-"): option for option in options}
    if not plain:
        return ""
    begun = [option for each, option in names.items() if each.startswith(plain)]
    if plain in names or len(begun) == 1:
        return names.get(plain, begun[0]) + equals + value
    for each, option in sorted(names.items(), reverse=True):
        glued = bare[len(each) :]
        if options[option] and plain.startswith(each) and not glued[0].isalpha():
            return f"{option} {glued}{equals}{value}"
    near = difflib.get_close_matches(plain, names, n=1)
    return names[near[0]] + equals + value if near else ""
