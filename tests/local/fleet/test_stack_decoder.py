"""The decoders of devices: the numbers that were measured with their C code, and what they do out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fuota_constructs.local.fleet.stack_decoder import (
    End,
    MbedDecoder,
    mask_of_no_coded_fragment,
    stack_decoder,
)
from fuota_constructs.local.fleet.stack_limits import counted, early_end
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.fragmentation import Decoder, encode
from fuota_constructs.lorawan.fragmentation.parity import parity_mask

if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE = 4
SEMTECH = ("loramac-node", "swl2001", "stm32cubewl", "zephyr")
WIDE: dict[str, Any] = {"max_fragments": 16383, "max_lost_fragments": 4096}


def session(fragments: int, coded: int, version: int = 1) -> tuple[bytes, list[bytes]]:
    """An image of so many fragments, and all that is sent of it."""
    image = np.random.default_rng(fragments).bytes(fragments * SIZE)
    return image, encode(image, SIZE, coded, version=version)


def heard_by(
    build: DeviceStack, fragments: int, coded: int, numbers: Iterable[int], *, version: int = 1
) -> tuple[End | None, int | None, bool]:
    """How a decoder ends that hears these fragments in this order, at which, and whether its image is right."""
    image, sent = session(fragments, coded, version)
    decoder = stack_decoder(build, fragments, SIZE, version)
    for n in numbers:
        if end := decoder.take(n, sent[n - 1]):
            return end, n, decoder.block == image
    return None, None, False


def ours_done_at(fragments: int, coded: int, numbers: Iterable[int]) -> int | None:
    """Where the codec has the image, which takes fragments in any order."""
    _, sent = session(fragments, coded)
    ours = Decoder(fragments, SIZE)
    return next((n for n in numbers if ours.add(n, sent[n - 1])), None)


def without(total: int, *lost: int) -> list[int]:
    """Fragments 1 to total, but for some."""
    return [n for n in range(1, total + 1) if n not in lost]


@pytest.mark.parametrize("name", ["loramac-node@4.4.7", "loramac-node@4.5.1", "stm32cubewl"])
def test_2039_fragments_end_and_2040_hang(name: str) -> None:
    build = DeviceStack.of(name, **WIDE)
    assert heard_by(build, 2039, 8, without(2047, 7)) == (End.DONE, ours_done_at(2039, 8, without(2047, 7)), True)
    assert heard_by(build, 2040, 8, without(2048, 7)) == (End.HANG, 2041, False)
    nothing_lost = heard_by(build, 2040, 8, without(2048))
    assert nothing_lost == (End.DONE, 2040 if name == "stm32cubewl" else 2041, True)


def test_a_release_that_is_mended_ends() -> None:
    mended = heard_by(DeviceStack.of("loramac-node@4.5.2", **WIDE), 2040, 8, without(2048, 7))
    assert mended == (End.DONE, ours_done_at(2040, 8, without(2048, 7)), True)


@pytest.mark.parametrize("name", [*SEMTECH, "zephyr-lowmem"])
def test_32_lost_decode_and_33_do_not(name: str) -> None:
    build = DeviceStack.of(name, max_fragments=1000, max_lost_fragments=32)
    lost = range(11, 11 + 3 * 33, 3)
    end, n, right = heard_by(build, 200, 60, without(260, *lost[:32]))
    assert (end, right) == (End.DONE, True)
    assert n is not None
    assert 232 <= n <= 240
    overflows = (None, None, False) if name == "zephyr-lowmem" else (End.OVERFLOW, 201, False)
    assert heard_by(build, 200, 60, without(260, *lost)) == overflows


def test_what_was_lost_last_is_counted_one_coded_fragment_later() -> None:
    build = DeviceStack.of("loramac-node", max_fragments=1000, max_lost_fragments=5)
    assert heard_by(build, 100, 20, without(120, *range(1, 7))) == (End.OVERFLOW, 101, False)
    assert heard_by(build, 100, 20, without(120, *range(95, 101))) == (End.OVERFLOW, 102, False)


@pytest.mark.parametrize("release", ["4.4.7", "4.5.1", "4.5.2", "4.6.0"])
def test_old_releases_are_done_at_a_coded_fragment_only(release: str) -> None:
    build = DeviceStack.of(f"loramac-node@{release}", **WIDE)
    assert heard_by(build, 30, 3, without(30)) == (None, None, False)
    assert heard_by(build, 30, 3, without(33)) == (End.DONE, 31, True)
    assert heard_by(DeviceStack.of("loramac-node@4.7.0", **WIDE), 30, 3, without(30)) == (End.DONE, 30, True)


@pytest.mark.parametrize("name", SEMTECH)
def test_what_comes_late_is_lost_for_ever(name: str) -> None:
    build = DeviceStack.of(name, **WIDE)
    late = [1, 2, 4, 5, 3, 6, 7]
    assert heard_by(build, 7, 0, late) == (None, None, False)  # all of them came
    assert heard_by(build, 7, 4, [*late, 8, 9, 10, 11])[::2] == (End.DONE, True)
    repeated = [1, 2, 2, 1, 3, 4, 5, 6, 7]
    assert heard_by(build, 7, 0, repeated) == (End.DONE, 7, True)
    after_coded = [1, 2, 4, 5, 6, 8, 7, 3, 9, 10, 11]
    assert ours_done_at(7, 4, after_coded) == 3
    assert heard_by(build, 7, 4, after_coded)[1] in {9, 10, 11}


def test_the_low_memory_decoder_takes_what_comes_again_for_coded() -> None:
    build = DeviceStack.of("zephyr-lowmem", max_fragments=1000)
    image, sent = session(50, 12)
    late = [n for n in range(1, 51) if n not in {7, 20}]
    assert heard_by(build, 50, 12, [*late[:30], 7, *late[30:], 20]) == (End.DONE, 20, True)  # before a coded one: fine
    ends = set()
    for again in range(1, 50):
        decoder = stack_decoder(build, 50, SIZE, 1)
        for n in [*late, 51, again, *range(52, 63)]:
            if decoder.take(n, sent[n - 1]):
                ends.add(decoder.block == image)
                break
    assert ends == {True, False}  # wrong images among them, without a word
    assert mask_of_no_coded_fragment(50, 0) == parity_mask(50, 0, 1)
    assert 0 < mask_of_no_coded_fragment(50, -3) < 2**50


def test_mbed_finishes_one_session_a_boot() -> None:
    build = DeviceStack.of("mbed")
    image, sent = session(60, 20)
    first = MbedDecoder(build, 60, SIZE, 0)
    end = next((n for n in without(80, 3, 4, 5) if first.take(n, sent[n - 1])), None)
    assert end is not None
    assert (first.block == image, first.rows_since_boot) == (True, 3)

    def second(*lost: int) -> tuple[bool, bool]:
        decoder = MbedDecoder(build, 60, SIZE, first.rows_since_boot)
        done = any(decoder.take(n, sent[n - 1]) for n in without(80, *lost))
        return done, decoder.block == image

    assert second() == (True, True)  # nothing lost
    assert second(9, 10, 11) == (False, False)  # as many as before: never
    assert second(9) == (False, False)
    assert second(9, 10, 11, 12) == (True, False)  # ends at its first row, with a wrong image


def test_mbed_counts_again_after_a_late_fragment() -> None:
    build = DeviceStack.of("mbed")
    assert heard_by(build, 60, 60, without(120, *range(1, 40)))[::2] == (End.DONE, True)
    assert heard_by(build, 60, 20, without(80, *range(1, 41))) == (End.CRASH, 61, False)
    jumbled = [*range(2, 50), 1, *range(50, 81)]  # sets it back to 1: 48 fragments count as lost once more
    assert heard_by(build, 60, 20, jumbled)[:2] == (End.CRASH, 61)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", [*SEMTECH, "loramac-node@4.5.1", "zephyr-lowmem", "mbed"])
def test_sessions_in_order_end_as_is_said_of_many_at_once(name: str, version: int) -> None:
    as_it_comes = DeviceStack.of(name)
    if version not in as_it_comes.ts004_versions:
        return
    random = np.random.default_rng([version, len(name)])
    for trial in range(60):
        fragments, coded = int(random.integers(1, 90)), int(random.integers(0, 40))
        most = int(random.integers(1, 12))
        build = as_it_comes._replace(max_fragments=500, max_lost_fragments=most, max_lost_percent=None)
        if trial % 3 == 0 and build.decoder == "semtech":
            build = build._replace(hangs_from_fragments=45)
        heard = random.random(fragments + coded) >= float(random.choice([0, 0.05, 0.2, 0.6]))
        numbers = (np.flatnonzero(heard) + 1).tolist()
        image, sent = session(fragments, coded, version)
        decoder, ours = stack_decoder(build, fragments, SIZE, version), Decoder(fragments, SIZE, version=version)
        found = next(((end, n) for n in numbers if (end := decoder.take(n, sent[n - 1]))), None)
        early = early_end(build, fragments, heard)
        if early is not None:
            assert found == (None if early.n is None else (early.end, early.n))
            continue
        done = next((n for n in numbers if ours.add(n, sent[n - 1])), None)
        if done == fragments and build.never_done_without_redundancy:
            done = next((n for n in numbers if n > fragments), None)
        assert found == (None if done is None else (End.DONE, done))
        assert done is None or (decoder.block, decoder.missing) == (image, 0)
        assert done is not None or decoder.missing == ours.missing
        until = done or fragments + coded
        if build.decoder == "semtech":
            assert counted(fragments, heard, until, until).lost == decoder.lost
