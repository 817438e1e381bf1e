"""Firmware objects: what is written, what comes again, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.response import StreamingBody
from bucket_rig import IMAGE, statement

if TYPE_CHECKING:
    from bucket_rig import Buckets
    from lambda_rig import Clock, Rig


def test_the_image_is_put_under_its_key(rig: Rig, buckets: Buckets) -> None:
    request = buckets.request()
    key = request["ResourceProperties"]["DestinationKey"]
    answer = rig.send(request)
    assert answer.status == "SUCCESS", answer.reason
    assert answer.physical_id == f"s3://fleet-firmware/{key}"
    assert answer.data == {"Uri": f"s3://fleet-firmware/{key}", "Bucket": "fleet-firmware", "Key": key}
    assert buckets.read(key) == IMAGE


def test_r08_the_same_event_twice_writes_once(rig: Rig, buckets: Buckets) -> None:
    request = buckets.request(b"an image of this test alone")
    first, second = rig.send(request), rig.send(request)
    assert (first.status, second.status) == ("SUCCESS", "SUCCESS")
    assert first.physical_id == second.physical_id
    key = request["ResourceProperties"]["DestinationKey"]
    assert len(buckets.s3.list_object_versions(Bucket=buckets.destination, Prefix=key)["Versions"]) == 1


def test_r15_another_image_is_another_resource_and_the_former_one_stays(rig: Rig, buckets: Buckets) -> None:
    old, new = buckets.request(), buckets.request(b"the next firmware")
    old_id = rig.send(old).physical_id
    update = {
        "RequestType": "Update",
        "PhysicalResourceId": old_id,
        "OldResourceProperties": old["ResourceProperties"],
    }
    answer = rig.send(new, **update)
    assert (answer.status, answer.physical_id == old_id) == ("SUCCESS", False)
    deleted = rig.send(old, RequestType="Delete", PhysicalResourceId=old_id)
    assert (deleted.status, deleted.physical_id, deleted.data) == ("SUCCESS", old_id, {})
    assert buckets.read(old["ResourceProperties"]["DestinationKey"]) == IMAGE


def test_r17_a_rollback_finds_the_former_image_even_without_its_asset(rig: Rig, buckets: Buckets) -> None:
    old, new = buckets.request(), buckets.request(b"the next firmware")
    old_id, new_id = rig.send(old).physical_id, rig.send(new).physical_id
    buckets.s3.delete_object(Bucket=buckets.source, Key=old["ResourceProperties"]["SourceKey"])
    answer = rig.send(old, RequestType="Update", PhysicalResourceId=new_id)
    assert (answer.status, answer.physical_id) == ("SUCCESS", old_id)


def test_r11_a_failed_create_is_answered_with_the_marker_whose_delete_succeeds(rig: Rig, buckets: Buckets) -> None:
    answer = rig.send(buckets.request(SizeBytes="5"))
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert rig.send(buckets.request(), RequestType="Delete", PhysicalResourceId=answer.physical_id).status == "SUCCESS"


def test_r06_a_failed_update_keeps_its_id(rig: Rig, buckets: Buckets) -> None:
    answer = rig.send(buckets.request(SizeBytes="5"), RequestType="Update", PhysicalResourceId="s3://a/b")
    assert (answer.status, answer.physical_id) == ("FAILED", "s3://a/b")


def test_a_delete_without_an_id_succeeds(rig: Rig, buckets: Buckets) -> None:
    answer = rig.send(buckets.request(), RequestType="Delete")
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
    answer = rig.send(buckets.request(SizeBytes=str(size)))
    assert answer.status == "FAILED"
    assert "is not the image that was synthesised. Synthesise and deploy again" in answer.reason
    assert message in answer.reason
    assert buckets.keys() == []


def test_fails_without_writing_when_the_asset_has_other_bytes(rig: Rig, buckets: Buckets) -> None:
    answer = rig.send(buckets.request(Sha256="0" * 64))
    assert answer.status == "FAILED"
    assert f"expected are {len(IMAGE)} bytes with {'0' * 64}" in answer.reason
    assert buckets.keys() == []


@pytest.mark.parametrize("found", [b"short", b"x" * len(IMAGE), IMAGE + b"x"])
def test_fails_without_overwriting_other_bytes_under_the_key(rig: Rig, buckets: Buckets, found: bytes) -> None:
    request = buckets.request()
    key = request["ResourceProperties"]["DestinationKey"]
    buckets.s3.put_object(Bucket=buckets.destination, Key=key, Body=found)
    answer = rig.send(request)
    assert answer.status == "FAILED"
    assert (
        f"s3://fleet-firmware/{key} already holds another object. Delete that object and deploy again" in answer.reason
    )
    assert buckets.read(key) == found


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
    answer = rig.send(request)
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
    answer = rig.send(buckets.request())
    assert answer.status == "FAILED"
    assert "was written and reads back differently" in answer.reason


def test_fails_naming_an_asset_that_does_not_exist(rig: Rig, buckets: Buckets, clock: Clock) -> None:
    answer = rig.send(buckets.request(SourceKey="gone.bin"))
    assert answer.status == "FAILED"
    assert answer.reason.startswith("NoSuchKey: ")
    assert "reading s3://cdk-assets/gone.bin, which must exist: publish the assets of this app again" in answer.reason
    assert clock.slept == []


def test_fails_naming_a_bucket_that_does_not_exist(rig: Rig, buckets: Buckets) -> None:
    buckets.allow(statement("s3:*", "*"))
    answer = rig.send(buckets.request(DestinationBucket="no-such-bucket"))
    assert answer.status == "FAILED"
    assert answer.reason.startswith("NoSuchBucket: ")


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
    answer = rig.send(buckets.request(IMAGE, **{name: value}))
    assert answer.status == "FAILED"
    assert answer.reason.startswith(message)


def test_what_the_file_says_of_itself_is_metadata_of_the_object(rig: Rig, buckets: Buckets) -> None:
    said = {"FirmwareVersion": "2.4.0+7", "FirmwareFormat": "mcuboot", "FirmwareDigest": "ab" * 32}
    request = buckets.request(b"an image that says what it is", **said, DeltaBaseSha256="cd" * 32)
    assert rig.send(request).status == "SUCCESS"
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
    assert rig.send(request).status == "SUCCESS"
    key = request["ResourceProperties"]["DestinationKey"]
    assert buckets.s3.head_object(Bucket=buckets.destination, Key=key)["Metadata"] == {}
