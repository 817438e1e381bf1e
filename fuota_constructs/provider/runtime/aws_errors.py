"""What went wrong with a call to AWS, whatever shape the error has: boto3 has many, and some have no response at all.

Errors are told apart by their shape and name, not by importing boto3: this must work when that import is the failure.
"""

import re
from collections.abc import Mapping
from typing import Any

SERVER_ERROR = 500


def code_of(error: BaseException) -> str:
    """The service's code, for example ConflictException; nothing if the service did not answer."""
    return str(_refusal(error).get("Code") or "")


def message_of(error: BaseException) -> str:
    """The service's message."""
    return str(_refusal(error).get("Message") or "")


def is_answer(error: BaseException) -> bool:
    """Whether the service answered."""
    return "Error" in _response(error)


def request_id_of(error: BaseException) -> str:
    """The id under which AWS knows the call."""
    return str(_metadata(error).get("RequestId", "unknown"))


def is_gone(error: BaseException) -> bool:
    """Whether there is no such resource."""
    return code_of(error) == "ResourceNotFoundException"


def is_refusal(error: BaseException) -> bool:
    """Whether the service certainly did nothing: it said no, or boto3 did not even ask.

    boto3 may have asked more than once: an attempt before the last can have had its effect and lost its answer.
    """
    if type(error).__name__ == "ParamValidationError":
        return True
    metadata = _metadata(error)
    status = metadata.get("HTTPStatusCode", SERVER_ERROR)
    return isinstance(status, int) and status < SERVER_ERROR and not metadata.get("RetryAttempts")


def is_denial(error: BaseException) -> bool:
    """Whether access was denied."""
    return code_of(error) in {"AccessDeniedException", "AccessDenied"}


def may_be_iam_propagation(error: BaseException) -> bool:
    """Whether waiting can heal a refusal: access denied, or a role that cannot be assumed yet.

    That IoT Wireless reports the latter as a ValidationException speaking of assuming the role is assumed.
    """
    message = message_of(error)
    if "explicit deny" in message:
        return False
    if is_denial(error):
        return True
    speaks_of_role = re.search("assume|iam:PassRole|trust", message, re.IGNORECASE)
    return code_of(error) == "ValidationException" and speaks_of_role is not None


def _response(error: BaseException) -> Mapping[str, Any]:
    # Errors of the connection have None here, or an object of botocore's.
    response = getattr(error, "response", None)
    return response if isinstance(response, Mapping) else {}


def _refusal(error: BaseException) -> Mapping[str, Any]:
    refusal = _response(error).get("Error")
    return refusal if isinstance(refusal, Mapping) else {}


def _metadata(error: BaseException) -> Mapping[str, Any]:
    metadata = _response(error).get("ResponseMetadata")
    return metadata if isinstance(metadata, Mapping) else {}
