"""Faults on order: what goes wrong on AWS now and then goes wrong here when a test asks for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fuota_constructs.local.iotwireless.errors import ServiceError

# The error each fault answers with; "slow" answers late, "lost-answer" does the work and then answers the error.
ERROR_OF_FAULT: dict[str, tuple[str, str] | None] = {
    "throttle": ("ThrottlingException", "rate exceeded (fault on order)"),
    "internal-error": ("InternalServerException", "internal error (fault on order)"),
    "access-denied": ("AccessDeniedException", "user is not authorized (fault on order)"),
    "validation-error": ("ValidationException", "request is not valid (fault on order)"),
    "conflict": ("ConflictException", "resource is busy (fault on order)"),
    "not-found": ("ResourceNotFoundException", "resource does not exist (fault on order)"),
    "lost-answer": ("InternalServerException", "internal error after the work was done (fault on order)"),
    "slow": None,
}
EVERY_OPERATION = "*"


@dataclass
class Fault:
    """One fault: for which operation, what happens, and how often or how long.

    `after_role_created` counts `seconds` from the moment the service first saw the request's FirmwareUpdateRole,
    as a new role takes a while to be known everywhere (IAM is eventually consistent).
    """

    operation: str
    fault: str
    times: int | None = None
    seconds: float | None = None
    delay_seconds: float = 0.0
    after_role_created: bool = False
    message: str | None = None
    ordered_at: float = 0.0

    @property
    def error(self) -> ServiceError | None:
        """Give the error to answer, or None for a fault that only delays."""
        code_and_message = ERROR_OF_FAULT[self.fault]
        if code_and_message is None:
            return None
        code, message = code_and_message
        return ServiceError(code, self.message or message)

    def applies(self, operation: str, now: float, role_first_seen: float | None) -> bool:
        """Tell whether the fault strikes a request."""
        if self.operation not in {operation, EVERY_OPERATION} or self.times == 0:
            return False
        if self.after_role_created:
            return role_first_seen is not None and now < role_first_seen + (self.seconds or 0)
        return self.seconds is None or now < self.ordered_at + self.seconds


class Faults:
    """The faults on order, oldest first."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._role_first_seen: dict[tuple[str, str], float] = {}

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        self._ordered.append(fault)

    def strike(self, operation: str, account: str, request: dict[str, Any], now: float) -> Fault | None:
        """Take the fault that a request runs into, if any; one request runs into one fault."""
        role = request.get("FirmwareUpdateRole")
        seen = self._role_first_seen.setdefault((account, role), now) if isinstance(role, str) else None
        for fault in self._ordered:
            if fault.applies(operation, now, seen):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """List the faults that can still strike by count; those by time stay listed until they are cleared."""
        return [asdict(fault) for fault in self._ordered if fault.times != 0]

    def clear(self) -> None:
        """Cancel every fault, and forget when roles were first seen."""
        self._ordered.clear()
        self._role_first_seen.clear()
