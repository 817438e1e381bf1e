"""Keeps every operation of AWS IoT Wireless under its quota, whoever calls it."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS_PER_SECOND: Final = 9
"""One under the quota of 10 a second per operation (AWS General Reference, AWS IoT Wireless endpoints and quotas)."""


class RequestLimit:
    """Waits before a request that would be one too many of its operation within a second; retries count."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._sent: dict[str, deque[float]] = {}

    def wait_for(self, operation: str) -> None:
        """Return when the operation may be requested; call it right before each request."""
        sent = self._sent.setdefault(operation, deque(maxlen=REQUESTS_PER_SECOND))
        if len(sent) == REQUESTS_PER_SECOND:
            early = sent[0] + 1.0 - self._clock()
            if early > 0:
                self._sleep(early)
        sent.append(self._clock())
