"""The errors the local IoT Wireless service answers, named as AWS names them."""

from __future__ import annotations

from typing import Any

# Errors of the wire protocol, not of the service's model: their HTTP status cannot be read from the model.
UNKNOWN_OPERATION = "UnknownOperationException"
NOT_IMPLEMENTED = "NotImplementedByLocalCloud"
PROTOCOL_STATUS = {UNKNOWN_OPERATION: 404, NOT_IMPLEMENTED: 501}


class ServiceError(Exception):
    """An error answer: its code, its message and the other members of its shape."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


def invalid(message: str) -> ServiceError:
    """Say that the request itself cannot be right, whatever the state of the resources."""
    return ServiceError("ValidationException", message)


def not_found(kind: str, identifier: str) -> ServiceError:
    """Say that a resource does not exist in this account and region."""
    message = f"{kind} with id {identifier!r} does not exist in this account and region"
    return ServiceError("ResourceNotFoundException", message, ResourceId=identifier, ResourceType=kind)


def conflict(kind: str, identifier: str, message: str) -> ServiceError:
    """Say that the state of a resource forbids the request."""
    return ServiceError("ConflictException", message, ResourceId=identifier, ResourceType=kind)


def denied(message: str) -> ServiceError:
    """Say that the caller may not do this."""
    return ServiceError("AccessDeniedException", message)


def throttled(operation: str) -> ServiceError:
    """Say that the caller was faster than the quota of the operation."""
    return ServiceError("ThrottlingException", f"rate exceeded for {operation}")


def not_implemented(operation: str) -> ServiceError:
    """Say that AWS has this operation and the local cloud does not.

    HTTP 501: a server's gap, so not a 4xx that reads like the caller's mistake, and the one 5xx status that
    boto3 does not retry (botocore/retries/standard.py retries 500, 502, 503 and 504).
    """
    return ServiceError(NOT_IMPLEMENTED, f"{operation} is not implemented by the local cloud")
