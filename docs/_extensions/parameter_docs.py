"""Our docstrings say `name`: text, one parameter a paragraph line; Sphinx wants `:param name: text`."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PARAMETER = re.compile(r"`(\w+)`(?:, `(\w+)`)*: ")


def as_fields(lines: list[str], parameters: set[str]) -> list[str]:
    """The lines of a docstring, with each line that begins with a parameter's name turned into a field."""
    out: list[str] = []
    inside = False
    for line in lines:
        begin = _PARAMETER.match(line)
        names = re.findall(r"`(\w+)`", begin.group(0)) if begin else []
        if begin and all(name in parameters for name in names):
            if not inside:
                out.append("")
            rest = line[begin.end() :]
            out.append(f":param {names[0]}: {rest}" if len(names) == 1 else f":param {' / '.join(names)}: {rest}")
            inside = True
        elif not line.strip():
            inside = False
            out.append(line)
        else:
            out.append(f"    {line}" if inside else line)
    return out


def _process(*event: Any) -> None:
    *_, obj, _options, lines = event
    target = obj.__init__ if isinstance(obj, type) else getattr(obj, "fget", obj)
    try:
        parameters = set(inspect.signature(target).parameters)
    except (TypeError, ValueError):
        return
    lines[:] = as_fields(lines, parameters)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}
