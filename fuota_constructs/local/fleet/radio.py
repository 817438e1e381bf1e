"""The air between gateway and device: which fragments arrive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fuota_constructs.local.fleet.loss import Loss
    from fuota_constructs.lorawan.regions import DataRate, Region

Arrived = npt.NDArray[np.bool_]

LATEST = 20
"""A late fragment comes up to so many fragments after its time."""

FSK_DB = 27.5
"""Assumed: how much more signal FSK 50 kbit/s takes than SF12/125 kHz (SX1261: about -109 against -137 dBm)."""


def arrivals(
    loss: Loss, random: np.random.Generator, count: int, region: Region | None, data_rate: DataRate | None
) -> Arrived:
    """For each of `count` fragments whether it arrives at one device."""
    match loss.kind:
        case "listed":
            return ~np.isin(np.arange(1, count + 1), loss.lost)
        case "gilbert":
            return ~_bursts(random, count, loss.figures["mean"], loss.figures["burst"])
        case "beta":
            mean, spread = loss.figures["mean"], loss.figures["spread"]
            weight = mean * (1 - mean) / spread**2 - 1
            share = random.beta(mean * weight, (1 - mean) * weight)
        case "link":
            margin = random.normal(loss.figures["margin_db"], loss.figures["spread_db"])
            if region is not None and data_rate is not None:
                margin -= needed_db(data_rate) - min(needed_db(rate) for rate in region.data_rates)
            share = 0.5 * math.erfc(margin / (loss.figures["fading_db"] * math.sqrt(2)))
        case "by-data-rate":
            share = share_at(loss.data_rates, data_rate)
        case _:
            share = loss.figures["mean"]
    return np.asarray(random.random(count) >= share)


def sent(count: int, interval: float, slot: int | None, one_of: int) -> Arrived:
    """Which of `count` fragments a gateway sends, one every `interval` seconds, a ping slot every `slot` seconds.

    Assumed: a fragment that finds its ping slot taken is lost, and of those that have one it sends one of `one_of`.
    """
    number = np.arange(count)
    turn = number if slot is None or interval >= slot else number * interval // slot
    first = np.ones(count, dtype=bool)
    first[1:] = turn[1:] != turn[:-1]
    return np.asarray(first & (turn % one_of == 0))


def in_order_of_arrival(
    arrived: Arrived, random: np.random.Generator, *, late: float, repeated: float
) -> list[tuple[int, int]]:
    """What a device hears: the time, counted in fragments sent, and the number of each fragment, in their order."""
    heard: list[tuple[int, int]] = []
    behind: list[tuple[int, int]] = []
    for n in (np.flatnonzero(arrived) + 1).tolist():
        delays = random.integers(1, LATEST + 1, 2)
        times = [min(len(arrived), n + int(delay)) for delay in delays]
        if random.random() < late:
            behind.append((times[0], n))
        else:
            heard.append((n, n))
        if random.random() < repeated:
            behind.append((times[1], n))
    return sorted([*heard, *behind], key=lambda each: (each[0], each[0] != each[1], each[1]))


def needed_db(rate: DataRate) -> float:
    """How much more signal a data rate takes than SF12/125 kHz: 2.5 dB a spreading factor, 3 dB a doubled bandwidth."""
    if rate.spreading_factor is None or rate.bandwidth_hz is None:
        return FSK_DB
    return 2.5 * (12 - rate.spreading_factor) + 10 * math.log10(rate.bandwidth_hz / 125_000)


def share_at(data_rates: Mapping[int, float], rate: DataRate | None) -> float:
    """The loss of a data rate in a table; one that is not in it counts as the next faster one, or as the fastest."""
    if rate is None:
        return float(max(data_rates.values()))
    faster = [index for index in sorted(data_rates) if index >= rate.index]
    return float(data_rates[faster[0] if faster else max(data_rates)])


def _bursts(random: np.random.Generator, count: int, mean: float, burst: float) -> Arrived:
    """Gilbert's two states: bad ones last `burst` fragments on average and are `mean` of all."""
    if mean == 0:
        return np.zeros(count, dtype=bool)
    good = burst * (1 - mean) / mean
    bad_now = bool(random.random() < mean)
    runs = 2 * (int(count / (burst + good)) + 8)  # even, so that the states keep alternating
    lengths = np.empty(0, dtype=np.int64)
    while lengths.sum() < count:
        more = random.geometric(1 / np.where(np.arange(runs) % 2 == (0 if bad_now else 1), burst, good))
        lengths = np.concatenate([lengths, more])
    states = (np.arange(len(lengths)) % 2 == 0) == bad_now
    return np.repeat(states, lengths)[:count]
