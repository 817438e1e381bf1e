"""How a fleet is dealt to waves: who comes when, and how many at a time.

Devices are ranked by a hash of a salt and their id, and a wave is the next part of that order. So everything up to a
wave contains the canary, and a device that joins the fleet moves no other one.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class WaveSize(NamedTuple):
    """How much of the fleet has its turn up to and with a wave: so many devices, or a share of all in percent."""

    devices: int | None = None
    percent: float | None = None


def ranked(devices: Iterable[str], salt: str) -> list[str]:
    """The devices in the order of their turn, each once."""
    return sorted(set(devices), key=lambda device: (hashlib.sha256(f"{salt}\0{device}".encode()).digest(), device))


def wave_sizes(fleet: int, waves: Sequence[WaveSize]) -> list[int]:
    """How many devices each wave adds to those before it.

    A share is rounded up. Each wave adds at least one device while there are any, and the last one adds all that are
    left, so the sizes are those of the whole fleet. A fleet that is smaller than the waves leaves the last of them with
    none, which a rollout passes over.
    """
    sizes: list[int] = []
    dealt = 0
    for number, wave in enumerate(waves, start=1):
        reach = fleet if number == len(waves) else _reach(fleet, wave)
        reach = min(fleet, max(reach, dealt + 1))
        sizes.append(reach - dealt)
        dealt = reach
    return sizes


def _reach(fleet: int, wave: WaveSize) -> int:
    if wave.devices is not None:
        return wave.devices
    # A ten-thousandth of a percent is as fine as it gets: a share such as 0.1 has no exact binary fraction.
    return -(-fleet * round((wave.percent or 0) * 10_000) // 1_000_000)
