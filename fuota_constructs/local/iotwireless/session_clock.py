"""The clock of the service: the machine's, moved forward and, where asked, running faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SessionClock:
    """Seconds since the epoch as the service sees them; `real` is the clock underneath."""

    def __init__(self, real: Callable[[], float]) -> None:
        self.real = real
        self.reset()

    def reset(self) -> None:
        """Go back to the real time and its speed."""
        self.speed = 1.0
        self._shown_at = self._began_at = self.real()

    def now(self) -> float:
        """The present."""
        return self._shown_at + (self.real() - self._began_at) * self.speed

    @property
    def advanced_seconds(self) -> float:
        """How far it is ahead of the real clock."""
        return self._shown_at - self._began_at + (self.real() - self._began_at) * (self.speed - 1)

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._shown_at += seconds

    def run(self, speed: float) -> None:
        """Run at another speed from now on."""
        now, real = self.now(), self.real()
        self._shown_at, self._began_at, self.speed = now, real, speed
