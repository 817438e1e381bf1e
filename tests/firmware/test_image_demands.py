"""What is asked of an image by `signed_by`, `replaces` and `max_image_bytes`, as the rules then say it."""

import re
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from image_files import SLOT, esp_image, program, sfu_image, wolfboot_image

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, FuotaValidationError, MulticastGroup, RfRegion
from fuota_constructs.rules import TaskPlan, findings_in

RULES = ("image-signing-key", "image-unsigned", "image-version", "image-too-large")


def image_of(tmp_path, data, **asked):
    file = tmp_path / "update.bin"
    file.write_bytes(data)
    return FirmwareImage.from_asset(file, **asked)


def found(tmp_path, data, **asked):
    """The findings of the rules here, by rule."""
    image = image_of(tmp_path, data, **asked)
    plan = TaskPlan(image_bytes=image.size_bytes, image_facts=image.facts, image_demands=image.demands)
    return {each.rule: (each.level, each.message) for each in findings_in(plan) if each.rule in RULES}


@pytest.fixture(scope="module")
def signed(imgtool, keys):
    return imgtool.sign("--key", keys.file("ecdsa-p256"))


def test_a_task_is_refused_an_image_by_another_key_and_says_what_it_would_have_cost(
    app, stack, tmp_path, keys, signed
) -> None:
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    task = FuotaTask(
        stack,
        "Task",
        firmware_image=image_of(tmp_path, signed, signed_by=keys.public_file("ecdsa-p256", 2)),
        rf_region=RfRegion.EU868,
        fragment_size_bytes=48,
        fragment_interval=cdk.Duration.seconds(60),
        redundancy_percent=30,
        multicast_groups=[group],
    )
    [error] = [each for each in task.findings if each.level == "error"]
    assert error.rule == "image-signing-key"
    assert "not signed by ECDSA-P256 key" in error.message
    assert "(public-ecdsa-p256-2.pem): it is signed by another key (" in error.message
    assert re.search(r"its 56\d fragments would be on the air for 9\.[34] h for nothing", error.message)
    with pytest.raises(RuntimeError, match="image-signing-key"):
        app.synth()


def test_an_image_by_the_key_passes_in_silence(tmp_path, keys, signed) -> None:
    for key in (keys.file("ecdsa-p256"), str(keys.public_file("ecdsa-p256"))):
        assert found(tmp_path, signed, signed_by=key) == {}


@pytest.mark.parametrize(
    ("make", "file_to_give"),
    [
        (program, "with MCUboot give zephyr.signed.bin, with SBSFU the .sfb"),
        (esp_image, "espsecure sign-data --version 2"),
        (lambda: b"some firmware" * 99, "the file that the signing tool of your bootloader writes"),
    ],
)
def test_a_file_without_a_signature_is_an_error_where_one_is_asked_for(tmp_path, keys, make, file_to_give) -> None:
    assert "image-unsigned" not in found(tmp_path, make())
    [(rule, (level, message))] = found(tmp_path, make(), signed_by=keys.file("ecdsa-p256")).items()
    assert (rule, level) == ("image-unsigned", "error")
    assert file_to_give in message
    assert "bytes of it would go on the air for nothing" in message


def test_an_unsigned_mcuboot_image_is_a_warning_and_with_a_key_an_error(tmp_path, imgtool, keys) -> None:
    data = imgtool.sign()
    assert found(tmp_path, data)["image-unsigned"][0] == "warning"
    [(rule, (level, message))] = found(tmp_path, data, signed_by=keys.file("ecdsa-p256")).items()
    assert (rule, level, "zephyr.signed.bin" in message) == ("image-unsigned", "error", True)


def test_what_was_not_verified_is_a_warning_that_says_so(tmp_path, monkeypatch, keys, signed) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    [(rule, (level, message))] = found(tmp_path, signed, signed_by=keys.file("ecdsa-p256")).items()
    assert (rule, level) == ("image-signing-key", "warning")
    assert "its signature is NOT verified" in message
    assert "pip install 'fuota-constructs[verify]'" in message
    [(_, (level, message))] = found(tmp_path, sfu_image(), signed_by=keys.file("ecdsa-p256")).items()
    assert (level, "is NOT checked" in message) == ("warning", True)


@pytest.mark.parametrize("cut", [False, True])
def test_a_damaged_image_has_one_error_not_two(tmp_path, keys, signed, cut) -> None:
    changed = bytearray(signed)
    changed[0x1234] ^= 4
    data = signed[:-1000] if cut else bytes(changed)
    image = image_of(tmp_path, data, signed_by=keys.file("ecdsa-p256"), replaces="9.0.0" if cut else "1.0.0")
    plan = TaskPlan(image_bytes=image.size_bytes, image_facts=image.facts, image_demands=image.demands)
    assert [each.rule for each in findings_in(plan)] == ["image-truncated" if cut else "image-digest"]


def test_a_container_has_its_own_error_alone(tmp_path, keys) -> None:
    elf = b"\x7fELF\x01\x01\x01" + bytes(200)
    image = image_of(tmp_path, elf, signed_by=keys.file("ecdsa-p256"), replaces="1.0.0", max_image_bytes=100)
    plan = TaskPlan(image_bytes=image.size_bytes, image_facts=image.facts, image_demands=image.demands)
    assert [each.rule for each in findings_in(plan)] == ["image-container"]


