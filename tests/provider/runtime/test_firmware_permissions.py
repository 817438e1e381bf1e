"""Firmware objects under permissions that have not spread yet, or are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bucket_rig import statement

if TYPE_CHECKING:
    from bucket_rig import Buckets
    from lambda_rig import Clock, Rig


def test_fails_without_overwriting_other_bytes_that_could_not_be_read_at_first(
    rig: Rig, buckets: Buckets, clock: Clock
) -> None:
    """A denied read looks like a key that does not exist; the write is then on the condition that it does not."""
    request = buckets.request()
    key = request["ResourceProperties"]["DestinationKey"]
    buckets.s3.put_object(Bucket=buckets.destination, Key=key, Body=b"somebody else's")
    both = buckets.destination_statement
    buckets.allow(buckets.source_statement, {**both, "Action": "s3:PutObject"})
    clock.after(3, buckets.allow_all)
    answer = rig.send(request)
    assert answer.status == "FAILED"
    assert f"s3://fleet-firmware/{key} already holds another object" in answer.reason
    assert buckets.read(key) == b"somebody else's"


def test_r12_permissions_that_have_not_spread_yet_are_waited_for(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    read, both = buckets.source_statement, buckets.destination_statement
    write_only = {**both, "Action": "s3:PutObject"}
    buckets.allow(statement("s3:ListAllMyBuckets", "*"))
    clock.after(3, lambda: buckets.allow(read))
    clock.after(9, lambda: buckets.allow(read, write_only))
    clock.after(14, lambda: buckets.allow(read, both))
    answer = rig.send(buckets.request())
    assert answer.status == "SUCCESS", answer.reason
    assert clock.slept == [5, 5, 5]


@pytest.mark.parametrize("missing", ["source", "destination"])
def test_r12_fails_naming_what_is_denied_after_at_most_90_seconds(
    rig: Rig, buckets: Buckets, clock: Clock, missing: str
) -> None:
    buckets.allow(buckets.destination_statement if missing == "source" else buckets.source_statement)
    answer = rig.send(buckets.request())
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert answer.reason.startswith("AccessDenied: ")
    assert ("reading s3://cdk-assets/" if missing == "source" else "writing s3://fleet-firmware/") in answer.reason
    assert clock.elapsed <= 90


def test_r12_fails_at_once_when_the_denial_is_explicit(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    deny = statement("s3:PutObject", "*", "Deny")
    buckets.allow(buckets.source_statement, buckets.destination_statement, deny)
    answer = rig.send(buckets.request())
    assert answer.status == "FAILED"
    assert "explicit deny" in answer.reason
    assert clock.slept == []


def test_r12_fails_naming_an_object_that_may_not_be_read_back(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    buckets.allow(buckets.source_statement, {**buckets.destination_statement, "Action": "s3:PutObject"})
    answer = rig.send(buckets.request())
    assert answer.status == "FAILED"
    assert answer.reason.startswith("AccessDenied: ")
    assert "reading s3://fleet-firmware/firmware/" in answer.reason
    assert " back. " in answer.reason
