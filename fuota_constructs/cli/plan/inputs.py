"""What `fuota plan` works on: the inputs as given, those assumed for want of them, and what the rules find in it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fuota_constructs import rules
from fuota_constructs.cli.plan.findings import Findings, findings
from fuota_constructs.lorawan.fragments import (
    MAX_ENCODED_FRAGMENTS,
    data_fragments,
    encoded_fragments,
    interval_seconds,
)
from fuota_constructs.lorawan.recommendation import obstacle_to, redundancy_for
from fuota_constructs.lorawan.session_plan import Conditions, SessionPlan, plan_session

if TYPE_CHECKING:
    from fuota_constructs.firmware.delta.delta_image import DeltaImage
    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.lorawan.regions import DataRate


@dataclass(frozen=True, slots=True)
class DeltaInputs:
    """A delta that is sent instead of the whole image, and the file of its base."""

    base_name: str
    made: DeltaImage


@dataclass(frozen=True, slots=True)
class Inputs:
    """One session as asked for; None where nothing was said."""

    image_name: str | None
    image_bytes: int
    conditions: Conditions
    target: float
    data_rate: DataRate | None = None
    fragment_bytes: int | None = None
    interval_seconds: float | None = None
    redundancy_percent: int | None = None
    image_facts: ImageFacts | None = None
    delta: DeltaInputs | None = None
    recommend: bool = False

    @property
    def image_sha256(self) -> str | None:
        """The digest of what is sent; None where there is none to read."""
        if self.delta and self.delta.made.patch:
            return hashlib.sha256(self.delta.made.patch.data).hexdigest()
        return self.image_facts.sha256 if self.image_facts else None

    @property
    def whole(self) -> Inputs:
        """The same session with the whole image, where this one is of a delta."""
        size = self.delta.made.target.size_bytes if self.delta else self.image_bytes
        return replace(self, image_bytes=size, delta=None)


@dataclass(frozen=True, slots=True)
class Planned:
    """The session of some inputs: its plan (None where it cannot be sent at all), what was assumed, what was found."""

    inputs: Inputs
    data_rate: DataRate
    fragment_bytes: int
    redundancy_percent: int
    plan: SessionPlan | None
    findings: Findings
    assumed: dict[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether an error was found."""
        return any(level == "error" for _, level, _ in self.findings)


def planned(inputs: Inputs) -> Planned:
    """Fill in what was not given, work the session out, and ask the rules."""
    draft = _draft(inputs, inputs.data_rate) if inputs.data_rate else _slowest_that_fits(inputs)
    rate, size, redundancy, plan = draft.data_rate, draft.fragment_bytes, draft.redundancy_percent, draft.plan
    # What cannot be sent is not held against a data rate nobody asked for: another may carry it.
    task = _task_plan(inputs, rate if plan else inputs.data_rate, size, redundancy, plan)
    found = findings(task)
    return Planned(inputs, rate, size, redundancy, plan, found, draft.assumed)


def as_planned(inputs: Inputs, plan: SessionPlan) -> Planned:
    """A session that was worked out elsewhere, such as a recommended one."""
    rate = next(rate for rate in inputs.conditions.region.data_rates if rate.index == plan.data_rate)
    task = _task_plan(inputs, rate, plan.fragment_bytes, plan.redundancy_percent, plan)
    found = findings(task)
    words = dict.fromkeys(("fragment size", "interval", "redundancy"), "recommended")
    if inputs.data_rate is None:
        words["data rate"] = "recommended"
    return Planned(inputs, rate, plan.fragment_bytes, plan.redundancy_percent, plan, found, words)


@dataclass(frozen=True, slots=True)
class _Draft:
    """The session at one data rate, and what was assumed for it."""

    data_rate: DataRate
    fragment_bytes: int
    redundancy_percent: int
    plan: SessionPlan | None
    assumed: dict[str, str]


def _draft(inputs: Inputs, rate: DataRate) -> _Draft:
    assumed: dict[str, str] = {}
    size = inputs.fragment_bytes or _fragment_bytes(inputs, rate, assumed)
    redundancy = inputs.redundancy_percent
    if redundancy is None:
        redundancy = _redundancy_percent(inputs, rate, size, assumed)
    plan = None
    if _can_be_sent(inputs, rate, size, redundancy):
        every = None if inputs.interval_seconds is None else interval_seconds(inputs.interval_seconds * 1000)
        plan = plan_session(
            inputs.image_bytes,
            inputs.conditions,
            data_rate=rate,
            fragment_bytes=size,
            interval_seconds=every,
            redundancy_percent=redundancy,
        )
    if inputs.interval_seconds is None and plan is not None:
        assumed["interval"] = "smallest lawful"
    return _Draft(rate, size, redundancy, plan, assumed)


