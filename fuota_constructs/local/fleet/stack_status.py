"""What a stack answers when it is asked how far it is: not always how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.stack_limits import Counted
    from fuota_constructs.lorawan.device_stack import DeviceStack

_BYTE: Final = 0xFF
_INDEX: Final = 0x3FFF


class Answer(NamedTuple):
    """The counts of a status answer, and the FragIndex it is given for."""

    frag_index: int
    received: int
    missing: int
    memory_error: bool


def stack_answer(
    build: DeviceStack,
    counted: Counted,
    *,
    frag_index: int,
    version: int,
    fragments: int,
    missing: int,
    done: bool,
    memory_error: bool,
) -> Answer | None:
    """The answer of a stack, None where it stays silent; `missing` is how many fragments it really needs.

    Where a stack does not cut a count to the 8 bits of MissingFrag, only these 8 bits are sent: 256 are 0.
    """
    match build.status_answer:
        case "frames":
            left = min(_BYTE, max(0, fragments - counted.frames))
            return Answer(frag_index, counted.frames & _INDEX, left, memory_error and build.memory_error_stays)
        case "false-one":
            if version != 1 and not counted.frames:
                return Answer(0, 0, 0, memory_error)
            left = 1 if done and not counted.lost else missing
            return Answer(frag_index, max(0, counted.last - counted.lost) & _INDEX, left & _BYTE, memory_error)
        case "silent-when-done":
            if done:
                return None
            swapped = (counted.frames & _BYTE) << 8 | counted.frames >> 8
            return Answer(frag_index, swapped & _INDEX, counted.lost & _BYTE, False)
    return Answer(frag_index, counted.last & _INDEX, counted.lost & _BYTE, memory_error)
