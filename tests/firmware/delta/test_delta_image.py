"""Deltas of firmware files: what of the base counts, what is refused, and what the rules say."""

import dataclasses
import hashlib
import random
import struct
from pathlib import Path

import pytest
from image_files import esp_image, program

from fuota_constructs.firmware.delta import apply_patch, make_patch, read_patch
from fuota_constructs.firmware.delta.delta_image import DeltaImage, delta_of
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.rules import TaskPlan, findings_in

EXAMPLE = Path(__file__).parents[3] / "firmware"
SENSOR, SUCCESSOR = ((EXAMPLE / f"sensor-{version}.bin").read_bytes() for version in ("1.1.0", "1.2.0"))
ELF = b"\x7fELF\x01\x01\x01" + bytes(200)


def found(delta: DeltaImage) -> dict[str, tuple[str, str]]:
    """The findings about a delta, by rule, those of its target's file aside."""
    plan = TaskPlan(image_bytes=len(delta.patch.data) if delta.patch else None, image_delta=delta)
    return {finding.rule: (finding.level, finding.message) for finding in findings_in(plan) if "delta" in finding.rule}


def mcuboot(payload: bytes, *, flags=0, version=(1, 2)) -> bytes:
    """An image with its digest and no signature, to the letter of the format."""
    head = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 512, 0, len(payload), flags, *version, 0, 0, 0) + bytes(480)
    digest = hashlib.sha256(head + payload).digest()
    return head + payload + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + digest


def test_a_delta_of_two_builds() -> None:
    delta = delta_of(SENSOR, SUCCESSOR)
    assert delta.patch is not None
    assert apply_patch(SENSOR, delta.patch.data) == SUCCESSOR
    assert (delta.base_bytes, delta.base_sha256) == (len(SENSOR), hashlib.sha256(SENSOR).hexdigest())
    assert delta.ratio > 30
    assert found(delta) == {}


@pytest.mark.parametrize("option", ["--pad", "--confirm"])
def test_the_base_of_mcuboot_is_header_to_last_tlv(imgtool, option) -> None:
    """Confirming writes into the slot's trailer: a delta against the padded file would fail on the device."""
    key = imgtool.key("ed25519")  # its signatures are the same each time
    plain, padded = imgtool.sign("--key", key), imgtool.sign("--key", key, option)
    target = imgtool.sign("--key", key, version="2.5.0", payload=program()[:9000] + b"more" + program()[9000:])
    delta, same = delta_of(padded, target), delta_of(plain, target)
    assert delta.patch == same.patch
    assert (delta.base_bytes, delta.base_sha256) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert apply_patch(plain, delta.patch.data) == target


@pytest.mark.parametrize(
    ("decoder", "compression"),
    [("detools", "heatshrink"), ("detools-heatshrink", "heatshrink"), ("detools-crle", "crle")],
)
def test_a_decoder_reads_the_patch_that_is_made_for_it(decoder, compression) -> None:
    delta = delta_of(SENSOR, SUCCESSOR, decoder=decoder)
    assert read_patch(delta.patch.data).compression == compression
    assert apply_patch(SENSOR, delta.patch.data) == SUCCESSOR


