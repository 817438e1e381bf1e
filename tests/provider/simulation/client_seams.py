"""Where boto3 and the local IoT Wireless service touch the world: put into virtual time, and alike for a seed."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.endpoint

from fuota_constructs.local.iotwireless import store

if TYPE_CHECKING:
    import random

    import pytest

    from simulation.virtual_time import VirtualTime

ACCOUNT, REGION = "123456789012", "eu-west-1"


def patch_clients(patch: pytest.MonkeyPatch, time: VirtualTime, ids: random.Random) -> None:
    """Have clients pause in virtual time, and the service draw its ids from `ids`."""
    patch.setattr(store, "uuid", SimpleNamespace(uuid4=lambda: uuid.UUID(int=ids.getrandbits(128), version=4)))
    patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=time.sleep, time=lambda: time.now))
    # What costs most and does not matter here: who asks is always the same, and nobody checks signatures.
    patch.setattr("botocore.useragent.UserAgentString.to_string", lambda _: "simulated")
    patch.setattr("botocore.signers.RequestSigner.sign", sign)
    # Clients are kept, because making them takes longest of all, though not what they remember of former failures.
    patch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda _, __: True)


def sign(_: object, __: str, request: Any, *___: object, **____: object) -> None:
    """Say whose request it is, as a signature would."""
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261123/{REGION}/iotwireless/x"
