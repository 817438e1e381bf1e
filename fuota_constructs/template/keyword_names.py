"""Keyword arguments that a construct does not have, answered with the one that was meant."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Init = TypeVar("_Init", bound=Callable[..., None])


def naming_keywords(init: _Init) -> _Init:
    """Have an `__init__` say which keyword was meant by one it does not have; it stays a `TypeError`."""
    parameters = inspect.signature(init).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    taken = {parameter.name for parameter in parameters}

    @functools.wraps(init)
    def checked(self: object, *args: Any, **given: Any) -> None:
        if unknown := [name for name in given if name not in taken]:
            raise TypeError(f"{type(self).__name__} has no parameter {unknown[0]!r}; {_remedy(unknown[0], names)}")
        init(self, *args, **given)

    return cast("_Init", checked)


def _remedy(wrong: str, names: list[str]) -> str:
    from difflib import get_close_matches

    # The API and TypeScript write FragmentSizeBytes and fragmentSizeBytes.
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wrong).lower()
    meant = [name for name in names if word in name] or get_close_matches(word, names, n=1)
    return f"did you mean {' or '.join(map(repr, meant))}?" if meant else f"it has {', '.join(names)}"
