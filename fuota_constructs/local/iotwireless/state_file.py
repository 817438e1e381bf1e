"""The state of the service in a JSON file."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class StateFile:
    """A file that only its owner can read (devices have keys) and that is replaced in one step."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any] | None:
        """Read what was kept, or None when there is nothing yet."""
        if not self._path.exists():
            return None
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text())
        except ValueError as error:
            raise ValueError(f"{self._path} is not a state file of the local cloud ({error}); delete it") from None
        return kept

    def write(self, state: dict[str, Any]) -> None:
        """Replace the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_name(f"{self._path.name}.unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(state, file)
        unfinished.replace(self._path)
