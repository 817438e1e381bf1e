"""How much redundancy the next session needs, by how the sessions before went."""

from __future__ import annotations

from typing import Final

from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, coded_fragments
from fuota_constructs.lorawan.redundancy import decode_probability, smallest_redundancy_percent
from fuota_constructs.lorawan.success_bounds import lower_bound

BISECTIONS: Final = 20
HIGHEST_PERCENT: Final = 100

TARGET: Final = 0.99
"""Share of the devices that shall have the image after the next session."""


def learnt_redundancy(
    data_fragments: int,
    redundancy_percent: int,
    *,
    delivered: int,
    lost: int,
    most_percent: int,
    confidence: float,
) -> int:
    """What to send next where ``redundancy_percent`` gave the image to so many devices, and was too little for others.

    Never less than what was sent; the same where nobody lost the image, which says only that the loss is no worse than
    planned. At most ``most_percent``, and what the 14-bit fragment index allows, also where that does not reach the
    target. ``confidence`` is that of the bounds.
    """
    if lost == 0:
        return redundancy_percent
    loss = highest_loss(data_fragments, redundancy_percent, lower_bound(delivered, delivered + lost, confidence))
    numbered = (MAX_ENCODED_FRAGMENTS - data_fragments) * 100 // data_fragments
    most = min(most_percent, HIGHEST_PERCENT, numbered)
    needed = smallest_redundancy_percent(data_fragments, loss, TARGET)
    return max(redundancy_percent, most if needed is None else min(needed, most))


def highest_loss(data_fragments: int, redundancy_percent: int, share: float) -> float:
    """The loss at which this share of the devices decodes: more would have let fewer of them."""
    coded = coded_fragments(data_fragments, redundancy_percent)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if decode_probability(data_fragments, coded, middle) >= share:
            low = middle
        else:
            high = middle
    return high