def _slowest_that_fits(inputs: Inputs) -> _Draft:
    """The session at the slowest data rate that carries it whole; where none does, at the one that comes closest."""
    rates, wanted = inputs.conditions.region.data_rates, inputs.fragment_bytes or 1
    carries = [rate for rate in rates if inputs.conditions.max_fragment_bytes(rate) >= wanted]
    # Where none carries it the largest is the one to be measured against.
    drafts = [_draft(inputs, rate) for rate in carries or rates[-1:]]
    obstacles = [_obstacle(draft.plan, inputs.conditions) for draft in drafts]
    fits = next((place for place, obstacle in enumerate(obstacles) if not obstacle), None)
    if fits is None:
        chosen = min((draft for draft in drafts if draft.plan), key=_session_seconds, default=drafts[0])
        why = "assumed: none fits, this takes the least time" if chosen.plan else "assumed: the slowest that carries it"
    else:
        chosen = drafts[fits]
        why = "assumed: slowest that fits" + _passed_over(drafts[:fits], obstacles[:fits])
        by_size = inputs.conditions.region.slowest_data_rate(chosen.fragment_bytes)
        if by_size is not None and by_size is not chosen.data_rate:
            why += f"; name it in the group, {chosen.fragment_bytes} bytes alone would go at DR{by_size.index}"
    return replace(chosen, assumed={"data rate": why if carries else "assumed: the fastest", **chosen.assumed})


def _session_seconds(draft: _Draft) -> float:
    return draft.plan.duration_seconds if draft.plan else math.inf


def _obstacle(plan: SessionPlan | None, conditions: Conditions) -> str:
    if plan is None:
        return "too many fragments"
    if plan.interval_seconds < (sending := conditions.sending_seconds(plan.fragment_airtime_seconds)):
        return f"a fragment needs {sending:.1f} s"
    return obstacle_to(plan)


def _passed_over(drafts: list[_Draft], obstacles: list[str]) -> str:
    """Why not a slower one: each reason once."""
    reasons: dict[str, list[str]] = {}
    for draft, obstacle in zip(drafts, obstacles, strict=True):
        reasons.setdefault(obstacle, []).append(f"DR{draft.data_rate.index}")
    return "".join(f"; {', '.join(rates)}: {reason}" for reason, rates in reasons.items())


def _fragment_bytes(inputs: Inputs, rate: DataRate, assumed: dict[str, str]) -> int:
    # The largest that also passes a repeater: the figures AWS documents (33 bytes at US915 DR8) are those, too.
    assumed["fragment size"] = "assumed: largest for repeaters"
    largest = max(1, inputs.conditions.max_fragment_bytes(rate, repeater=True))
    stacks = inputs.conditions.stacks
    taken = (size for size in range(largest, 0, -1) if all(stack.takes_size(size) for stack in stacks))
    size = next(taken, largest)
    if size != largest:
        assumed["fragment size"] = "assumed: largest for repeaters and the stack"
    return size


def _redundancy_percent(inputs: Inputs, rate: DataRate, size: int, assumed: dict[str, str]) -> int:
    data = data_fragments(inputs.image_bytes, size)
    if not 0 < data <= MAX_ENCODED_FRAGMENTS:
        return 0
    every = interval_seconds((inputs.interval_seconds or 0.0) * 1000)  # below 1 s there is no session
    missed = None
    if every and size <= rate.max_fragment_bytes:
        missed = inputs.conditions.loss_at(every, rate.fragment_airtime_us(size) / 1e6, data)
    percent = redundancy_for(data, inputs.conditions, inputs.target, missed=missed)
    if percent is not None:
        assumed["redundancy"] = "smallest for the target"
        return percent
    assumed["redundancy"] = "none reaches the target"
    return 0 if data == 1 else min(100, (MAX_ENCODED_FRAGMENTS - data) * 100 // data)


def _can_be_sent(inputs: Inputs, rate: DataRate, size: int, redundancy: int) -> bool:
    if inputs.interval_seconds is not None and interval_seconds(inputs.interval_seconds * 1000) < 1:
        return False
    if inputs.image_bytes < 1 or not 1 <= size <= rate.max_fragment_bytes or not 0 <= redundancy <= 100:  # noqa: PLR2004  # percent
        return False
    return encoded_fragments(inputs.image_bytes, size, redundancy) <= MAX_ENCODED_FRAGMENTS


def _task_plan(
    inputs: Inputs, rate: DataRate | None, size: int, redundancy: int, plan: SessionPlan | None
) -> rules.TaskPlan:
    interval = inputs.interval_seconds
    if interval is None and plan is not None:
        interval = plan.interval_seconds
    region = inputs.conditions.region
    if inputs.data_rate is None and rate is region.slowest_data_rate(size):
        rate = None  # the rules take it for themselves, and say that they do
    conditions = inputs.conditions
    group = rules.GroupPlan(
        "planned",
        rf_region=region.name,
        dl_class=conditions.dl_class,
        frequency_hz=conditions.frequency_hz,
        gateways=conditions.gateways,
        gateway_spacing_seconds=conditions.gateway_spacing_seconds,
        ping_slot_period=conditions.ping_slot_period,
    )
    stacks = conditions.stacks
    return rules.TaskPlan(
        rf_region=region.name,
        data_rate=rate.index if rate else None,
        redundancy_percent=redundancy,
        fragment_size_bytes=size,
        fragment_interval_ms=None if interval is None else round(interval * 1000, 6),
        image_bytes=inputs.image_bytes,
        image_facts=inputs.image_facts,
        image_delta=inputs.delta.made if inputs.delta else None,
        planned_loss_percent=round(inputs.conditions.loss * 100, 9),
        dwell_time=conditions.dwell_time,
        target=inputs.target,
        ts004_version=conditions.version,
        multicast_groups=(
            group._replace(device_stack=stacks[0] if stacks else None),
            *(group._replace(device_stack=stack) for stack in stacks[1:]),
        ),
    )
