"""FirmwareImage: read at birth, refused with what to do."""

import hashlib
from pathlib import Path

import pytest
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareImage, FuotaTask, FuotaValidationError, RfRegion


def test_asset_is_hashed_and_measured_at_birth(tmp_path):
    file = tmp_path / "sensor 1.1 (ü).bin"
    file.write_bytes(b"firmware")
    image = FirmwareImage.from_asset(file)
    file.write_bytes(b"changed")
    assert image.size_bytes == 8
    assert image.sha256 == hashlib.sha256(b"firmware").hexdigest()
    assert image.key == f"firmware/{image.sha256[:16]}/sensor-1.1----.bin"
    assert repr(image) == f"FirmwareImage.from_asset({str(file)!r})"


def test_asset_path_may_be_text_and_relative(tmp_path, monkeypatch):
    (tmp_path / "fw.bin").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert FirmwareImage.from_asset("fw.bin").path == tmp_path / "fw.bin"


@pytest.mark.parametrize(
    ("make", "rule", "message"),
    [
        (Path.exists, "image-file", "does not exist; build the firmware first"),
        (lambda path: path.mkdir(), "image-file", "is a directory; give the image file in it"),
        (lambda path: path.write_bytes(b""), "image-empty", "is empty; give an image of 1 to 1048576 bytes"),
        (lambda path: path.symlink_to(path), "image-file", "cannot be read"),
    ],
)
def test_fails_when_file_is_missing_empty_a_directory_or_unreadable(tmp_path, make, rule, message):
    path = tmp_path / "fw.bin"
    make(path)
    with pytest.raises(FuotaValidationError) as raised:
        FirmwareImage.from_asset(path)
    assert raised.value.rule == rule
    assert message in raised.value.message
    assert "fw.bin" in raised.value.message


def test_image_in_a_bucket(stack):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    image = FirmwareImage.from_bucket(bucket, "k" * 1024, size_bytes=7)
    assert image.size_bytes == 7
    assert "from_bucket" in repr(image)
    assert FirmwareImage.from_bucket(bucket, "k").size_bytes is None


@pytest.mark.parametrize("key", ["", "k" * 1025, "ü" * 513, 7, None])
def test_fails_when_key_is_impossible(stack, key):
    with pytest.raises(FuotaValidationError, match="image-key"):
        FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), key)


@pytest.mark.parametrize("bucket", ["acme", None])
def test_fails_when_bucket_is_no_construct(bucket):
    with pytest.raises(FuotaValidationError, match=r"image-bucket: .*from_bucket_name"):
        FirmwareImage.from_bucket(bucket, "key")


def test_fails_when_file_changes_during_the_synth(stack, tmp_path):
    file = tmp_path / "fw.bin"
    file.write_bytes(b"one")
    image = FirmwareImage.from_asset(file)
    file.write_bytes(b"two")
    with pytest.raises(FuotaValidationError, match="changed during the synth"):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
