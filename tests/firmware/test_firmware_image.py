"""FirmwareImage: read at birth, refused with what to do."""

import hashlib
import re
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm

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


def test_asset_path_may_be_below_the_home_directory(tmp_path, monkeypatch):
    (tmp_path / "fw.bin").write_bytes(b"x")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FirmwareImage.from_asset("~/fw.bin").path == tmp_path / "fw.bin"
    with pytest.raises(FuotaValidationError, match=re.escape(f"image {str(tmp_path / 'fw')!r} does not exist;")):
        FirmwareImage.from_asset("~/fw")


def test_fails_when_a_home_directory_is_not_known():
    with pytest.raises(FuotaValidationError, match=r"'~nobody-has-this-name/fw.bin' is below a home directory"):
        FirmwareImage.from_asset("~nobody-has-this-name/fw.bin")


def test_fails_for_a_name_that_is_looked_up_after_the_run_and_says_what_helps(app):
    """Of a file that nobody has named yet nothing is known; `s3_assets.Asset` refuses it, too."""
    here = cdk.Stack(app, "Here", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    version = ssm.StringParameter.value_from_lookup(here, "/fleet/version")
    with pytest.raises(
        FuotaValidationError, match="is looked up after this run only; give value_from_lookup a default"
    ):
        FirmwareImage.from_asset(f"sensor-{version}.bin")


def test_fails_with_the_folder_a_missing_file_was_looked_for_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    where = re.escape(f"firmware image 'fw.bin' does not exist in {str(tmp_path)!r}, where it was looked for; build")
    with pytest.raises(FuotaValidationError, match=where):
        FirmwareImage.from_asset("fw.bin")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "path is None; give the path of a file"),
        ("", "path is ''; give the path of a file"),
        (
            "s3://acme/v2/fw.bin",
            "from_bucket(s3.Bucket.from_bucket_name(self, 'Bucket', 'acme'), 'v2/fw.bin')",
        ),
        (b"firmware", "path is b'firmware'; give"),
        (7, "path is 7; give"),
        ("fw\0.bin", "cannot be read (embedded null byte)"),
    ],
)
def test_fails_when_the_path_is_none(path, message):
    with pytest.raises(FuotaValidationError, match=re.escape(message)) as raised:
        FirmwareImage.from_asset(path)
    assert raised.value.rule == "image-file"


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


@pytest.mark.parametrize("key", ["", "k" * 1025, "ü" * 513, "\ud800", 7, None])
def test_fails_when_key_is_impossible(stack, key):
    with pytest.raises(FuotaValidationError, match="image-key"):
        FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), key)


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("s3://acme/meters/2.4.1.bin", "give 'meters/2.4.1.bin'"),
        ("S3://acme/meters/2.4.1.bin", "give 'meters/2.4.1.bin'"),
        ("S3:/acme/2.4.1.bin", "give '2.4.1.bin'"),  # as the Developer Guide prints it
        ("/meters/2.4.1.bin", "give 'meters/2.4.1.bin'"),
        ("//2.4.1.bin", "give '2.4.1.bin'"),
        ("arn:aws:s3:::acme/meters/2.4.1.bin", "give 'meters/2.4.1.bin'"),
        ("arn:aws-cn:s3:::acme/2.4.1.bin", "give '2.4.1.bin'"),
        ("https://acme.s3.eu-west-1.amazonaws.com/2.4.1.bin", "give '2.4.1.bin'"),
        ("s3://acme", "give the key inside the bucket"),
        ("/", "give the key inside the bucket"),
    ],
)
def test_fails_when_key_leads_to_the_bucket_once_more(stack, key, remedy):
    with pytest.raises(FuotaValidationError, match="image-key") as raised:
        FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), key)
    assert str(raised.value).endswith(f"key is {key!r}; leave out what leads to the bucket: {remedy}")


def test_fails_when_key_names_a_version(stack):
    with pytest.raises(FuotaValidationError, match=r"key names the version 'a.b', .*; give 'meter.bin', and"):
        FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), "meter.bin?versionId=a.b")


@pytest.mark.parametrize("wrong", [s3.Bucket, "acme", None])
def test_fails_for_what_is_no_bucket(wrong):
    with pytest.raises(FuotaValidationError, match=r"image-bucket: bucket is .*; give a bucket, such as"):
        FirmwareImage.from_bucket(wrong, "meter.bin")


@pytest.mark.parametrize("key", ["s3", "arn", "http/1.bin", "s3-images/1.bin", "a/s3://b"])
def test_takes_keys_that_only_look_alike(stack, key):
    assert FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), key).key == key


@pytest.mark.parametrize("bucket", ["acme", None])
def test_fails_when_bucket_is_no_construct(bucket):
    with pytest.raises(FuotaValidationError, match=r"image-bucket: .*from_bucket_name"):
        FirmwareImage.from_bucket(bucket, "key")


def test_fails_when_bucket_is_another_construct(stack):
    with pytest.raises(FuotaValidationError, match=r"bucket is a User \(Stack/User\); give a bucket"):
        FirmwareImage.from_bucket(iam.User(stack, "User"), "key")


def test_an_l1_bucket_is_taken(stack):
    l1 = s3.CfnBucket(stack, "Taken")
    image = FirmwareImage.from_bucket(l1, "key")
    assert image.bucket is FirmwareImage.from_bucket(l1, "other").bucket
    view = s3.Bucket.from_cfn_bucket(l1)
    for name, bucket in (("A", l1), ("B", view)):
        FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket=bucket)


def test_fails_when_file_changes_during_the_synth(stack, tmp_path):
    file = tmp_path / "fw.bin"
    file.write_bytes(b"one")
    image = FirmwareImage.from_asset(file)
    file.write_bytes(b"two")
    with pytest.raises(FuotaValidationError, match="changed during the synth"):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
