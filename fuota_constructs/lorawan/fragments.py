"""How many fragments an image becomes, how long sending them takes, and how many of them can be sent.

The fragment count is the AWS API reference's own formula (an image of 100 bytes in fragments of 10 bytes with 50 %
redundancy makes 15 encoded fragments); the bounds are those of the TS004-1.0.0 wire format.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

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


PING_SLOT_SECONDS: Final = 0.03
SLOTS_A_BEACON_PERIOD: Final = 4096
BEACON_PERIOD_SECONDS: Final = 128
BEACON_SECONDS: Final = 0.16
"""Class B timing: 4096 slots of 30 ms in the 128 s from beacon to beacon (LoRaWAN 1.0.4), of which 5.12 s have none.

A beacon is assumed to take 160 ms: 17 bytes at SF9/125 kHz without a header are about 153 ms.
"""

BEACON_SHARE: Final = BEACON_SECONDS / BEACON_PERIOD_SECONDS
"""Share of time that beacons take."""

ROUNDING: Final = 1e-9
"""Seconds of rounding error that must not cost a whole second: 0.7 / 0.1 is a little more than 7 in floating point."""


def data_fragments(image_bytes: int, fragment_bytes: int) -> int:
    """Fragments that carry the image itself; the last one is padded."""
    return -(-image_bytes // fragment_bytes)


def coded_fragments(data: int, redundancy_percent: int) -> int:
    """The redundant ones to so many fragments of an image.

    AWS does not document how a broken number of redundant fragments is rounded; assumed: up, so that no limit is
    missed.
    """
    return -(-data * redundancy_percent // 100)


def encoded_fragments(image_bytes: int, fragment_bytes: int, redundancy_percent: int) -> int:
    """Fragments sent in total: those of the image and the redundant ones."""
    data = data_fragments(image_bytes, fragment_bytes)
    return data + coded_fragments(data, redundancy_percent)


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


def groups_of_a_gateway(gateways: Sequence[Collection[object]]) -> int:
    """The most groups that one gateway may have to send to, of groups with these gateways.

    Of a group that names none nobody knows which the service takes: it may be any.
    """
    named: dict[object, int] = {}
    for each in gateways:
        for gateway in each:
            named[gateway] = named.get(gateway, 0) + 1
    return max(named.values(), default=0) + sum(not each for each in gateways)


def seconds_a_ping_slot(period: int) -> float:
    """Seconds from one ping slot to the next, on average, of a ping slot period in slots of 30 ms.

    From beacon to beacon there are 4096 / period of them: a period of 128 makes 32 ping slots in 128 s, 3.84 s apart
    but for the beacon. Devices know powers of two only (TS005, Periodicity); assumed: another period is rounded up.
    """
    return BEACON_PERIOD_SECONDS * (1 << (period - 1).bit_length()) / SLOTS_A_BEACON_PERIOD


def share_of_slots_taken(interval_seconds: float, slot_seconds: float | None) -> float:
    """The share of class B fragments that come faster than ping slots and find theirs taken; 0 without ping slots."""
    return 0.0 if slot_seconds is None else max(0.0, 1 - interval_seconds / slot_seconds)


def seconds_apart(interval_seconds: float, slot_seconds: float | None) -> float:
    """From one fragment that may be sent to the next: what finds its ping slot taken takes no airtime."""
    return max(interval_seconds, slot_seconds or 0.0)


def with_slot(fragments: int, interval_seconds: float, slot_seconds: float | None) -> int:
    """How many fragments find a ping slot; all where there are none, as in class C."""
    if slot_seconds is None or interval_seconds >= slot_seconds:
        return fragments
    return math.floor((fragments - 1) * interval_seconds / slot_seconds) + 1


def one_sent_of(interval_seconds: float, slot_seconds: float | None, silence_seconds: float) -> int:
    """Of so many fragments that come to a gateway, with a ping slot where they need one, it sends the first only.

    Assumed: what comes while the gateway is silent is dropped, as LoRa Basics Station does (`s2e.c`: a band is blocked
    for airtime / duty cycle; a downlink of class B is then dropped, one of class C after a second).
    """
    every = seconds_apart(interval_seconds, slot_seconds)
    return max(1, math.ceil((silence_seconds - ROUNDING) / every))


def share_unsent(
    interval_seconds: float, slot_seconds: float | None, silence_seconds: float, data_fragments: int | None = None
) -> float:
    """The share of fragments that no ping slot or no airtime is left for.

    None of an image of a single one: it comes first, and what follows it is empty.
    """
    if data_fragments == 1:
        return 0.0
    taken = share_of_slots_taken(interval_seconds, slot_seconds)
    return 1 - (1 - taken) / one_sent_of(interval_seconds, slot_seconds, silence_seconds)


def share_missed(loss: float, unsent: float) -> float:
    """The share of fragments that a device misses which loses so many of those that are sent."""
    return 1 - (1 - loss) * (1 - unsent) if unsent else loss
