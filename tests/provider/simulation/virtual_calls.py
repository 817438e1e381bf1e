"""The side effects of the provider, in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import aws_calls

if TYPE_CHECKING:
    from random import Random

    from simulation.virtual_time import VirtualTime


class World(Protocol):
    """What has a time and a chance of its own."""

    time: VirtualTime
    chance: Random


class VirtualCalls(aws_calls.AwsCalls):
    """Waits in virtual time; the boto3 clients are the real ones."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._in = world

    def now(self) -> float:
        return self._in.time.now

    def epoch(self) -> float:
        return self._in.time.now

    def sleep(self, seconds: float) -> None:
        self._in.time.sleep(seconds)

    def jitter(self, seconds: float) -> float:
        return self._in.chance.uniform(0, seconds)
