"""Reads the JSON of a request, and says what is wrong with it in words of HTTP and JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 100  # levels; the model's own requests have no ten
_TOO_DEEP = f"the request body is nested too deeply: at most {_DEEPEST} levels"


class JsonBodyError(Exception):
    """A body that is not one JSON object, with what it is instead."""


def json_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty one. Raises JsonBodyError.

    Text must be Unicode: half of a surrogate pair is refused (assumed; RFC 8259, 8.2, leaves it open).
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonBodyError(f"the request body is not UTF-8: byte {error.start + 1} is wrong") from None
    if not text.strip():
        return {}
    try:
        document = json.loads(text, parse_float=_finite, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise JsonBodyError(f"the request body is not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise JsonBodyError(_TOO_DEEP) from None
    except ValueError:  # Python reads no integers of thousands of digits
        raise JsonBodyError("the request body has a number that is too long") from None
    if not isinstance(document, dict):
        raise JsonBodyError("the request body is not a JSON object")
    if text.count("{") + text.count("[") > _DEEPEST or r"\ud" in text.lower():
        _check(document)
    return document


def _check(document: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str) and _SURROGATE.search(value):
            raise JsonBodyError("the request body has half of a surrogate pair, which is no Unicode text")
        if isinstance(value, (dict, list)):
            if depth > _DEEPEST:
                raise JsonBodyError(_TOO_DEEP)
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            waiting += [(item, depth + 1) for item in inner]


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise JsonBodyError("the request body has a number that is too large")
    return value


def _no_constant(name: str) -> NoReturn:
    raise JsonBodyError(f"the request body has {name}, which JSON does not know")
