"""What a status proves for which stack, and what is said of it."""

from __future__ import annotations

import pytest

from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.operations.status_proof import after, doubt, doubts, may_hang


@pytest.mark.parametrize(
    ("stack", "missing", "successful"),
    [
        ("loramac-node", "what was lost once", "0 until a redundant fragment is heard"),
        ("stm32cubewl", "what was lost once", "0 until a redundant fragment is heard"),
        ("swl2001", "1 when every fragment arrived", "0 with TS004-2.0.0 when nothing was heard"),
        ("zephyr", "", "counts frames"),
        ("zephyr-lowmem", "", "counts frames"),
        ("mbed", "", "does not answer when it is done"),
    ],
)
def test_what_a_stack_makes_of_a_status(stack: str, missing: str, successful: str) -> None:
    of = [DeviceStack.of(stack)]
    for status, said in (("MissingFrag", missing), ("Successful", successful)):
        assert said in doubt(status, of)
        assert bool(doubt(status, of)) == bool(said)
    assert doubt("MICError", of) == ""


def test_without_a_stack_all_are_named_that_say_the_untruth() -> None:
    assert doubt("MissingFrag") == (
        "LoRaMac-node and STM32CubeWL count what was lost once, also after it was recovered;"
        " SWL2001 (LoRa Basics Modem) counts 1 when every fragment arrived"
    )
    assert len(doubts({"MissingFrag": 3, "Successful": 1})) == 2
    assert doubts({"Successful": 0, "Initial": 3}) == ()
    assert doubts({"MissingFrag": 3}, [DeviceStack.of("zephyr")]) == ()


def test_what_stays_for_the_next_session() -> None:
    assert after([]) == ()
    [said] = after([DeviceStack.of("zephyr"), DeviceStack.of("zephyr")])
    assert said.endswith("a set-up with another FragIndex is refused while a session is unfinished")


@pytest.mark.parametrize(
    ("fragments", "stacks", "says"),
    [
        (2039, (), ""),
        (
            2040,
            (),
            "STM32CubeWL, and LoRaMac-node up to 4.5.1, hang for ever from 2,040 fragments, and this session had",
        ),
        (2084, ("stm32cubewl",), "STM32CubeWL 44157b0 hangs for ever from 2,040 fragments, and this session had 2,084"),
        (2084, ("stm32cubewl", "loramac-node@4.5.1"), "STM32CubeWL 44157b0 and LoRaMac-node 4.5.1 hang for ever"),
        (2084, ("zephyr",), ""),
    ],
)
def test_who_is_silent_because_it_hangs(fragments: int, stacks: tuple[str, ...], says: str) -> None:
    said = may_hang(fragments, [DeviceStack.of(stack) for stack in stacks])
    assert said.startswith(says)
    assert bool(said) == bool(says)
