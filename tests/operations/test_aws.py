"""Requests keep to the quota of the service that has one of ten a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws

    from .conftest import Clock


def test_only_requests_of_iot_wireless_wait_for_its_quota(aws: Aws, clock: Clock) -> None:
    began = clock()
    for _ in range(20):
        aws.s3.list_buckets()
    assert clock() == began
    for _ in range(20):
        aws.iotwireless.list_fuota_tasks()
    assert clock() >= began + 2