@pytest.mark.parametrize(
    ("replaces", "level"),
    [  # the image has 2.4.0+7
        ("2.3.9", None),
        ("v2.3", None),
        ("2.3.9+99", None),
        ("2.4.0+6", "warning"),
        ("2.4.0", "error"),
        ("2.4", "error"),
        ("2.4.0+7", "error"),
        ("2.4.0+8", "error"),
        ("2.4.1", "error"),
        ("2.10.0", "error"),
        ("3", "error"),
        (2, None),
    ],
)
def test_a_version_must_be_above_that_it_replaces(tmp_path, signed, replaces, level) -> None:
    findings = found(tmp_path, signed, replaces=replaces)
    assert [each for each, _ in findings.values()] == ([level] if level else [])
    if level == "error":
        assert "the firmware image has version 2.4.0+7," in findings["image-version"][1]
        assert "on the air for nothing. Raise the version" in findings["image-version"][1]


@pytest.mark.parametrize(
    ("version", "level"), [("2.3.0", None), ("2.4.0+7", "error"), ("2.4.0+6", "warning"), ("2.5.0", "error")]
)
def test_a_file_may_be_what_it_replaces(tmp_path, imgtool, signed, version, level) -> None:
    old = tmp_path / "old.bin"
    old.write_bytes(imgtool.sign(version=version, payload=program(seed=5)))
    for replaces in (old, str(old), FirmwareImage.from_asset(old)):
        findings = found(tmp_path, signed, replaces=replaces)
        assert [each for each, _ in findings.values()] == ([level] if level else [])
        if level == "error":
            assert f"old.bin (version {version.partition('+')[0]}+" in findings["image-version"][1]


def test_the_same_firmware_signed_again_is_not_a_new_one(tmp_path, imgtool, keys, signed) -> None:
    old = tmp_path / "old.bin"
    old.write_bytes(imgtool.sign("--key", keys.file("ecdsa-p256", 2)))
    [(rule, (level, message))] = found(tmp_path, signed, replaces=old).items()
    assert (rule, level) == ("image-version", "error")
    assert "holds the same firmware as old.bin (version 2.4.0+7)" in message
    raw = tmp_path / "raw.bin"
    raw.write_bytes(program())
    assert found(tmp_path, program(), replaces=raw)["image-version"][0] == "error"


def test_a_lower_security_counter_is_refused_whatever_the_version(tmp_path, imgtool) -> None:
    old = tmp_path / "old.bin"
    old.write_bytes(imgtool.sign("--security-counter", "9", version="2.3.0", payload=program(seed=5)))
    for counter, expected in (("8", "error"), ("9", None), ("10", None)):
        new = imgtool.sign("--security-counter", counter)
        findings = found(tmp_path, new, replaces=old)
        assert findings.get("image-version", (None,))[0] == expected
        if expected:
            assert "a lower security counter than old.bin (version 2.3.0+0) (8, and 9 before)" in str(findings)


def test_what_cannot_be_compared_is_said(tmp_path, signed) -> None:
    old = tmp_path / "old.bin"
    for new, before, why in (
        (program(), "2.4.0", "there is no version in a file of the kind 'raw Cortex-M program'"),
        (esp_image(version=b"v1.4.2-3-gabc"), "1.4.1", "the version 'v1.4.2-3-gabc' is not of numbers alone"),
        (signed, wolfboot_image(), "one is a file of the kind 'MCUboot image', the other 'wolfBoot image'"),
        (program(), program(seed=5), "there is no version in a file of the kind"),
    ):
        if isinstance(before, bytes):
            old.write_bytes(before)
        [(rule, (level, message))] = [
            each
            for each in found(tmp_path, new, replaces=old if isinstance(before, bytes) else before).items()
            if each[0] == "image-version"
        ]
        assert (rule, level) == ("image-version", "warning")
        assert f"is NOT checked: {why}" in message


@pytest.mark.parametrize(
    ("make", "replaces", "level"),
    [
        (wolfboot_image, "8", None),
        (wolfboot_image, 9, "error"),
        (sfu_image, "2", None),
        (sfu_image, "4", "error"),
        (esp_image, "1.4.1", None),
        (esp_image, "v1.4.2", "error"),
    ],
)
def test_versions_of_other_formats(tmp_path, make, replaces, level) -> None:
    assert found(tmp_path, make(), replaces=replaces).get("image-version", (None,))[0] == level


def test_a_version_that_is_lower_is_told_from_one_that_is_not_above(tmp_path, signed) -> None:
    lower = found(tmp_path, signed, replaces="2.5.0")["image-version"]
    same = found(tmp_path, signed, replaces="2.4.0+7")["image-version"]
    assert [level for level, _ in (lower, same)] == ["error", "error"]
    assert "has version 2.4.0+7, lower than that of " in lower[1]
    assert "has version 2.4.0+7, not above that of " in same[1]


