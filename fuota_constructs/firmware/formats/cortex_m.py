"""Raw Cortex-M programs: nothing but a vector table to know them by, so a hint and never a reason to refuse.

Source: Arm Cortex-M vector table: initial stack pointer, then the reset handler with its Thumb bit set.
"""

from __future__ import annotations

from typing import Final

from fuota_constructs.firmware.formats.binary_reader import fill_at_end, little
from fuota_constructs.firmware.formats.image_facts import ImageFacts, facts_of

_RAM: Final = range(0x1000_0000, 0x4000_0000)


def has_vector_table(data: bytes) -> bool:
    """Whether the first two words are a stack pointer in RAM and a reset handler with its Thumb bit."""
    stack, reset = little(data, 0, 4), little(data, 4, 4)
    return stack is not None and reset is not None and stack in _RAM and stack % 4 == 0 and reset % 2 == 1


def read(data: bytes) -> ImageFacts | None:
    """The facts of a raw program: its size, and how much of its end is fill; None where it has no vector table."""
    if not has_vector_table(data):
        return None
    return facts_of(data, format="cortex-m", title="raw Cortex-M program", fill_bytes=fill_at_end(data))


def read_unknown(data: bytes) -> ImageFacts:
    """The facts of a file no format here knows: it is sent as it is."""
    return facts_of(data, format="unknown", title="raw file of no known format", fill_bytes=fill_at_end(data))
