"""Where operations are registered by name, and what each of them is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.iotwireless.errors import denied
from fuota_constructs.local.iotwireless.session import SessionPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.iotwireless.caller import Caller
    from fuota_constructs.local.iotwireless.sessions import Sessions
    from fuota_constructs.local.iotwireless.store import RegionalState

Answer = dict[str, Any] | None


@dataclass(frozen=True)
class PassRole:
    """The question whether a caller may hand a role to the service (iam:PassRole)."""

    caller: Caller
    role_arn: str
    operation: str
    service: str = "iotwireless.amazonaws.com"  # value of the condition key iam:PassedToService


@dataclass(frozen=True)
class Settings:
    """What the owner of the service decides about its behaviour."""

    session: SessionPolicy = field(default_factory=SessionPolicy)
    page_size: int = 100  # assumed: AWS documents no default; 250 is the most (shape MaxResults)
    strict_associations: bool = False  # True: a repeated association is a conflict instead of a success


@dataclass(frozen=True)
class Call:
    """One checked request, the state it is about and the moment it arrived."""

    operation: str
    request: dict[str, Any]
    caller: Caller
    state: RegionalState
    now: float
    settings: Settings
    sessions: Sessions
    pass_role: Callable[[PassRole], str | None] | None = None  # a message refuses the role

    def check_pass_role(self) -> None:
        """Refuse a FirmwareUpdateRole the caller may not pass (service authorization reference, iam:PassRole)."""
        role_arn = self.request.get("FirmwareUpdateRole")
        if role_arn is None or self.pass_role is None:
            return
        if message := self.pass_role(PassRole(self.caller, role_arn, self.operation)):
            raise denied(message)


OPERATIONS: dict[str, Callable[[Call], Answer]] = {}


def operation(name: str) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Register a function as the operation of that name."""

    def register(function: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        OPERATIONS[name] = function
        return function

    return register
