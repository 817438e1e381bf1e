"""What stacks of devices take, by the data, and as a build says it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.lorawan import device_stack
from fuota_constructs.lorawan.device_stack import DeviceStack

DATA = json.loads(Path(device_stack.__file__).with_name("device_stacks.json").read_text("utf-8"))["stacks"]


def test_every_number_names_its_source() -> None:
    for name, entry in DATA.items():
        assert entry["repository"].startswith("https://github.com/")
        assert entry["newest"] in entry["releases"]
        assert entry["status"].keys() == {
            "missing_fragments",
            "false_missing",
            "successful",
            "false_successful",
            "afterwards",
        }
        for field in entry["facts"]:
            assert device_stack.source(name, field), (name, field)
        for changed in entry["releases"].values():
            assert changed.keys() <= entry["facts"].keys()


def test_names_and_releases() -> None:
    assert device_stack.names() == ("loramac-node", "swl2001", "zephyr", "zephyr-lowmem", "stm32cubewl", "mbed")
    assert device_stack.releases("loramac-node") == ("4.4.7", "4.5.1", "4.5.2", "4.6.0", "4.7.0")
    assert device_stack.status_meaning("swl2001")["missing_fragments"].startswith("1 too many")
    assert device_stack.macro("mbed", "max_fragments") == device_stack.source("mbed", "max_fragments") == ""


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("loramac-node", (21, 50, None, 5, None)),
        ("swl2001", (100, 242, None, 100, None)),
        ("zephyr", (None, 232, 48, None, 8)),
        ("zephyr-lowmem", (None, 232, 48, None, 8)),
        ("stm32cubewl", (2151, 240, None, 216, 8)),
        ("mbed", (None, None, None, 39, None)),
    ],
)
def test_builds_as_they_come(name: str, limits: tuple[int | None, ...]) -> None:
    stack = DeviceStack.of(name)
    assert limits == (
        stack.max_fragments,
        stack.max_fragment_bytes,
        stack.min_fragment_bytes,
        stack.max_lost_fragments,
        stack.fragment_multiple_bytes,
    )


@pytest.mark.parametrize(
    ("name", "hangs", "never_done"),
    [
        ("loramac-node@4.4.7", True, True),
        ("loramac-node@4.5.1", True, True),
        ("loramac-node@4.5.2", False, True),
        ("loramac-node@4.6.0", False, True),
        ("loramac-node@4.7.0", False, False),
        ("loramac-node", False, False),
        ("stm32cubewl", True, False),
        ("swl2001", False, False),
    ],
)
def test_what_a_release_never_survives(name: str, *, hangs: bool, never_done: bool) -> None:
    stack = DeviceStack.of(name)
    assert [stack.hangs_with(count) for count in (2039, 2040, 2084)] == [False, hangs, hangs]
    assert stack.never_done_without_redundancy is never_done


def test_a_build_of_ones_own() -> None:
    own = DeviceStack.of("loramac-node", max_fragments=1000, max_fragment_bytes=120, max_lost_fragments=50)
    assert (own.max_fragments, own.max_fragment_bytes, own.max_lost_fragments) == (1000, 120, 50)
    text = "loramac-node, max_fragments=1000,max_fragment_bytes = 120,max_lost_fragments=50"
    assert DeviceStack.parse(text) == own == DeviceStack.parse(own.text)
    assert own.text == "loramac-node@4.7.0,max_fragments=1000,max_fragment_bytes=120,max_lost_fragments=50"
    assert own.limits == "1000 of 120 bytes (FRAG_MAX_NB, FRAG_MAX_SIZE)"
    assert DeviceStack.of("mbed", max_fragments=7).limits == "7"
    assert str(own) == "LoRaMac-node 4.7.0"
    assert DeviceStack.of("zephyr", max_fragments=1000).most_lost_fragments(300) == 200
    assert DeviceStack.of("zephyr", max_lost_fragments=30).most_lost_fragments(300) == 30
    assert DeviceStack.of("zephyr").most_lost_fragments(300) == 60
    assert DeviceStack.of("mbed").most_lost_fragments(300) == 39
    assert DeviceStack.of("mbed").frag_indexes == (0,)
    assert DeviceStack.of("mbed", frag_sessions=2).frag_indexes == (0, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "loramac",
            "no device stack is called 'loramac': did you mean 'loramac-node'? there are loramac-node, swl2001",
        ),
        ("contiki", "no device stack is called 'contiki': there are loramac-node"),
        ("loramac-node@4.5.0", "no release '4.5.0' of loramac-node is known; there are 4.4.7, 4.5.1"),
        ("loramac-node,max_fragment=7", "'max_fragment=7' is no setting of a device stack: did you mean max_fragments"),
        ("loramac-node,colour=7", "'colour=7' is no setting of a device stack: there are max_fragments"),
        ("loramac-node,max_fragments", "'max_fragments' is no setting of a device stack: did you mean max_fragments="),
        ("loramac-node,max_fragments=many", "max_fragments is 'many'; choose a whole number from 1 to 16383"),
        ("loramac-node,max_fragments=0", "max_fragments is 0; choose a whole number from 1 to 16383"),
        ("loramac-node,max_fragment_bytes=256", "max_fragment_bytes is 256; choose a whole number from 1 to 255"),
        ("zephyr,max_fragment_bytes=40", "min_fragment_bytes is 48 and max_fragment_bytes 40: no fragment fits"),
    ],
)
def test_fails_for_what_cannot_be(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        DeviceStack.parse(text)
    with pytest.raises(ValueError, match="max_fragments is True"):
        DeviceStack.of("loramac-node", max_fragments=True)


def test_the_share_that_overflows_is_that_of_the_binomial() -> None:
    """216 lost of 2,084 at 10 %: 27.5 % of devices lose more."""
    assert DeviceStack.of("stm32cubewl").share_that_overflows(2084, 0.1) == pytest.approx(0.275, abs=0.0015)
    assert DeviceStack.of("stm32cubewl").share_that_overflows(2084, 0.0) == 0
    assert DeviceStack.of("swl2001").share_that_overflows(100, 0.5) == 0  # it has room for all of them
    assert DeviceStack.of("mbed").share_that_overflows(5000, 0.5) == pytest.approx(1)
    assert DeviceStack.of("mbed")._replace(max_lost_fragments=None).share_that_overflows(5000, 0.5) == 0


@pytest.mark.parametrize(
    ("name", "size", "taken"),
    [
        ("zephyr", 47, False),
        ("zephyr", 48, True),
        ("zephyr", 50, False),
        ("zephyr", 232, True),
        ("zephyr", 240, False),
        ("loramac-node", 50, True),
        ("loramac-node", 51, False),
        ("mbed", 255, True),
    ],
)
def test_sizes_that_are_taken(name: str, size: int, *, taken: bool) -> None:
    assert DeviceStack.of(name).takes_size(size) is taken


def test_counts_that_are_taken() -> None:
    assert [DeviceStack.of("loramac-node").takes_count(count) for count in (21, 22)] == [True, False]
    assert [DeviceStack.of("mbed").takes_count(count) for count in (16383, 16384)] == [True, False]


@pytest.mark.parametrize("name", [None, 4, b"zephyr", ["zephyr"], str])
def test_fails_for_a_name_that_is_no_text(name: Any) -> None:
    with pytest.raises(ValueError, match=f"name is of the type {type(name).__name__}; give a text"):
        DeviceStack.of(name)
