"""Firmware objects, on a real local S3 that enforces the permissions of the provider's policy and no others."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_calls
import boto3
import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.response import StreamingBody
from lambda_rig import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambda_rig import Answer, Clock, Rig
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
    for key in buckets.keys():  # noqa: SIM118 - not a mapping
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


def sent(rig: Rig, request: dict[str, Any], **changes: Any) -> Answer:
    return rig.send(request, **changes)


def test_the_image_is_put_under_its_key(rig: Rig, buckets: Buckets) -> None:
    request = buckets.request()
    key = request["ResourceProperties"]["DestinationKey"]
    answer = sent(rig, request)
    assert answer.status == "SUCCESS", answer.reason
    assert answer.physical_id == f"s3://fleet-firmware/{key}"
    assert answer.data == {"Uri": f"s3://fleet-firmware/{key}", "Bucket": "fleet-firmware", "Key": key}
    assert buckets.read(key) == IMAGE


def test_r08_the_same_event_twice_writes_once(rig: Rig, buckets: Buckets) -> None:
    request = buckets.request(b"an image of this test alone")
    first, second = sent(rig, request), sent(rig, request)
    assert (first.status, second.status) == ("SUCCESS", "SUCCESS")
    assert first.physical_id == second.physical_id
    key = request["ResourceProperties"]["DestinationKey"]
    assert len(buckets.s3.list_object_versions(Bucket=buckets.destination, Prefix=key)["Versions"]) == 1


def test_r15_another_image_is_another_resource_and_the_former_one_stays(rig: Rig, buckets: Buckets) -> None:
    old, new = buckets.request(), buckets.request(b"the next firmware")
    old_id = sent(rig, old).physical_id
    update = {
        "RequestType": "Update",
        "PhysicalResourceId": old_id,
        "OldResourceProperties": old["ResourceProperties"],
    }
    answer = sent(rig, new, **update)
    assert (answer.status, answer.physical_id == old_id) == ("SUCCESS", False)
    deleted = sent(rig, old, RequestType="Delete", PhysicalResourceId=old_id)
    assert (deleted.status, deleted.physical_id, deleted.data) == ("SUCCESS", old_id, {})
    assert buckets.read(old["ResourceProperties"]["DestinationKey"]) == IMAGE


def test_r17_a_rollback_finds_the_former_image_even_without_its_asset(rig: Rig, buckets: Buckets) -> None:
    old, new = buckets.request(), buckets.request(b"the next firmware")
    old_id, new_id = sent(rig, old).physical_id, sent(rig, new).physical_id
    buckets.s3.delete_object(Bucket=buckets.source, Key=old["ResourceProperties"]["SourceKey"])
    answer = sent(rig, old, RequestType="Update", PhysicalResourceId=new_id)
    assert (answer.status, answer.physical_id) == ("SUCCESS", old_id)


def test_r11_a_failed_create_is_answered_with_the_marker_whose_delete_succeeds(rig: Rig, buckets: Buckets) -> None:
    answer = sent(rig, buckets.request(SizeBytes="5"))
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert sent(rig, buckets.request(), RequestType="Delete", PhysicalResourceId=answer.physical_id).status == "SUCCESS"


def test_r06_a_failed_update_keeps_its_id(rig: Rig, buckets: Buckets) -> None:
    answer = sent(rig, buckets.request(SizeBytes="5"), RequestType="Update", PhysicalResourceId="s3://a/b")
    assert (answer.status, answer.physical_id) == ("FAILED", "s3://a/b")


def test_a_delete_without_an_id_succeeds(rig: Rig, buckets: Buckets) -> None:
    answer = sent(rig, buckets.request(), RequestType="Delete")
    assert (answer.status, answer.physical_id) == ("SUCCESS", "fuota-constructs:create-failed")


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (len(IMAGE) - 1, f"it has more than the {len(IMAGE) - 1} bytes expected"),
        (len(IMAGE) + 1, f"it has {len(IMAGE)} bytes with SHA-256 "),
    ],
)
def test_fails_without_writing_when_the_asset_has_another_size(
    rig: Rig, buckets: Buckets, size: int, message: str
) -> None:
    answer = sent(rig, buckets.request(SizeBytes=str(size)))
    assert answer.status == "FAILED"
    assert "is not the image that was synthesised. Synthesise and deploy again" in answer.reason
    assert message in answer.reason
    assert buckets.keys() == []


def test_fails_without_writing_when_the_asset_has_other_bytes(rig: Rig, buckets: Buckets) -> None:
    answer = sent(rig, buckets.request(Sha256="0" * 64))
    assert answer.status == "FAILED"
    assert f"expected are {len(IMAGE)} bytes with {'0' * 64}" in answer.reason
    assert buckets.keys() == []


@pytest.mark.parametrize("found", [b"short", b"x" * len(IMAGE), IMAGE + b"x"])
def test_fails_without_overwriting_other_bytes_under_the_key(rig: Rig, buckets: Buckets, found: bytes) -> None:
    request = buckets.request()
    key = request["ResourceProperties"]["DestinationKey"]
    buckets.s3.put_object(Bucket=buckets.destination, Key=key, Body=found)
    answer = sent(rig, request)
    assert answer.status == "FAILED"
    assert (
        f"s3://fleet-firmware/{key} already holds another object. Delete that object and deploy again" in answer.reason
    )
    assert buckets.read(key) == found


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
    answer = sent(rig, request)
    assert answer.status == "FAILED"
    assert f"s3://fleet-firmware/{key} already holds another object" in answer.reason
    assert buckets.read(key) == b"somebody else's"


@pytest.mark.parametrize("times", [2, 1000])
def test_a_connection_that_breaks_while_the_image_is_read_is_read_again(
    rig: Rig, buckets: Buckets, clock: Clock, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    read = StreamingBody.read
    broken = iter(range(times))

    def break_off(self: StreamingBody, *amount: Any, **named: Any) -> bytes:
        if next(broken, None) is not None:
            raise ResponseStreamingError(error="connection reset by peer")
        return read(self, *amount, **named)

    request = buckets.request()
    monkeypatch.setattr(StreamingBody, "read", break_off)
    answer = sent(rig, request)
    assert set(clock.slept) == {2}
    assert answer.status == ("SUCCESS" if times == 2 else "FAILED")
    if answer.status == "FAILED":
        assert "connection reset by peer" in answer.reason
        assert "deploy again" in answer.reason


def test_fails_when_the_object_reads_back_differently(
    rig: Rig, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    import firmware_object

    write = firmware_object._write

    def write_and_be_overwritten(image: bytes, wanted: Any, calls: Any) -> None:
        write(image, wanted, calls)
        buckets.s3.put_object(Bucket=wanted.bucket, Key=wanted.key, Body=b"somebody else's")

    monkeypatch.setattr(firmware_object, "_write", write_and_be_overwritten)
    answer = sent(rig, buckets.request())
    assert answer.status == "FAILED"
    assert "was written and reads back differently" in answer.reason


def test_fails_naming_an_asset_that_does_not_exist(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    answer = sent(rig, buckets.request(SourceKey="gone.bin"))
    assert answer.status == "FAILED"
    assert answer.reason.startswith("NoSuchKey: ")
    assert "reading s3://cdk-assets/gone.bin, which must exist: publish the assets of this app again" in answer.reason
    assert clock.slept == []


def test_fails_naming_a_bucket_that_does_not_exist(rig: Rig, buckets: Buckets) -> None:
    buckets.allow(statement("s3:*", "*"))
    answer = sent(rig, buckets.request(DestinationBucket="no-such-bucket"))
    assert answer.status == "FAILED"
    assert answer.reason.startswith("NoSuchBucket: ")


def test_r12_permissions_that_have_not_spread_yet_are_waited_for(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    read, both = buckets.source_statement, buckets.destination_statement
    write_only = {**both, "Action": "s3:PutObject"}
    buckets.allow(statement("s3:ListAllMyBuckets", "*"))
    clock.after(3, lambda: buckets.allow(read))
    clock.after(9, lambda: buckets.allow(read, write_only))
    clock.after(14, lambda: buckets.allow(read, both))
    answer = sent(rig, buckets.request())
    assert answer.status == "SUCCESS", answer.reason
    assert clock.slept == [5, 5, 5]


@pytest.mark.parametrize("missing", ["source", "destination"])
def test_r12_fails_naming_what_is_denied_after_at_most_90_seconds(
    rig: Rig, buckets: Buckets, clock: Clock, missing: str
) -> None:
    buckets.allow(buckets.destination_statement if missing == "source" else buckets.source_statement)
    answer = sent(rig, buckets.request())
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert answer.reason.startswith("AccessDenied: ")
    assert ("reading s3://cdk-assets/" if missing == "source" else "writing s3://fleet-firmware/") in answer.reason
    assert clock.elapsed <= 90


def test_r12_fails_at_once_when_the_denial_is_explicit(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    deny = statement("s3:PutObject", "*", "Deny")
    buckets.allow(buckets.source_statement, buckets.destination_statement, deny)
    answer = sent(rig, buckets.request())
    assert answer.status == "FAILED"
    assert "explicit deny" in answer.reason
    assert clock.slept == []


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
    assert sent(rig, request).status == "SUCCESS"
    written = buckets.s3.head_object(Bucket=buckets.destination, Key=request["ResourceProperties"]["DestinationKey"])
    assert written["ServerSideEncryption"] == default["SSEAlgorithm"]
    assert written.get("SSEKMSKeyId") == default.get("KMSMasterKeyID")


def test_fails_saying_what_a_bucket_that_insists_on_the_header_must_allow(
    rig: Rig, buckets: Buckets, insist: Callable[..., None]
) -> None:
    insist("on the header", SSEAlgorithm="AES256")
    answer = sent(rig, buckets.request())
    assert answer.status == "FAILED"
    assert "which is sent if the provider's role may read it (s3:GetEncryptionConfiguration)" in answer.reason


def test_fails_when_the_default_encryption_is_not_what_the_policy_insists_on(
    rig: Rig, buckets: Buckets, insist: Callable[..., None]
) -> None:
    insist("on KMS", SSEAlgorithm="AES256")
    encryption = statement("s3:GetEncryptionConfiguration", f"arn:aws:s3:::{buckets.destination}")
    buckets.allow(buckets.source_statement, buckets.destination_statement, encryption)
    answer = sent(rig, buckets.request())
    assert answer.status == "FAILED"
    assert "let it take the bucket's default encryption" in answer.reason


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SourceBucket", None, "SourceBucket is required"),
        ("SourceKey", "", "SourceKey is required"),
        ("DestinationBucket", None, "DestinationBucket is required"),
        ("DestinationKey", None, "DestinationKey is required"),
        ("Sha256", "abc", "Sha256 must be 64 hexadecimal digits, got 'abc'"),
        ("SizeBytes", "4 MB", "SizeBytes must be a whole number"),
        ("SizeBytes", str(64 * 1024 * 1024 + 1), "SizeBytes must be at most 67108864, got 67108865"),
    ],
)
def test_r27_fails_naming_the_property(rig: Rig, buckets: Buckets, name: str, value: str | None, message: str) -> None:
    answer = sent(rig, buckets.request(IMAGE, **{name: value}))
    assert answer.status == "FAILED"
    assert answer.reason.startswith(message)


def test_r12_fails_naming_an_object_that_may_not_be_read_back(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    buckets.allow(buckets.source_statement, {**buckets.destination_statement, "Action": "s3:PutObject"})
    answer = sent(rig, buckets.request())
    assert answer.status == "FAILED"
    assert answer.reason.startswith("AccessDenied: ")
    assert "reading s3://fleet-firmware/firmware/" in answer.reason
    assert " back. " in answer.reason


def test_what_the_file_says_of_itself_is_metadata_of_the_object(rig: Rig, buckets: Buckets) -> None:
    said = {"FirmwareVersion": "2.4.0+7", "FirmwareFormat": "mcuboot", "FirmwareDigest": "ab" * 32}
    request = buckets.request(b"an image that says what it is", **said, DeltaBaseSha256="cd" * 32)
    assert sent(rig, request).status == "SUCCESS"
    key = request["ResourceProperties"]["DestinationKey"]
    assert buckets.s3.head_object(Bucket=buckets.destination, Key=key)["Metadata"] == {
        "firmware-version": "2.4.0+7",
        "firmware-format": "mcuboot",
        "firmware-digest": "ab" * 32,
        "delta-base-sha256": "cd" * 32,
    }


@pytest.mark.parametrize("version", ["", "ü", "a\r\nx-amz-acl: public-read", "1 2", "9" * 300])
def test_what_cannot_be_metadata_is_left_out(rig: Rig, buckets: Buckets, version: str) -> None:
    request = buckets.request(f"an image of version {version[:9]}".encode(), FirmwareVersion=version)
    assert sent(rig, request).status == "SUCCESS"
    key = request["ResourceProperties"]["DestinationKey"]
    assert buckets.s3.head_object(Bucket=buckets.destination, Key=key)["Metadata"] == {}
