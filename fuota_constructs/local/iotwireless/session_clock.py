"""The clock of the service: the machine's, moved forward and, where asked, running faster."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SessionClock:
    """Seconds since the epoch as the service sees them; `real` is the clock underneath."""

    def __init__(self, real: Callable[[], float]) -> None:
        self.real = real
        self._moved = threading.Condition()
        self._awaited: list[float] = []
        self._resets = 0
        self._told: Callable[[str], None] = lambda _: None
        self.reset()

    def reset(self) -> None:
        """Go back to the real time and its speed; nobody waits any longer."""
        with self._moved:
            self.speed = 1.0
            self._shown_at = self._began_at = self.real()
            self._resets += 1
            self._changed()

    def now(self) -> float:
        """The present."""
        return self._shown_at + (self.real() - self._began_at) * self.speed

    @property
    def advanced_seconds(self) -> float:
        """How far it is ahead of the real clock."""
        return self._shown_at - self._began_at + (self.real() - self._began_at) * (self.speed - 1)

    def advance(self, seconds: float) -> None:
        """Move forward."""
        with self._moved:
            self._shown_at += seconds
            self._changed()

    def run(self, speed: float) -> None:
        """Run at another speed from now on."""
        with self._moved:
            now, real = self.now(), self.real()
            self._shown_at, self._began_at, self.speed = now, real, speed
            self._changed()

    def tell(self, told: Callable[[str], None]) -> None:
        """Say how it runs, now and whenever that changes: what it showed at which real time, and its speed."""
        with self._moved:
            self._told = told
            self._changed()

    def _changed(self) -> None:
        self._told(f"{self._shown_at!r} {self._began_at!r} {self.speed!r}")
        self._moved.notify_all()

    def wait_until(self, moment: float) -> None:
        """Come back when it is that late here, however the clock gets there."""
        with self._moved:
            resets = self._resets
            self._awaited.append(moment)
            try:
                while (left := moment - self.now()) > 0 and self._resets == resets:
                    self._moved.wait(left / self.speed)
            finally:
                self._awaited.remove(moment)

    @property
    def next_awaited(self) -> float | None:
        """The earliest moment that somebody waits for; None when nobody waits."""
        with self._moved:
            return min(self._awaited, default=None)
