"""Patches against those of the reference tool, and against themselves."""

import ast
import hashlib
import json
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuota_constructs.firmware import delta
from fuota_constructs.firmware.delta import (
    DeltaError,
    PatchFormatError,
    apply_patch,
    is_patch,
    make_patch,
    read_patch,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "detools.json").read_text())["vectors"]
EXAMPLE = Path(__file__).parents[3] / "firmware"
SENSOR, SUCCESSOR = ((EXAMPLE / f"sensor-{version}.bin").read_bytes() for version in ("1.1.0", "1.2.0"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each['name']}-{each['compression']}")
def test_the_bytes_are_those_of_the_reference_tool(vector) -> None:
    base, target, patch = (bytes.fromhex(vector[part]) for part in ("base_hex", "target_hex", "patch_hex"))
    made = make_patch(base, target, compressions=[vector["compression"]])
    assert made.data == patch
    assert (made.base_sha256, made.target_sha256) == (vector["base_sha256"], vector["target_sha256"])
    assert apply_patch(base, patch) == target
    assert is_patch(patch)


# What detools 0.53.0 makes of two builds of the example firmware (create_patch, heatshrink_window_sz2=8,
# heatshrink_lookahead_sz2=7).
@pytest.mark.parametrize(
    ("compression", "digest"),
    [
        ("heatshrink", "0e047b61529924634400cb88d8b392882b220788bb4344abe17fc132db78599e"),
        ("crle", "4b3297d546102bfd9770e264f04ec52ce3bbb93e9d726dea1f435ead11e78134"),
        ("none", "41ee6eced1bc893e6b5f7ed1052221ebf7997f43ea4ed29315e49087f8887c53"),
    ],
)
def test_two_builds_of_a_firmware_come_out_as_with_the_reference_tool(compression, digest) -> None:
    made = make_patch(SENSOR, SUCCESSOR, compressions=[compression])
    assert hashlib.sha256(made.data).hexdigest() == digest
    assert apply_patch(SENSOR, made.data) == SUCCESSOR


def test_the_reader_shares_nothing_with_the_writer() -> None:
    source = (Path(delta.__file__).parent / "apply_patch.py").read_text("utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    names = {str(node.module).split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    assert names <= set(sys.stdlib_module_names)


@st.composite
def pairs(draw) -> tuple[bytes, bytes]:
    """A base, and a target cut, moved and changed out of it."""
    rng = random.Random(draw(st.integers(0, 10**9)))
    base = rng.randbytes(draw(st.integers(0, 3000)))
    target = bytearray(base)
    for _ in range(draw(st.integers(0, 6))):
        at = rng.randrange(len(target) + 1)
        match rng.randrange(4):
            case 0:
                target[at:at] = rng.randbytes(rng.randrange(200))
            case 1:
                del target[at : at + rng.randrange(200)]
            case 2:
                target[at:at] = bytes([rng.choice([0, 255])]) * rng.randrange(400)
            case _:
                target[at : at + 4] = rng.randbytes(4)
    return base, bytes(target)


@settings(max_examples=150, deadline=None)
@given(pairs(), st.sampled_from([["heatshrink"], ["crle"], ["none"], ["heatshrink", "crle"]]))
def test_a_patch_gives_the_target(pair, compressions) -> None:
    base, target = pair
    made = make_patch(base, target, compressions=compressions)
    assert apply_patch(base, made.data) == target
    assert made.target_bytes == len(target)


def test_the_smaller_compression_is_taken() -> None:
    base = random.Random(5).randbytes(9000)
    target = base[:4000] + b"\x01\x02\x03\x04" + base[4004:]
    made = make_patch(base, target)
    assert made.compression == "crle"
    assert len(made.data) < len(make_patch(base, target, compressions=["heatshrink"]).data)
    assert made.ratio > 100


def test_a_wrong_base_gives_other_bytes_and_no_error() -> None:
    base, other = (random.Random(seed).randbytes(5000) for seed in (1, 2))
    target = base[:2000] + b"new" + base[2000:]
    found = apply_patch(other, make_patch(base, target).data)
    assert len(found) == len(target)
    assert found != target


@settings(max_examples=300, deadline=None)
@given(pairs(), st.data())
def test_damaged_patches_never_crash(pair, data) -> None:
    base, target = pair
    patch = bytearray(make_patch(base, target).data)
    for _ in range(data.draw(st.integers(0, 3))):
        patch[data.draw(st.integers(0, len(patch) - 1))] = data.draw(st.integers(0, 255))
    try:
        apply_patch(base, bytes(patch[: data.draw(st.integers(0, len(patch)))]))
    except PatchFormatError as error:
        assert str(error)  # noqa: PT017  # any error but another kind


@pytest.mark.parametrize(
    "data", [b"", b"\x14\x01", b"\x03\x01\x00", b"\x04", b"\x04\x81", b"BSDIFF40", b"\x04\xb8\x2e\x55abc"]
)
def test_fails_for_what_is_no_patch(data) -> None:
    with pytest.raises(PatchFormatError):
        apply_patch(bytes(3000), data)


def test_fails_when_a_patch_leads_outside_its_base() -> None:
    base = random.Random(5).randbytes(3000)
    with pytest.raises(PatchFormatError, match="of a base of 10"):
        apply_patch(base[:10], make_patch(base, base[1000:]).data)


@pytest.mark.parametrize("repetition", [b"\xff", b"\0", b"ab"])
def test_fails_for_a_file_of_repetition(repetition) -> None:
    data = repetition * (1_048_576 // len(repetition))
    with pytest.raises(DeltaError, match="the base is 1048576 bytes of repetition"):
        make_patch(data, data)
    with pytest.raises(DeltaError, match="the target is"):
        make_patch(random.Random(5).randbytes(1000), data)


@pytest.mark.parametrize("padding", [1, 47, 3000])
@pytest.mark.parametrize("compression", ["heatshrink", "crle", "none"])
def test_what_is_behind_the_target_is_not_read(compression, padding) -> None:
    """Stacks hand over the block with the padding of its last fragment."""
    patch = make_patch(SENSOR, SUCCESSOR, compressions=[compression]).data + bytes(padding)
    assert apply_patch(SENSOR, patch) == SUCCESSOR


def test_a_patch_says_what_it_needs_and_makes() -> None:
    patch = make_patch(SENSOR, SUCCESSOR).data
    facts = read_patch(patch)
    assert (facts.compression, facts.target_bytes) == ("heatshrink", len(SUCCESSOR))
    assert len(SENSOR) - 64 < facts.base_bytes <= len(SENSOR)


@pytest.mark.parametrize(
    "data",
    [SENSOR, SUCCESSOR, b"", bytes(20_000), b"x" * 20_000, bytes(range(256)), b"\x04" * 3000, bytes([2, 1, 0])],
)
def test_a_firmware_is_not_taken_for_a_patch(data) -> None:
    assert not is_patch(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"\0", b"\2", b"\4", b"\4\x64\x44", b""]))
def test_random_bytes_are_not_taken_for_a_patch(data, begin) -> None:
    """Unless they are one: then it makes something of some base."""
    if is_patch(begin + data):
        made = read_patch(begin + data)
        assert len(apply_patch(bytes(made.base_bytes), begin + data)) == made.target_bytes


def test_fails_for_a_patch_made_with_a_linker_map() -> None:
    with pytest.raises(PatchFormatError, match="linker map"):
        apply_patch(SENSOR, b"\0\x05\x01\x00")


def test_fails_for_a_patch_that_reads_before_its_base() -> None:
    # none, 2 bytes: no data sections; 1 difference, nothing else, 5 back; 1 difference
    with pytest.raises(PatchFormatError, match="before its base, at -4"):
        apply_patch(b"abc", bytes([0, 2, 0, 1, 0, 0, 0x45, 1, 0, 0, 0]))


def test_fails_for_a_number_that_never_ends() -> None:
    with pytest.raises(PatchFormatError, match="it has the number"):
        apply_patch(b"abc", b"\x04" + b"\xff" * 300)
