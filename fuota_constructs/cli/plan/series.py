"""The numbers behind the pictures of `fuota plan --html`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, encoded_fragments
from fuota_constructs.lorawan.redundancy import decode_probability
from fuota_constructs.lorawan.session_plan import Conditions, SessionPlan, plan_session

if TYPE_CHECKING:
    from fuota_constructs.lorawan.regions import DataRate

SETUP_SECONDS: Final = 1800
"""A session starts at least 30 minutes after it was ordered (AWS IoT Wireless Developer Guide)."""

OTHER_REDUNDANCIES: Final = (5, 10, 20, 30, 50)
TABLE_LOSSES: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
LOSS_STEPS: Final = 15
REFINEMENTS: Final = 3
STEEP: Final = 0.3
NINES: Final = 4
"""The highest nines that are drawn: 99.99 %."""
LEAST_LOSS: Final = 0.3
MOST_LOSS: Final = 0.6


@dataclass(frozen=True, slots=True)
class LossCurve:
    """The chance of success at each loss, with one redundancy."""

    redundancy_percent: int
    points: tuple[tuple[float, float], ...]
    planned: bool


@dataclass(frozen=True, slots=True)
class SizeCurve:
    """Fragment size in bytes, session duration in seconds and receive charge in mAh, at one data rate."""

    data_rate: DataRate
    points: tuple[tuple[int, float, float], ...]


def loss_curves(plan: SessionPlan) -> list[LossCurve]:
    """The planned redundancy and some others around it, in rising order, from no loss to beyond the planned one."""
    last = min(MOST_LOSS, max(LEAST_LOSS, 2 * plan.loss))
    losses = sorted({last * step / LOSS_STEPS for step in range(LOSS_STEPS + 1)} | {plan.loss})
    return [
        LossCurve(percent, _points(plan, percent, losses), percent == plan.redundancy_percent)
        for percent in _redundancies(plan)
    ]


def nines(chance: float) -> float:
    """0 for never, 1 for 90 %, 2 for 99 %, ...; at most as many as are drawn."""
    return NINES if chance >= 1 - 10**-NINES else -math.log10(1 - chance)


def _points(plan: SessionPlan, percent: int, losses: list[float]) -> tuple[tuple[float, float], ...]:
    """The chance at each loss, and at losses in between where it falls steeply: points are dear for small images."""
    points = [(loss, _chance(plan, percent, loss)) for loss in losses]
    for _ in range(REFINEMENTS):
        between = [
            (left + right) / 2
            for (left, above), (right, below) in pairwise(points)
            if abs(nines(above) - nines(below)) > STEEP
        ]
        points = sorted([*points, *((loss, _chance(plan, percent, loss)) for loss in between)])
    return tuple(points)


def loss_rows(plan: SessionPlan) -> tuple[list[float], list[tuple[int, list[float]]]]:
    """The same as a table: the losses, and for each redundancy the chances at them."""
    losses = sorted({*TABLE_LOSSES[:-1], plan.loss} - {0.0}) if plan.loss < LEAST_LOSS else [0.05, 0.1, 0.2, plan.loss]
    return losses, [(percent, [_chance(plan, percent, loss) for loss in losses]) for percent in _redundancies(plan)]


def size_curves(plan: SessionPlan, conditions: Conditions) -> list[SizeCurve]:
    """Every data rate at every fragment size it carries: planned redundancy, smallest lawful interval."""
    lossless = conditions._replace(loss=0.0)  # the chance of success plays no part here, and is what takes time
    curves = []
    for rate in conditions.region.data_rates:
        plans = [
            plan_session(
                plan.image_bytes,
                lossless,
                data_rate=rate,
                fragment_bytes=size,
                redundancy_percent=plan.redundancy_percent,
            )
            for size in range(1, conditions.max_fragment_bytes(rate) + 1)
            if encoded_fragments(plan.image_bytes, size, plan.redundancy_percent) <= MAX_ENCODED_FRAGMENTS
        ]
        points = tuple((each.fragment_bytes, each.duration_seconds, each.receive_milliampere_hours) for each in plans)
        if points:
            curves.append(SizeCurve(rate, points))
    return curves


def _redundancies(plan: SessionPlan) -> list[int]:
    """The planned one and others that are not next to it, each with a number of coded fragments of its own."""
    planned, coded = plan.redundancy_percent, {plan.coded_fragments}
    chosen = [planned]
    for percent in OTHER_REDUNDANCIES:
        more = _coded(plan, percent)
        apart = abs(percent - planned) > 1 + planned // 10
        if apart and more not in coded and _can_be_sent_whole(plan, plan.data_fragments + more):
            coded.add(more)
            chosen.append(percent)
    return sorted(chosen)


def _can_be_sent_whole(plan: SessionPlan, fragments: int) -> bool:
    window = min(plan.service_window_seconds, plan.device_window_seconds or plan.service_window_seconds)
    return fragments <= MAX_ENCODED_FRAGMENTS and fragments * plan.interval_seconds <= window


def _coded(plan: SessionPlan, percent: int) -> int:
    return encoded_fragments(plan.image_bytes, plan.fragment_bytes, percent) - plan.data_fragments


def _chance(plan: SessionPlan, percent: int, loss: float) -> float:
    return decode_probability(plan.data_fragments, _coded(plan, percent), plan.missed_at(loss), version=plan.version)
