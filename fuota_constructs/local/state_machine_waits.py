"""State machines wait by the clock of the service: a bake of two days is over when the clock was moved by two days.

MiniStack sleeps in real time, or by a factor that is set for good before a wait begins; a sleep of it cannot be woken.
"""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless.session_clock import SessionClock

_STEP_FUNCTIONS = "ministack.services.stepfunctions"
SEAMS = (
    (_STEP_FUNCTIONS, "_scaled_sleep", ("seconds",)),
    (_STEP_FUNCTIONS, "_sleep_until", ("iso_ts",)),
    (_STEP_FUNCTIONS, "now_iso", ()),
)


def install(clock: SessionClock) -> None:
    """Have Wait states, and the pauses before a Retry, wait by this clock, and executions begin and end by it."""
    engine: Any = importlib.import_module(_STEP_FUNCTIONS)

    def wait_for(seconds: float) -> None:
        clock.wait_until(clock.now() + seconds)

    def wait_until(timestamp: str) -> None:
        clock.wait_until(datetime.fromisoformat(timestamp).timestamp())

    def now_iso() -> str:
        return f"{datetime.fromtimestamp(clock.now(), UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"

    engine._scaled_sleep = wait_for
    engine.now_iso = now_iso
    engine._sleep_until = wait_until