@pytest.mark.parametrize(
    ("base", "target", "reason"),
    [
        (SENSOR, SENSOR, "base and target are the same"),
        (mcuboot(SENSOR) + b"\xff" * 3000, mcuboot(SENSOR), "base and target are the same"),
        (ELF, SUCCESSOR, "the base is an ELF file (linker output), which no device has in flash: give"),
        (SENSOR, ELF, "the target is an ELF file (linker output), which no device has in flash: give"),
        (b"", SUCCESSOR, "the base is empty"),
        (SENSOR, b"", "the target is empty"),
        (mcuboot(SENSOR)[:-10], mcuboot(SUCCESSOR), "the base is cut off: 10 bytes of its MCUboot image are missing"),
        (mcuboot(SENSOR), mcuboot(SUCCESSOR)[:-2000], "the target is cut off: "),
        (mcuboot(SENSOR)[:-1] + b"?", mcuboot(SUCCESSOR), "the base does not have the digest that it carries"),
        (mcuboot(SENSOR, flags=4), mcuboot(SUCCESSOR), "the base is encrypted"),
        (mcuboot(SENSOR), mcuboot(SUCCESSOR, flags=8), "the target is encrypted"),
        (make_patch(SENSOR, SUCCESSOR).data, SUCCESSOR, "the base is a detools patch (heatshrink) itself"),
        (SENSOR, b"BSDIFF40" + bytes(30), "the target is a bsdiff patch itself"),
        (SENSOR, SUCCESSOR * 800, "the target has 18291200 bytes, and no device that this is for has over 16777216"),
        (b"\xff" * 1_048_576, SUCCESSOR, "the base is 1048576 bytes of repetition"),
        (SENSOR, b"\0" * 1_048_576, "the target is 1048576 bytes of repetition"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fails_for_files_that_no_delta_is_made_of(base, target, reason) -> None:
    delta = delta_of(base, target)
    assert delta.patch is None
    assert delta.obstacle.startswith(reason)
    level, message = found(delta)["delta-files"]
    assert level == "error"
    assert f"there is no delta from base to target: {reason}" in message


@pytest.mark.parametrize("compression", ["heatshrink", "crle"])
def test_a_patch_that_is_given_as_an_image_is_warned_of(compression) -> None:
    """Nobody can say what it needs and what it makes."""
    facts = read_image(make_patch(SENSOR, SUCCESSOR, compressions=[compression]).data)
    assert (facts.format, facts.unpacked_bytes) == ("detools", len(SUCCESSOR))
    [finding] = findings_in(TaskPlan(image_bytes=facts.size_bytes, image_facts=facts))
    assert (finding.rule, finding.level) == ("delta-files", "warning")
    assert f"a detools patch ({compression}), which makes 22864 bytes of a base" in finding.message


def test_a_padded_target_is_refused_as_every_padded_image_is() -> None:
    delta = delta_of(mcuboot(SENSOR), mcuboot(SUCCESSOR) + b"\xff" * 50_000)
    plan = TaskPlan(image_bytes=len(delta.patch.data), image_facts=delta.target, image_delta=delta)
    assert [finding.rule for finding in findings_in(plan) if finding.level == "error"] == ["image-padded"]


def test_fails_where_the_patch_is_no_smaller() -> None:
    rng = random.Random(3)
    level, message = found(delta_of(rng.randbytes(5000), rng.randbytes(5000)))["delta-ratio"]
    assert level == "error"
    assert "send the whole image" in message


@pytest.mark.parametrize(("size", "level"), [(4999, "warning"), (5000, "error")])
def test_fails_from_the_size_of_the_target_on(size: int, level: str) -> None:
    rng = random.Random(3)
    delta = delta_of(rng.randbytes(5000), rng.randbytes(5000))
    assert delta.patch is not None
    as_large = dataclasses.replace(delta, patch=dataclasses.replace(delta.patch, data=bytes(size)))
    assert found(as_large)["delta-ratio"][0] == level


def test_a_small_gain_is_warned_of() -> None:
    rng = random.Random(3)
    half = rng.randbytes(3000)
    delta = delta_of(half + rng.randbytes(7000), half + rng.randbytes(7000))
    assert 1 < delta.ratio < 1.5
    level, message = found(delta)["delta-ratio"]
    assert level == "warning"
    assert f"the patch has {len(delta.patch.data)} bytes and the whole target 10000" in message


def test_two_kinds_of_files_are_warned_of() -> None:
    level, message = found(delta_of(SENSOR, mcuboot(SUCCESSOR)))["delta-files"]
    assert level == "warning"
    assert "the base is a file of the kind raw Cortex-M program and the target of the kind MCUboot image" in message


def test_a_target_that_is_no_newer_is_warned_of() -> None:
    newer, older = (mcuboot(data, version=version) for data, version in ((SUCCESSOR, (1, 3)), (SENSOR, (1, 2))))
    assert found(delta_of(older, newer)) == {}
    for base, target in ((newer, older), (newer, mcuboot(SENSOR, version=(1, 3)))):
        level, message = found(delta_of(base, target))["delta-files"]
        assert level == "warning"
        assert "not above the 1.3.0+0 of the base" in message


def test_two_products_are_warned_of() -> None:
    lamp = delta_of(esp_image(), esp_image(payload=b"\x11" * 900 + bytes(range(100)), version=b"v1.5.0"))
    assert found(lamp) == {}
    meter = dataclasses.replace(lamp, target=lamp.target._replace(product="meter"))
    level, message = found(meter)["delta-files"]
    assert level == "warning"
    assert "the base is the product 'street-lamp' and the target 'meter'" in message
