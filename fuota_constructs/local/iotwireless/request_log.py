"""The log of requests, so that a test can say "nothing was changed"."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.caller import Caller
    from fuota_constructs.local.iotwireless.model import Operation
    from fuota_constructs.local.iotwireless.response import Response

_KEPT_REQUESTS = 10_000
_KEPT_CHARACTERS = 1024  # of a path: the longest id of the model has 256, and %XX makes three of one


class RequestLog:
    """The last 10,000 requests: what, when, by whom and with which result; never their bodies.

    A path is kept to its first 1,024 characters, so that long ids do not make it large.
    """

    def __init__(self) -> None:
        self._requests: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)

    def add(
        self,
        operation: Operation | None,
        request_line: tuple[str, str],
        response: Response,
        caller: Caller,
        now: float,
    ) -> None:
        """Add a request and its answer."""
        (method, path), (status, headers, _) = request_line, response
        self._requests.append(
            {
                "time": now,
                "operation": operation.name if operation else None,
                "mutates": bool(operation and operation.mutates),
                "method": method,
                "path": path if len(path) <= _KEPT_CHARACTERS else f"{path[:_KEPT_CHARACTERS]}...",
                "status": status,
                "error": headers.get("x-amzn-errortype"),
                "account": caller.account,
                "region": caller.region[:_KEPT_CHARACTERS],
                "accessKeyId": caller.access_key_id[:_KEPT_CHARACTERS],
            }
        )

    def list(self) -> list[dict[str, Any]]:
        """List the requests, oldest first."""
        return list(self._requests)

    def clear(self) -> None:
        """Forget the requests."""
        self._requests.clear()
