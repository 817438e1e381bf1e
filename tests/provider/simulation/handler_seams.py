"""Where the handler touches the world: its side effects, its clients' pauses and its log, put into virtual time."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import aws_calls
import index
import pytest

from simulation.client_seams import patch_clients
from simulation.network import Network, client

if TYPE_CHECKING:
    from simulation.world import World


class Log:
    """Standard output of the function: JSON lines, none of which may tell a secret."""

    def __init__(self, world: World) -> None:
        self.world = world

    def write(self, text: str) -> None:
        """Take a line."""
        if "X-Amz-Signature" in text:
            self.world.violation("secret told", text)
        if '"level": "WARNING"' in text or '"level": "ERROR"' in text:
            self.world.note(f"log {text.strip()}")

    def flush(self) -> None:
        """Nothing to do."""


class Seams:
    """Enters a world and leaves it again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.patches = pytest.MonkeyPatch()

    def __enter__(self) -> World:
        world, patch = self.world, self.patches
        random.seed(world.seed)  # the jitter of boto3's pauses
        patch_clients(patch, world.time, random.Random(world.seed))
        patch.setattr(index, "AwsCalls", world.function.calls)
        patch.setattr(sys, "stdout", Log(world))
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IOT_WIRELESS", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        patch.setattr(aws_calls, "_client", client)
        patch.setattr(Network, "current", world.network, raising=False)
        return world

    def __exit__(self, *_: Any) -> None:
        self.patches.undo()
