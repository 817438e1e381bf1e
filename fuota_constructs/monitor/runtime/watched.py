"""What a rule asks for: which task to look at, and where to tell what is seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Watched:
    """The input of one poll, as the rule's target writes it."""

    task_id: str
    namespace: str
    event_bus: str
    rule: str

    @property
    def key(self) -> str:
        """What its polls are remembered under: a task may have several monitors, and a rule another task one day."""
        return f"{self.rule}/{self.task_id}"

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Watched":
        """Read the event.

        Raises:
            KeyError: something is missing; only a caller other than our rule leaves anything out.
        """
        return cls(
            task_id=event["fuotaTaskId"], namespace=event["namespace"], event_bus=event["eventBus"], rule=event["rule"]
        )
