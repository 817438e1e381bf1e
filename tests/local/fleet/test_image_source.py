"""The image of a session is read out of the local cloud's S3 as the FirmwareUpdateRole may, and not otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .image_operator import IMAGE, TRUST, Operator, allow

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_devices_receive_the_object_in_the_bucket(operator: Operator) -> None:
    assert operator.run(operator.role()) == ("FuotaDone", {"Successful": 3}, None)


WRONG: list[tuple[Callable[[Operator], tuple[str, str]], str]] = [
    (lambda _: ("arn:aws:iam::000000000000:role/nobody", "s3://images/v2.bin"), "role/nobody does not exist"),
    (lambda _: ("nobody", "s3://images/v2.bin"), "FirmwareUpdateRole is 'nobody'; it must be the ARN of an IAM role"),
    (lambda _: ("arn:aws:iam::999999999999:role/x", "s3://images/v2.bin"), "is in another account than the task"),
    (lambda op: (op.role(), "s3://images/v3.bin"), "there is no object s3://images/v3.bin"),
    (
        lambda op: (op.role(), "s3://nowhere-at-all/v2.bin"),
        "bucket nowhere-at-all of s3://nowhere-at-all/v2.bin does not",
    ),
    (lambda op: (op.role(), "images/v2.bin"), "FirmwareUpdateImage is 'images/v2.bin'; it must be s3://bucket/key"),
    (
        lambda op: (op.role(allow("s3:GetObject", "arn:aws:s3:::images/v1.bin")), "s3://images/v2.bin"),
        "is not authorized to perform s3:GetObject on arn:aws:s3:::images/v2.bin",
    ),
    (
        lambda op: (op.role(allow("s3:*", "*"), allow("s3:GetObject", "*", "Deny")), "s3://images/v2.bin"),
        "is not authorized to perform s3:GetObject",
    ),
    (
        lambda op: (op.role(trust={**TRUST, "Principal": {"Service": "iot.amazonaws.com"}}), "s3://images/v2.bin"),
        "does not let iotwireless.amazonaws.com assume it",
    ),
    (
        lambda op: (
            op.role(trust={**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "0" * 12}}}),
            "s3://images/v2.bin",
        ),
        "does not let iotwireless.amazonaws.com assume it",
    ),
]


@pytest.mark.parametrize(("wrong", "problem"), WRONG)
def test_a_wrong_role_key_or_bucket_ends_done_and_with_nobody_updated(
    operator: Operator, wrong: Callable[[Operator], tuple[str, str]], problem: str
) -> None:
    status, devices, found = operator.run(*wrong(operator))
    assert (status, devices) == ("FuotaDone", {"Initial": 3})
    assert found is not None
    assert problem in found


def test_a_bucket_policy_can_forbid_it(operator: Operator) -> None:
    operator.s3.create_bucket(Bucket="closed", CreateBucketConfiguration={"LocationConstraint": operator.cloud.region})
    operator.s3.put_object(Bucket="closed", Key="v2.bin", Body=IMAGE)
    forbidden = {**allow("s3:GetObject", "arn:aws:s3:::closed/*", "Deny"), "Principal": "*"}
    operator.s3.put_bucket_policy(
        Bucket="closed", Policy=json.dumps({"Version": "2012-10-17", "Statement": [forbidden]})
    )
    status, devices, problem = operator.run(operator.role(allow("s3:*", "*")), "s3://closed/v2.bin")
    assert (status, devices) == ("FuotaDone", {"Initial": 3})
    assert "s3:GetObject" in str(problem)


def test_a_bucket_of_another_region_is_refused(operator: Operator) -> None:
    elsewhere = operator.cloud.client("s3", region="us-west-2")
    elsewhere.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    elsewhere.put_object(Bucket="far", Key="v2.bin", Body=IMAGE)
    problem = operator.run(operator.role(allow("s3:*", "*")), "s3://far/v2.bin")[2]
    assert "bucket far is in us-west-2" in str(problem)
