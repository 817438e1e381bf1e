"""Patches against those of the reference tool, and against themselves."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuota_constructs.firmware.delta import DeltaError, PatchFormatError, apply_patch, make_patch

VECTORS = json.loads((Path(__file__).parent / "vectors" / "detools.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each['name']}-{each['compression']}")
def test_the_bytes_are_those_of_the_reference_tool(vector) -> None:
    base, target, patch = (bytes.fromhex(vector[part]) for part in ("base_hex", "target_hex", "patch_hex"))
    made = make_patch(base, target, compression=vector["compression"])
    assert made.data == patch
    assert (made.base_sha256, made.target_sha256) == (vector["base_sha256"], vector["target_sha256"])
    assert apply_patch(base, patch) == target


@st.composite
def pairs(draw) -> tuple[bytes, bytes]:
    """A base, and a target cut, moved and changed out of it."""
    rng = random.Random(draw(st.integers(0, 10**9)))  # noqa: S311
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
@given(pairs(), st.sampled_from(["heatshrink", "crle", "none", None]))
def test_a_patch_gives_the_target(pair, compression) -> None:
    base, target = pair
    made = make_patch(base, target, compression=compression)
    assert apply_patch(base, made.data) == target
    assert made.target_bytes == len(target)


def test_the_smaller_compression_is_taken() -> None:
    base = random.Random(5).randbytes(9000)  # noqa: S311
    target = base[:4000] + b"\x01\x02\x03\x04" + base[4004:]
    made = make_patch(base, target)
    assert made.compression == "crle"
    assert len(made.data) < len(make_patch(base, target, compression="heatshrink").data)
    assert made.ratio > 100


def test_a_wrong_base_gives_other_bytes_and_no_error() -> None:
    base, other = (random.Random(seed).randbytes(5000) for seed in (1, 2))  # noqa: S311
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
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "data", [b"", b"\x14\x01", b"\x03\x01\x00", b"\x04", b"\x04\x81", b"BSDIFF40", b"\x04\xb8\x2e\x55abc"]
)
def test_fails_for_what_is_no_patch(data) -> None:
    with pytest.raises(PatchFormatError):
        apply_patch(bytes(3000), data)


def test_fails_when_a_patch_leads_outside_its_base() -> None:
    base = random.Random(5).randbytes(3000)  # noqa: S311
    with pytest.raises(PatchFormatError, match="of a base of 10"):
        apply_patch(base[:10], make_patch(base, base[1000:]).data)


@pytest.mark.parametrize("repetition", [b"\xff", b"\0", b"ab"])
def test_fails_for_a_file_of_repetition(repetition) -> None:
    data = repetition * (1_048_576 // len(repetition))
    with pytest.raises(DeltaError, match="the base is 1048576 bytes of repetition"):
        make_patch(data, data)
    with pytest.raises(DeltaError, match="the target is"):
        make_patch(random.Random(5).randbytes(1000), data)  # noqa: S311
