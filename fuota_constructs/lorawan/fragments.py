"""How many fragments an image becomes, and how long sending them takes.

The fragment count is the AWS API reference's own formula (an image of 100 bytes in fragments of 10 bytes with 50 %
redundancy makes 15 encoded fragments); the bounds are those of the TS004-1.0.0 wire format.
"""

from __future__ import annotations

from typing import Final

VERSIONS: Final = (1, 2)
"""Package versions: of TS004 and TS005 1.0.0 and 2.0.0."""

DATA_FRAGMENT_HEADER_BYTES: Final = 3
"""Command identifier and Index&N in front of every fragment (TS004-1.0.0, DataFragment)."""

MAX_FRAGMENT_BYTES: Final = 239
"""242 bytes, the largest LoRaWAN payload of any region, less the DataFragment header."""

MAX_FRAG_SIZE_FIELD: Final = 255
"""FragSize, in bytes, is a field of one byte (TS004-1.0.0, FragSessionSetupReq); the radio allows less."""

INDEX_BITS: Final = 14
"""The index N of a DataFragment has 14 bits (TS004-1.0.0)."""

MAX_ENCODED_FRAGMENTS: Final = 2**INDEX_BITS - 1
"""16383: N counts data and redundant fragments together, from 1."""


def data_fragments(image_bytes: int, fragment_bytes: int) -> int:
    """Fragments that carry the image itself; the last one is padded."""
    return -(-image_bytes // fragment_bytes)


def encoded_fragments(image_bytes: int, fragment_bytes: int, redundancy_percent: int) -> int:
    """Fragments sent in total: those of the image and the redundant ones.

    AWS does not document how a broken number of redundant fragments is rounded; assumed: up, so that no limit is
    missed.
    """
    data = data_fragments(image_bytes, fragment_bytes)
    return data - (-data * redundancy_percent // 100)


def smallest_fragment_bytes(
    image_bytes: int, redundancy_percent: int, *, at_most_fragments: int, at_most_bytes: int
) -> int | None:
    """Smallest fragment, in bytes, with which the image needs no more than so many fragments; None when none does."""
    return next(
        (
            size
            for size in range(1, at_most_bytes + 1)
            if encoded_fragments(image_bytes, size, redundancy_percent) <= at_most_fragments
        ),
        None,
    )


def interval_seconds(interval_ms: float) -> int:
    """The fragment interval as AWS applies it: rounded to the nearest second.

    What happens to half a second is not documented; assumed: rounded up.
    """
    return int(interval_ms / 1000 + 0.5)
