"""Two buckets on a real local S3 that enforces the permissions of the provider's policy and no others."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_calls
import boto3
import pytest
from lambda_rig import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

IMAGE = b"\x7fELF firmware " + bytes(range(256)) * 16


def statement(action: str | list[str], resource: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@dataclass
class Buckets:
    """Two buckets, and a provider that may do what its policy says."""

    s3: S3Client
    iam: IAMClient
    user: str
    source: str
    destination: str

    @property
    def source_statement(self) -> dict[str, Any]:
        return statement("s3:GetObject", f"arn:aws:s3:::{self.source}/*")

    @property
    def destination_statement(self) -> dict[str, Any]:
        return statement(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{self.destination}/firmware/*")

    def allow(self, *statements: dict[str, Any]) -> None:
        """Replace the provider's policy."""
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.iam.put_user_policy(UserName=self.user, PolicyName="Provider", PolicyDocument=document)

    def allow_all(self) -> None:
        """Give the provider the two statements of the template."""
        self.allow(self.source_statement, self.destination_statement)

    def request(self, image: bytes = IMAGE, **changes: Any) -> dict[str, Any]:
        """Publish an asset and make the event that asks for it."""
        digest = hashlib.sha256(image).hexdigest()
        self.s3.put_object(Bucket=self.source, Key=f"{digest}.bin", Body=image)
        create = event("create_firmware_object")
        create["ResourceProperties"] = {
            **create["ResourceProperties"],
            "SourceBucket": self.source,
            "SourceKey": f"{digest}.bin",
            "DestinationBucket": self.destination,
            "DestinationKey": f"firmware/{digest[:16]}/meter.bin",
            "Sha256": digest,
            "SizeBytes": str(len(image)),
            **changes,
        }
        return create

    def read(self, key: str) -> bytes:
        """What is under a key of the firmware bucket."""
        return self.s3.get_object(Bucket=self.destination, Key=key)["Body"].read()

    def keys(self) -> list[str]:
        """Every key of the firmware bucket."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.destination).get("Contents", [])]


@pytest.fixture(scope="session")
def buckets_of_session(s3_url: str) -> Buckets:
    s3 = boto3.client("s3", endpoint_url=s3_url)
    iam = boto3.client("iam", endpoint_url=s3_url)
    for bucket in ("cdk-assets", "fleet-firmware"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="fleet-firmware", VersioningConfiguration={"Status": "Enabled"})
    return Buckets(s3, iam, "", "cdk-assets", "fleet-firmware")


@pytest.fixture
def buckets(buckets_of_session: Buckets, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    buckets = buckets_of_session
    for key in buckets.keys():  # noqa: SIM118  # not a mapping
        buckets.s3.delete_object(Bucket=buckets.destination, Key=key)
    buckets.user = f"provider-{secrets.token_hex(4)}"
    buckets.iam.create_user(UserName=buckets.user)
    access = buckets.iam.create_access_key(UserName=buckets.user)["AccessKey"]
    buckets.allow_all()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", access["SecretAccessKey"])
    boto3.DEFAULT_SESSION = None
    aws_calls._client.cache_clear()
    yield buckets
    boto3.DEFAULT_SESSION = None
    aws_calls._client.cache_clear()
