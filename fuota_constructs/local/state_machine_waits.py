"""State machines wait by the clock of the service: a bake of two days is over when the clock was moved by two days.

MiniStack sleeps in real time, or by a factor that is set for good before a wait begins; a sleep of it cannot be woken.
"""

from __future__ import annotations

import importlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.session_clock import SessionClock

_STEP_FUNCTIONS = "ministack.services.stepfunctions"
SEAMS = (
    (_STEP_FUNCTIONS, "_scaled_sleep", ("seconds",)),
    (_STEP_FUNCTIONS, "_sleep_until", ("iso_ts",)),
)


def install(clock: SessionClock) -> None:
    """Have Wait states, and the pauses before a Retry, wait by this clock."""
    engine: Any = importlib.import_module(_STEP_FUNCTIONS)

    def wait_for(seconds: float) -> None:
        clock.wait_until(clock.now() + seconds)

    def wait_until(timestamp: str) -> None:
        clock.wait_until(datetime.fromisoformat(timestamp).timestamp())

    engine._scaled_sleep = wait_for
    engine._sleep_until = wait_until
