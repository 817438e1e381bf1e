"""The routes, shapes and error statuses of AWS IoT Wireless, read from botocore's own service model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Mapping

# A value in a path is one segment: rest-json sends a slash in it as %2F.
_SEGMENT = r"[^/]*"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """One operation of the service: how it is called and what it takes and gives."""

    name: str
    method: str
    path: str
    success_status: int
    input_shape: str | None
    output_shape: str | None
    errors: tuple[str, ...]

    @property
    def mutates(self) -> bool:
        """Tell whether the operation can change a resource."""
        return self.method != "GET"


class ServiceModel:
    """What botocore knows about the service."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self.shapes: Mapping[str, Mapping[str, Any]] = description["shapes"]
        self.operations = {name: _operation(name, spec) for name, spec in description["operations"].items()}
        # Literal paths first: /wireless-gateways/tasks is not a gateway named "tasks".
        ordered = sorted(self.operations.values(), key=lambda operation: operation.path.count("{"))
        self._routes = [(_pattern(operation.path), operation) for operation in ordered]

    def route(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Find the operation of a request line, with its path as it came, and the values in that path, decoded."""
        for pattern, operation in self._routes:
            if operation.method == method and (match := pattern.fullmatch(path)):
                return operation, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def methods_of(self, path: str) -> list[str]:
        """List the HTTP methods that some operation has on a path."""
        return sorted({operation.method for pattern, operation in self._routes if pattern.fullmatch(path)})

    def error_status(self, code: str) -> int | None:
        """Give the HTTP status of a modelled error."""
        status = self.shapes.get(code, {}).get("error", {}).get("httpStatusCode")
        return None if status is None else int(status)

    def idempotency_member(self, operation: Operation) -> str | None:
        """Name the input member that makes a repeated request safe, if the operation has one."""
        members = self.shapes[operation.input_shape]["members"] if operation.input_shape else {}
        return next((name for name, member in members.items() if member.get("idempotencyToken")), None)


@cache
def service_model() -> ServiceModel:
    """Load the model that ships with botocore, once."""
    return ServiceModel(Loader().load_service_model("iotwireless", "service-2"))


def _operation(name: str, spec: Mapping[str, Any]) -> Operation:
    http = spec["http"]
    return Operation(
        name=name,
        method=http["method"],
        path=http["requestUri"],
        success_status=http.get("responseCode", 200),
        input_shape=spec.get("input", {}).get("shape"),
        output_shape=spec.get("output", {}).get("shape"),
        errors=tuple(error["shape"] for error in spec.get("errors", [])),
    )


def _pattern(path: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(path)
    literals_and_names = [
        f"(?P<{part}>{_SEGMENT})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    ]
    return re.compile("".join(literals_and_names))
