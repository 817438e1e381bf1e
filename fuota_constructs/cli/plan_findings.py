"""What speaks against a planned session: the rules of `cdk synth`, and what only `fuota plan` is told.

A `FuotaTask` names no frequency, gateways, dwell time, package version or target; where a plan has one, it is asked
here instead, under the id of the rule it stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs import rules
from fuota_constructs.cli.plan_figures import duration, percent
from fuota_constructs.lorawan.redundancy import smallest_redundancy_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.lorawan.session_plan import Conditions, SessionPlan

Findings = list[tuple[str, str, str]]
"""Rule id, level ("error" or "warning") and message, errors first."""


def findings(task: rules.TaskPlan) -> Findings:
    """What the rules say about a task."""
    return [(finding.rule, finding.level, finding.message) for finding in rules.findings_in(task)]


def findings_about(task: rules.TaskPlan, plan: SessionPlan | None, conditions: Conditions, target: float) -> Findings:
    """What the rules say, and what they cannot know; errors first."""
    found = findings(task)
    if plan is None:
        return found
    asked_here = {"decode-probability"}
    if conditions.frequency_hz is not None:
        asked_here.add("duty-cycle")
    if conditions.dwell_time:
        asked_here.add("dwell-time")
    own = [*_gateways(plan), *_duty_cycle(plan, conditions), *_dwell_time(plan, conditions), *_target(plan, target)]
    return sorted([finding for finding in found if finding[0] not in asked_here] + own, key=lambda each: each[1])


def _gateways(plan: SessionPlan) -> Iterator[tuple[str, str, str]]:
    needed = (plan.gateways - 1) * plan.gateway_spacing_seconds + plan.fragment_airtime_seconds
    if plan.fragment_airtime_seconds <= plan.interval_seconds < needed:
        message = (
            f"the interval is {plan.interval_seconds} s and {plan.gateways} gateways,"
            f" {duration(plan.gateway_spacing_seconds)} apart, need {needed:.3f} s for one fragment: choose"
            f" {plan.smallest_interval_seconds} s or more, fewer gateways or a shorter spacing"
        )
        yield "fragment-interval-airtime", "error", message


def _duty_cycle(plan: SessionPlan, conditions: Conditions) -> Iterator[tuple[str, str, str]]:
    limit = plan.duty_cycle_limit
    if conditions.frequency_hz is None or limit is None or plan.duty_cycle_used <= limit + 1e-9:
        return
    message = (
        f"{plan.fragment_airtime_seconds:.3f} s on the air every {plan.interval_seconds} s are"
        f" {percent(plan.duty_cycle_used)} of the time; on {conditions.frequency_hz / 1e6:g} MHz a gateway may send"
        f" {percent(limit)} of it: choose an interval of {plan.smallest_interval_seconds} s or more"
    )
    yield "duty-cycle", "warning", message


def _dwell_time(plan: SessionPlan, conditions: Conditions) -> Iterator[tuple[str, str, str]]:
    rate = conditions.region.data_rate(plan.data_rate)
    largest = conditions.max_fragment_bytes(rate) if rate and conditions.dwell_time else plan.fragment_bytes
    if plan.fragment_bytes > largest:
        remedy = f"a fragment size of at most {largest} bytes" if largest else "a faster data rate"
        message = (
            f"a fragment of {plan.fragment_bytes} bytes takes {plan.fragment_airtime_seconds:.3f} s on the air, and"
            f" DownlinkDwellTime = 1 allows {duration(plan.transmission_limit_seconds or 0)}: choose {remedy}"
        )
        yield "dwell-time", "error", message


def _target(plan: SessionPlan, target: float) -> Iterator[tuple[str, str, str]]:
    if plan.decode_probability >= target:
        return
    enough = smallest_redundancy_percent(plan.data_fragments, plan.loss, target, version=plan.version)
    remedy = "smaller fragments" if enough is None else f"a redundancy of at least {enough} %"
    message = (
        f"{percent(plan.decode_probability)} of the devices have the image after {plan.data_fragments} data and"
        f" {plan.coded_fragments} coded fragments at {percent(plan.loss)} loss, and the target is {percent(target)}"
        f" (coded fragments are lost too): choose {remedy}, or a lower target"
    )
    yield "decode-probability", "warning", message
