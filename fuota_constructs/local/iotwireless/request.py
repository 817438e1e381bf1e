"""Read a request off the wire and hold it against the constraints of the service's model."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.errors import invalid
from fuota_constructs.local.iotwireless.json_body import JsonBodyError, json_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fuota_constructs.local.iotwireless.model import Operation, ServiceModel

_SHOWN_CHARACTERS = 200  # of a refused value: error messages have at most 2,048 characters (shape Message)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER_BITS = {"integer": 32, "long": 64}
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "structure": dict,
    "list": list,
}


def read_request(
    model: ServiceModel,
    operation: Operation,
    in_path: Mapping[str, str],
    query: Mapping[str, Sequence[str]],
    body: bytes,
) -> dict[str, Any]:
    """Gather the members of a request from path, query string and JSON body.

    Members the model does not know and nulls are dropped (assumed: AWS's own services ignore them).
    """
    if operation.input_shape is None:
        return {}
    document = _json_document(body)
    request: dict[str, Any] = {}
    for name, member in model.shapes[operation.input_shape]["members"].items():
        wire_name = member.get("locationName", name)
        shape = model.shapes[member["shape"]]
        match member.get("location"):
            case "uri":
                request[name] = in_path[wire_name]
            case "querystring":
                if given := query.get(wire_name):
                    request[name] = list(given) if shape["type"] == "list" else _from_text(shape, given[-1])
            case _:
                if document.get(wire_name) is not None:
                    request[name] = _known_members(model, member["shape"], document[wire_name])
    return request


def check_request(model: ServiceModel, operation: Operation, request: dict[str, Any]) -> dict[str, Any]:
    """Refuse a request that breaks the model; answer it with its timestamps as epoch seconds.

    Raises a ValidationException that names every broken member, its value and the constraint, worded as AWS does.
    A wrong JSON type is refused the same way (assumed: AWS may answer SerializationException).
    """
    if operation.input_shape is None:
        return request
    for name, member in model.shapes[operation.input_shape]["members"].items():
        if member.get("location") == "uri" and not request.get(name):
            # boto3 sends GET /fuota-tasks/ for Id="" (the model has no minimum length): assumed to be refused.
            raise _violations_error([_violation(_lower_first(name), "", "Member must not be empty")])
    found = list(_violations(model, operation.input_shape, request, ""))
    if found:
        raise _violations_error(found)
    content: dict[str, Any] = _with_epoch_times(model, operation.input_shape, request)
    return content


def _json_document(body: bytes) -> dict[str, Any]:
    try:
        return json_object(body)
    except JsonBodyError as error:
        raise invalid(str(error)) from None


def _from_text(shape: Mapping[str, Any], text: str) -> Any:
    if shape["type"] in {"integer", "long"} and re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        return int(text)
    if shape["type"] == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _known_members(model: ServiceModel, shape_name: str, value: Any) -> Any:
    shape = model.shapes[shape_name]
    if shape["type"] == "structure" and isinstance(value, dict):
        return {
            name: _known_members(model, member["shape"], value[member.get("locationName", name)])
            for name, member in shape["members"].items()
            if value.get(member.get("locationName", name)) is not None
        }
    if shape["type"] == "list" and isinstance(value, list):
        return [_known_members(model, shape["member"]["shape"], item) for item in value]
    return value


def _violations(model: ServiceModel, shape_name: str, value: Any, path: str) -> Iterator[str]:
    shape = model.shapes[shape_name]
    kind = shape["type"]
    if kind == "timestamp":
        if not isinstance(value, str) or _parsed_time(value) is None:
            yield _violation(path, value, "Member must be an ISO 8601 timestamp such as 2027-01-15T08:00:00Z")
        return
    expected = _PYTHON_TYPES[kind]
    right_type: bool = isinstance(value, expected) and (kind == "boolean" or not isinstance(value, bool))
    if not right_type or (kind in _INTEGER_BITS and abs(value) >= 2 ** (_INTEGER_BITS[kind] - 1)):
        yield _violation(path, value, f"Member must be of type {kind}")
        return
    yield from _limit_violations(shape, value, path)
    if kind == "structure":
        for name in shape.get("required", []):
            if name not in value:
                yield _violation(_member_path(path, name), None, "Member must not be null")
        for name, item in value.items():
            yield from _violations(model, shape["members"][name]["shape"], item, _member_path(path, name))
    elif kind == "list":
        for index, item in enumerate(value, start=1):
            yield from _violations(model, shape["member"]["shape"], item, f"{path}.{index}.member")


def _limit_violations(shape: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    sized = isinstance(value, (str, list))
    amount = len(value) if sized else value
    what = "Member must have length" if sized else "Member must have value"
    if "min" in shape and amount < shape["min"]:
        yield _violation(path, value, f"{what} greater than or equal to {shape['min']}")
    if "max" in shape and amount > shape["max"]:
        yield _violation(path, value, f"{what} less than or equal to {shape['max']}")
    if "enum" in shape and value not in shape["enum"]:
        yield _violation(path, value, f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]")
    if "pattern" in shape and not _compiled(shape["pattern"]).fullmatch(value):
        yield _violation(path, value, f"Member must satisfy regular expression pattern: {shape['pattern']}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _violation(path: str, value: Any, constraint: str) -> str:
    shown = "null" if value is None else value if isinstance(value, str) else json.dumps(value)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}..."
    quoted = f"Value '{shown}'" if value is not None else "Value null"
    return f"{quoted} at '{path}' failed to satisfy constraint: {constraint}"


def _violations_error(found: list[str]) -> Exception:
    plural = "" if len(found) == 1 else "s"
    return invalid(f"{len(found)} validation error{plural} detected: {'; '.join(found)}"[:2048])


def _member_path(path: str, name: str) -> str:
    return f"{path}.{_lower_first(name)}" if path else _lower_first(name)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _parsed_time(text: str) -> float | None:
    # Smithy's timestampFormat date-time: RFC 3339, with a date, a time and a zone. In UTC it has a year of four digits,
    # or no answer could show it again. Offsets are taken (assumed: SDKs send Z).
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _with_epoch_times(model: ServiceModel, shape_name: str, value: Any) -> Any:
    shape = model.shapes[shape_name]
    if shape["type"] == "timestamp":
        return _parsed_time(value)
    if shape["type"] == "structure":
        return {name: _with_epoch_times(model, shape["members"][name]["shape"], item) for name, item in value.items()}
    if shape["type"] == "list":
        return [_with_epoch_times(model, shape["member"]["shape"], item) for item in value]
    return value
