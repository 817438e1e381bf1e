"""Write answers and errors as the service's model says they look on the wire."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.errors import PROTOCOL_STATUS

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.errors import ServiceError
    from fuota_constructs.local.iotwireless.model import Operation, ServiceModel

Response = tuple[int, dict[str, str], bytes]


def json_response(status: int, document: Any) -> Response:
    """Write a JSON document, or nothing for a 204."""
    headers = {"x-amzn-requestid": str(uuid.uuid4())}
    if status == 204:  # noqa: PLR2004  # No Content: RFC 9110 allows neither body nor content type
        return status, headers, b""
    return status, {"Content-Type": "application/json", **headers}, json.dumps(document).encode()


def success_response(model: ServiceModel, operation: Operation, answer: dict[str, Any] | None) -> Response:
    """Write the answer of an operation with the status the model gives it."""
    document = _on_the_wire(model, operation.output_shape, answer or {}) if operation.output_shape else {}
    return json_response(operation.success_status, document)


def error_response(model: ServiceModel, error: ServiceError) -> Response:
    """Write an error the way rest-json carries it: its code in a header, its members in the body."""
    status = PROTOCOL_STATUS.get(error.code) or model.error_status(error.code) or 500
    status, headers, body = json_response(status, {"Message": error.message, **error.members})
    return status, {**headers, "x-amzn-errortype": error.code}, body


def _on_the_wire(model: ServiceModel, shape_name: str, value: Any) -> Any:
    shape = model.shapes[shape_name]
    match shape["type"]:
        case "structure":
            members = shape["members"]
            if unmodelled := value.keys() - members.keys():
                raise TypeError(f"{shape_name} has no member {sorted(unmodelled)}")
            return {
                members[name].get("locationName", name): _on_the_wire(model, members[name]["shape"], item)
                for name, item in value.items()
                if item is not None
            }
        case "list":
            return [_on_the_wire(model, shape["member"]["shape"], item) for item in value]
        case "timestamp":
            return _timestamp(shape.get("timestampFormat", "unixTimestamp"), value)
    return value


def _timestamp(wire_format: str, epoch: float) -> str | int | float:
    if wire_format == "iso8601":
        return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return int(epoch) if epoch == int(epoch) else round(epoch, 3)
