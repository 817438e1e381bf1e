"""Requests keep to the quota of the service that has one of ten a second, and the time is that of the place."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from fuota_constructs.local import clients
from fuota_constructs.operations import aws as way
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.errors import OperationError

if TYPE_CHECKING:
    from .conftest import Clock


def test_only_requests_of_iot_wireless_wait_for_its_quota(aws: Aws, clock: Clock) -> None:
    began = clock()
    for _ in range(20):
        aws.s3.list_buckets()
    assert clock() == began
    for _ in range(20):
        aws.iotwireless.list_fuota_tasks()
    assert clock() >= began + 2


def test_fails_for_a_local_cloud_that_does_not_tell_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock may be days ahead: ours in the place of it would make of every status another one."""
    monkeypatch.setattr(way, "CLOCK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as busy:
        url = f"http://127.0.0.1:{busy.getsockname()[1]}"
        session = clients.session(access_key="0" * 12, secret_key="s", region="eu-west-1")
        with pytest.raises(OperationError, match=rf"{url} did not tell its time within 0\.2 s: wait until"):
            Aws(session=session, endpoint_url=url).clock()
