"""The JSON of every command: one shape each, in snake_case, moments in ISO 8601, units in the names.

The shapes are typed dictionaries, and what is published of them, the JSON Schemas in `cli/schemas/`, is made from them:
`python -m fuota_constructs.cli.documents` writes the files anew. A document says in `schema` which one it is.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final = {
    "plan": "plan:Plan",
    "image": "image:Image",
    "delta": "delta:Delta",
    "rehearsal": "rehearsal:Rehearsal",
    "preflight": "task:Preflight",
    "start": "task:Start",
    "status": "task:Status",
    "report": "task:Report",
    "list": "task_list:TaskList",
    "devices": "task_list:Devices",
    "retry": "retry:Retry",
    "rollout-list": "rollout:RolloutList",
    "rollout-status": "rollout:RolloutStatus",
    "rollout-report": "rollout:RolloutReport",
    "rollout-devices": "rollout:RolloutDevices",
    "rollout-said": "rollout:RolloutSaid",
    "local-status": "local:LocalStatus",
    "local-env": "local:LocalEnv",
    "local-faults": "local:LocalFaults",
    "local-fleet": "local:LocalFleet",
    "local-clock": "local:LocalClock",
    "explain": "explain:Explain",
    "doctor": "doctor:Doctor",
}
"""Every document, and the module and class in this folder that describe it."""

VERSIONS: Final = dict.fromkeys(NAMES, 1)
"""Raised when a field goes away or changes its meaning; fields may come without that."""


def identity(name: str) -> str:
    """What a document says of itself, such as `fuota/plan/1`."""
    return f"fuota/{name}/{VERSIONS[name]}"


def as_text(name: str, content: Mapping[str, Any]) -> str:
    """A document, indented."""
    return json.dumps({"schema": identity(name), **content}, indent=2, default=_plain)


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 as every document has a moment."""
    return None if seconds is None else _plain(datetime.fromtimestamp(seconds, UTC))


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
