"""Firmware objects in a bucket whose policy insists on the header of their encryption."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bucket_rig import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucket_rig import Buckets
    from lambda_rig import Rig


HEADER = "s3:x-amz-server-side-encryption"
INSISTS = {
    "on the header": {"Null": {HEADER: "true"}},
    "on AES256": {"StringNotEquals": {HEADER: "AES256"}},
    "on KMS": {"StringNotEquals": {HEADER: "aws:kms"}},
}


@pytest.fixture
def insist(buckets: Buckets) -> Iterator[Callable[..., None]]:
    """Gives the bucket a policy that denies writes which do not name their encryption, and a default encryption."""

    def insist(condition: str, **default: str) -> None:
        deny = {
            **statement("s3:PutObject", f"arn:aws:s3:::{buckets.destination}/*", "Deny"),
            "Principal": "*",
            "Condition": INSISTS[condition],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        buckets.s3.put_bucket_policy(Bucket=buckets.destination, Policy=policy)
        rule: Any = {"ApplyServerSideEncryptionByDefault": default}
        buckets.s3.put_bucket_encryption(
            Bucket=buckets.destination, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    yield insist
    buckets.s3.delete_bucket_policy(Bucket=buckets.destination)
    buckets.s3.delete_bucket_encryption(Bucket=buckets.destination)


KMS = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:000000000000:key/fleet"}


@pytest.mark.parametrize(
    ("condition", "default"),
    [
        ("on the header", {"SSEAlgorithm": "AES256"}),
        ("on the header", KMS),
        ("on AES256", {"SSEAlgorithm": "AES256"}),
        ("on KMS", KMS),
    ],
)
def test_a_bucket_that_insists_on_the_header_of_its_encryption_gets_it(
    rig: Rig, buckets: Buckets, insist: Callable[..., None], condition: str, default: dict[str, str]
) -> None:
    insist(condition, **default)
    encryption = statement("s3:GetEncryptionConfiguration", f"arn:aws:s3:::{buckets.destination}")
    buckets.allow(buckets.source_statement, buckets.destination_statement, encryption)
    request = buckets.request()
    assert rig.send(request).status == "SUCCESS"
    written = buckets.s3.head_object(Bucket=buckets.destination, Key=request["ResourceProperties"]["DestinationKey"])
    assert written["ServerSideEncryption"] == default["SSEAlgorithm"]
    assert written.get("SSEKMSKeyId") == default.get("KMSMasterKeyID")


def test_fails_saying_what_a_bucket_that_insists_on_the_header_must_allow(
    rig: Rig, buckets: Buckets, insist: Callable[..., None]
) -> None:
    insist("on the header", SSEAlgorithm="AES256")
    answer = rig.send(buckets.request())
    assert answer.status == "FAILED"
    assert "which is sent if the provider's role may read it (s3:GetEncryptionConfiguration)" in answer.reason


def test_fails_when_the_default_encryption_is_not_what_the_policy_insists_on(
    rig: Rig, buckets: Buckets, insist: Callable[..., None]
) -> None:
    insist("on KMS", SSEAlgorithm="AES256")
    encryption = statement("s3:GetEncryptionConfiguration", f"arn:aws:s3:::{buckets.destination}")
    buckets.allow(buckets.source_statement, buckets.destination_statement, encryption)
    answer = rig.send(buckets.request())
    assert answer.status == "FAILED"
    assert "let it take the bucket's default encryption" in answer.reason
