"""Where the handler touches the world: its side effects, its clients' pauses and its log, put into virtual time."""

from __future__ import annotations

import random
import sys
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aws_calls
import botocore.endpoint
import index
import pytest

from fuota_constructs.local.iotwireless import store
from simulation.network import ACCOUNT, REGION, Network, client

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


def sign(_: object, __: str, request: Any, *___: object, **____: object) -> None:
    """Say whose request it is, as a signature would."""
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261123/{REGION}/iotwireless/x"


class Seams:
    """Enters a world and leaves it again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.patches = pytest.MonkeyPatch()

    def __enter__(self) -> World:
        world, patch = self.world, self.patches
        random.seed(world.seed)  # the jitter of boto3's pauses
        ids = random.Random(world.seed)
        patch.setattr(store, "uuid", SimpleNamespace(uuid4=lambda: uuid.UUID(int=ids.getrandbits(128), version=4)))
        patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=world.time.sleep, time=lambda: world.time.now))
        # What costs most and does not matter here: who asks is always the same, and nobody checks signatures.
        patch.setattr("botocore.useragent.UserAgentString.to_string", lambda _: "simulated")
        patch.setattr("botocore.signers.RequestSigner.sign", sign)
        patch.setattr(index, "AwsCalls", world.function.calls)
        patch.setattr(sys, "stdout", Log(world))
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IOT_WIRELESS", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        # Making clients takes longest of all: they are kept, though not what they remember of former failures.
        patch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda _, __: True)
        patch.setattr(aws_calls, "_client", client)
        patch.setattr(Network, "current", world.network, raising=False)
        return world

    def __exit__(self, *_: Any) -> None:
        self.patches.undo()
