"""JSON Schemas (draft 2020-12) of typed dictionaries."""

from __future__ import annotations

import inspect
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_of(document: type, *, identity: str) -> dict[str, Any]:
    """The schema of a document that says `identity` in its `schema`; no object takes fields that are not described."""
    definitions: dict[str, Any] = {}
    described = _object(document, definitions)
    described["properties"]["schema"] = {"const": identity}
    return {"$schema": DRAFT, "$id": identity, **described, "$defs": dict(sorted(definitions.items()))}


def _object(shape: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(shape, include_extras=True)
    return {
        "title": shape.__name__,
        "description": inspect.getdoc(shape),
        "type": "object",
        "required": sorted(shape.__required_keys__, key=list(hints).index),
        "additionalProperties": False,
        "properties": {name: _field(hint, definitions) for name, hint in hints.items()},
    }


def _field(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if is_typeddict(hint):
        definitions.setdefault(hint.__name__, {}).update(_object(hint, definitions))
        return {"$ref": f"#/$defs/{hint.__name__}"}
    origin, inner = get_origin(hint), get_args(hint)
    if origin is None:
        return {"type": _PLAIN[hint]}
    if origin is Annotated:
        return _annotated(inner, definitions)
    return {"enum": list(inner)} if origin is Literal else _composed(origin, inner, definitions)


def _composed(origin: Any, inner: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    parts = [_field(each, definitions) for each in inner]
    if origin is dict:
        return {"type": "object", "additionalProperties": parts[1]}
    if origin is list:
        return {"type": "array", "items": parts[0]}
    return parts[0] if origin is NotRequired else {"anyOf": parts}


def _annotated(inner: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    found = _field(inner[0], definitions)
    for more in inner[1:]:
        found |= {"description": more} if isinstance(more, str) else more
    return found
