"""Descriptors that say something."""

import hashlib
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from fuota_constructs import Descriptor, FirmwareImage, FuotaValidationError

EXAMPLE = Path(__file__).parents[2] / "firmware"
BASE, TARGET = (EXAMPLE / f"sensor-{version}.bin" for version in ("1.1.0", "1.2.0"))


@pytest.mark.parametrize(
    ("version", "on_the_air"),
    [("1.3.0.0", "00000301"), ("2.4.0", "00000402"), ("7", "00000007"), ("255.254.253.252", "fcfdfeff")],
)
def test_a_version_is_as_loramac_node_reads_it(version, on_the_air) -> None:
    assert Descriptor.of_version(version).hex() == on_the_air


@pytest.mark.parametrize(
    "version", ["", "2.4.0.0.1", "2.256.0", "v2.4", "2.4.0+7", "2..4", "-1", "2.4\n", None, 2.4, "٢.٤"]
)
def test_fails_for_a_version_that_does_not_fit(version) -> None:
    with pytest.raises(FuotaValidationError, match="give 1 to 4 numbers of 0 to 255 with dots"):
        Descriptor.of_version(version)


def test_a_base_is_named_by_the_begin_of_its_digest() -> None:
    expected = hashlib.sha256(BASE.read_bytes()).digest()[:4]
    image = FirmwareImage.from_asset(BASE)
    for given in (BASE, str(BASE), image, FirmwareImage.delta(base=image, target=TARGET)):
        assert Descriptor.of_base(given) == expected


def test_a_padded_base_has_the_descriptor_of_the_image_in_it(tmp_path) -> None:
    """What is behind the end that the format declares differs from device to device."""
    image = bytes.fromhex("3db8f396") + bytes(4) + b"\x20\0\0\0" + b"\x08\0\0\0" + bytes(16) + b"firmware"
    image += bytes.fromhex("07690400")
    for name, content in (("plain", image), ("padded", image + b"\xff" * 5000)):
        (tmp_path / name).write_bytes(content)
        assert Descriptor.of_base(tmp_path / name) == hashlib.sha256(image).digest()[:4]


def test_fails_for_a_base_that_nobody_has_read() -> None:
    bucket = s3.Bucket(cdk.Stack(), "Bucket")
    with pytest.raises(FuotaValidationError, match="give a delta, or the base as FirmwareImage"):
        Descriptor.of_base(FirmwareImage.from_bucket(bucket, "base.bin"))


@pytest.mark.parametrize("make", [Descriptor.of_version, Descriptor.of_base])
def test_fails_for_a_token_without_its_encoding(make) -> None:
    number = cdk.CfnParameter(cdk.Stack(), "P", type="Number").value_as_number
    with pytest.raises(FuotaValidationError, match="is a value known only at deployment; give"):
        make(number)
