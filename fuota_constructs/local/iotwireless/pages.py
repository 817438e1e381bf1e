"""Lists in pages: MaxResults and NextToken."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fuota_constructs.local.iotwireless.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fuota_constructs.local.iotwireless.operations import Call


class Numbered(Protocol):
    """What can be listed in pages: it has its place in the order for good."""

    @property
    def serial(self) -> int:
        """The place."""


Item = TypeVar("Item", bound=Numbered)


def page(
    call: Call,
    member: str,
    resources: Iterable[Item],
    describe: Callable[[Item], dict[str, Any]],
) -> dict[str, Any]:
    """Answer one page of resources, oldest first, and the token of the next page if there is one.

    MaxResults 0, which the model allows, counts as not given (assumed). A token belongs to its operation and its
    filters, and stays good while resources come and go.
    """
    size = call.request.get("MaxResults") or call.settings.page_size
    after = _serial_of(call) if call.request.get("NextToken") else 0
    following = sorted((item for item in resources if item.serial > after), key=lambda item: item.serial)
    shown = following[:size]
    return {
        member: [describe(item) for item in shown],
        "NextToken": _token(call, shown[-1].serial) if len(following) > size else None,
    }


def _subject(call: Call) -> list[Any]:
    filters = {name: value for name, value in call.request.items() if name not in {"MaxResults", "NextToken"}}
    return [call.operation, sorted(filters.items())]


def _token(call: Call, serial: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([*_subject(call), serial]).encode()).decode()


def _serial_of(call: Call) -> int:
    token = call.request["NextToken"]
    try:
        operation, filters, serial = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        if [operation, [tuple(pair) for pair in filters]] == _subject(call) and isinstance(serial, int):
            return serial
    except (ValueError, TypeError, RecursionError):
        pass
    raise invalid(f"NextToken {token[:40]!r} is not one that {call.operation} gave for these parameters")
