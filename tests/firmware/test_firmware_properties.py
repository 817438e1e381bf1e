"""What the file says of itself, as properties of the custom resources."""

import hashlib

import pytest
from aws_cdk import aws_s3 as s3
from image_files import esp_image, program

from fuota_constructs import FirmwareBucket, FirmwareImage, FuotaTask, FuotaValidationError, RfRegion

TASK, OBJECT = "Custom::FuotaTask", "Custom::FirmwareObject"
NAMES = ("FirmwareVersion", "FirmwareFormat", "FirmwareDigest", "FirmwareKeyHash", "AccessPerImage", "AllowDowngrade")


@pytest.fixture
def image_of(tmp_path):
    def make(data):
        (tmp_path / "update.bin").write_bytes(data)
        return FirmwareImage.from_asset(tmp_path / "update.bin")

    return make


@pytest.fixture
def said(stack, synth):
    """The properties of a task and of the object of its image."""

    def of(image, **given):
        FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **given)
        template = synth(stack)
        copies = template.all(OBJECT)
        copied = template.properties(OBJECT) if copies else {}
        return tuple(
            {name: each[name] for name in NAMES if name in each} for each in (template.properties(TASK), copied)
        )

    return of


def test_version_format_digest_and_key_of_a_signed_image(imgtool, keys, image_of, said) -> None:
    image = image_of(imgtool.sign("--key", keys.file("ecdsa-p256")))
    content = {
        "FirmwareVersion": "2.4.0+7",
        "FirmwareFormat": "mcuboot",
        "FirmwareDigest": image.facts.content_digest,
    }
    assert said(image) == ({**content, "FirmwareKeyHash": image.facts.key_hash}, content)


def test_signing_again_changes_the_file_and_not_the_digest(imgtool, keys, image_of) -> None:
    first, again = (image_of(imgtool.sign("--key", keys.file("ecdsa-p256"))) for _ in range(2))
    assert first.key != again.key
    assert first.facts.content_id == again.facts.content_id


def test_a_raw_program_has_the_digest_of_its_file_and_no_version(image_of, said) -> None:
    digest = hashlib.sha256(program()).hexdigest()
    content = {"FirmwareFormat": "cortex-m", "FirmwareDigest": digest}
    assert said(image_of(program())) == (content, content)


@pytest.mark.parametrize("version", [b"a b", b"${Token[TOKEN.1]}", b"'; rm", b"v1.2\\x"])
def test_a_version_that_is_no_plain_word_stays_out_of_the_template(image_of, said, version) -> None:
    task, copied = said(image_of(esp_image(version=version)))
    assert "FirmwareVersion" not in {**task, **copied}
    assert task["FirmwareFormat"] == "esp"


def test_an_image_in_a_bucket_says_nothing(stack, said) -> None:
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    assert said(FirmwareImage.from_bucket(bucket, "a.bin")) == ({}, {})


def test_access_to_each_image_is_told_to_the_provider(stack, image_of, said) -> None:
    bucket = FirmwareBucket(stack, "Own")
    assert said(image_of(program()), firmware_bucket=bucket)[0]["AccessPerImage"] is True


@pytest.mark.parametrize(
    ("given", "written"), [({}, None), ({"allow_downgrade": False}, None), ({"allow_downgrade": True}, True)]
)
def test_a_downgrade_is_allowed_by_a_property(image_of, said, given, written) -> None:
    assert said(image_of(program()), **given)[0].get("AllowDowngrade") is written


@pytest.mark.parametrize("value", ["yes", 1, []])
def test_fails_for_an_allow_downgrade_that_is_no_flag(stack, image_of, value) -> None:
    with pytest.raises(FuotaValidationError, match=r"allow-downgrade: allow_downgrade is .*; give True or False"):
        FuotaTask(stack, "Task", firmware_image=image_of(program()), rf_region=RfRegion.EU868, allow_downgrade=value)


def test_a_delta_has_the_version_of_its_target_and_is_another_with_another_base(
    tmp_path, imgtool, keys, stack, said
) -> None:
    for name, version, seed in (("old", "2.3.0", 1), ("new", "2.4.0", 1)):
        signed = imgtool.sign("--key", keys.file("ecdsa-p256"), version=version, payload=program(seed=seed))
        (tmp_path / f"{name}.bin").write_bytes(signed)
    target = FirmwareImage.from_asset(tmp_path / "new.bin", signed_by=keys.file("ecdsa-p256"), replaces="2.3.0")
    delta = FirmwareImage.delta(base=tmp_path / "old.bin", target=target)
    assert delta.demands is target.demands
    task, copied = said(delta)
    assert task["FirmwareVersion"] == copied["FirmwareVersion"] == "2.4.0+0"
    assert task["FirmwareDigest"] == delta.sha256
    assert copied["FirmwareDigest"] == target.facts.content_digest
    assert "FirmwareKeyHash" not in task
