"""How much redundancy the next session needs, by how the sessions before went."""

from __future__ import annotations

from typing import Final, NamedTuple

from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS
from fuota_constructs.lorawan.redundancy import decode_probability, smallest_redundancy_percent
from fuota_constructs.lorawan.success_bounds import lower_bound

BISECTIONS: Final = 20
HIGHEST_PERCENT: Final = 100

DEFAULT_TARGET: Final = 0.99
"""Share of the devices that shall have the image after the next session."""


class Learnt(NamedTuple):
    """What a session taught: the mean loss is at most this, and the redundancy that follows from it.

    `reaches_target` is False where the most that is allowed is less than it takes.
    """

    highest_loss: float
    redundancy_percent: int
    reaches_target: bool


def learnt_redundancy(
    data_fragments: int,
    redundancy_percent: int,
    *,
    delivered: int,
    lost: int,
    most_percent: int,
    confidence: float,
    target: float = DEFAULT_TARGET,
    version: int = 1,
) -> Learnt:
    """What to send next where ``redundancy_percent`` gave the image to so many devices, and was too little for others.

    Never less than what was sent; the same where nobody lost the image, which says only that the loss is no worse than
    planned. At most ``most_percent``, and what the 14-bit fragment index allows. ``confidence`` is that of the bounds.
    """
    m = data_fragments
    most = max(redundancy_percent, min(most_percent, HIGHEST_PERCENT, (MAX_ENCODED_FRAGMENTS - m) * 100 // m))
    attempted = delivered + lost
    if attempted == 0:
        return Learnt(1.0, redundancy_percent, reaches_target=True)
    share = lower_bound(delivered, attempted, confidence)
    loss = _highest_loss(m, redundancy_percent, share, version)
    if lost == 0:
        return Learnt(loss, redundancy_percent, reaches_target=True)
    needed = smallest_redundancy_percent(m, loss, target, version=version)
    if needed is None or needed > most:
        return Learnt(loss, most, reaches_target=False)
    return Learnt(loss, max(needed, redundancy_percent), reaches_target=True)


def _highest_loss(m: int, percent: int, share: float, version: int) -> float:
    """The loss at which this share of the devices decodes: more would have let fewer of them."""
    coded = -(-m * percent // 100)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if decode_probability(m, coded, middle, version=version) >= share:
            low = middle
        else:
            high = middle
    return high