def test_an_image_larger_than_devices_take(tmp_path, signed) -> None:
    assert found(tmp_path, program(), max_image_bytes=20_000) == {}
    [(rule, (level, message))] = found(tmp_path, program(), max_image_bytes=19_999).items()
    assert (rule, level) == ("image-too-large", "error")
    assert "has 20000 bytes, 1 more than devices take (max_image_bytes 19999)" in message
    assert "give a smaller build" in message
    assert found(tmp_path, signed, max_image_bytes=len(signed) - 1)["image-too-large"][0] == "error"


@pytest.mark.parametrize(("spare", "level"), [(0, "warning"), (3135 - 16, "warning"), (3120, None), (50_000, None)])
def test_the_trailer_that_swapping_takes(tmp_path, signed, spare, level) -> None:
    findings = found(tmp_path, signed, max_image_bytes=len(signed) + spare)
    assert findings.get("image-too-large", (None,))[0] == level
    assert found(tmp_path, program(), max_image_bytes=20_000) == {}  # a raw program has no such trailer


def test_padding_is_what_makes_a_slot_too_large(tmp_path, imgtool, keys) -> None:
    data = imgtool.sign("--key", keys.file("ecdsa-p256"), "--pad")
    assert "without the padding behind it, then it fits" in str(found(tmp_path, data, max_image_bytes=SLOT - 1))


def test_a_compressed_image_must_fit_unpacked(tmp_path, imgtool) -> None:
    data = imgtool.sign("--compression", "lzma2", payload=bytes(60_000))
    assert len(data) < 5000
    assert "unpacks to 60000 bytes, more than devices take" in str(found(tmp_path, data, max_image_bytes=59_999))
    assert "image-too-large" not in found(tmp_path, data, max_image_bytes=70_000)


def test_an_image_in_a_bucket_is_compared_by_the_size_it_is_given(stack) -> None:
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")

    def levels(**asked):
        image = FirmwareImage.from_bucket(bucket, "a.bin", **asked)
        plan = TaskPlan(image_bytes=image.size_bytes, image_facts=image.facts, image_demands=image.demands)
        return [each.level for each in findings_in(plan) if each.rule == "image-too-large"]

    assert levels(size_bytes=100, max_image_bytes=100) == []
    assert levels(size_bytes=101, max_image_bytes=100) == ["error"]
    assert levels(max_image_bytes=100) == ["warning"]
    assert levels(size_bytes=cdk.Token.as_number({"Ref": "Size"}), max_image_bytes=100) == []
    assert levels() == []


@pytest.mark.parametrize(
    ("asked", "rule", "reason"),
    [
        ({"signed_by": 7}, "image-signing-key", "signed_by is 7; give the path of the key"),
        ({"signed_by": ""}, "image-signing-key", "cannot be read"),
        ({"signed_by": "none.pem"}, "image-signing-key", "signed_by 'none.pem' cannot be read (No such file"),
        ({"signed_by": "~nobody-has-this-name/key.pem"}, "image-signing-key", "cannot be read"),
        ({"replaces": "2.4.0-rc1"}, "image-version", "which is no version (2.4.0, 2.4.0+7 or 3) and no file that can"),
        ({"replaces": "old.bin"}, "image-version", "replaces is 'old.bin', which is no version"),
        ({"replaces": Path("zero\0")}, "image-version", "which is no version"),
        ({"replaces": 2.4}, "image-version", "replaces is 2.4; give the version that devices have"),
        ({"replaces": True}, "image-version", "replaces is True"),
        ({"replaces": -1}, "image-version", "replaces is -1"),
        ({"max_image_bytes": 0}, "image-too-large", "max_image_bytes is 0; give the bytes that devices take"),
        ({"max_image_bytes": "4096"}, "image-too-large", "max_image_bytes is '4096'"),
        ({"max_image_bytes": 4096.0}, "image-too-large", "max_image_bytes is 4096.0"),
        ({"max_image_bytes": True}, "image-too-large", "max_image_bytes is True"),
        ({"max_image_bytes": cdk.Token.as_number(cdk.Aws.ACCOUNT_ID)}, "image-too-large", "a whole number known now"),
    ],
)
def test_fails_for_a_value_of_a_wrong_kind(tmp_path, asked, rule, reason) -> None:
    with pytest.raises(FuotaValidationError) as raised:
        image_of(tmp_path, program(), **asked)
    assert raised.value.rule == rule
    assert reason in raised.value.message


def test_fails_where_a_bucket_image_is_what_is_replaced(tmp_path, stack) -> None:
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    with pytest.raises(FuotaValidationError, match="replaces is a BucketImage; give the version"):
        image_of(tmp_path, program(), replaces=FirmwareImage.from_bucket(bucket, "a.bin"))


def test_an_image_of_which_nothing_is_asked_loads_nothing_for_it(tmp_path) -> None:
    (tmp_path / "update.bin").write_bytes(program())
    code = f"""
import sys
from fuota_constructs import FirmwareImage
FirmwareImage.from_asset({str(tmp_path / "update.bin")!r})
print(*[name for name in sys.modules if "signing" in name or "demands" in name or name == "cryptography"])
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == []
