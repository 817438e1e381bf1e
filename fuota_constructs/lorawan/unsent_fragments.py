"""Why fragments of a session are not sent, or may not be, in words: what no ping slot or no airtime is left for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fuota_constructs.lorawan.fragments import ROUNDING, seconds_apart, with_slot
from fuota_constructs.lorawan.session_plan import cut_off_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fuota_constructs.lorawan.session_plan import SessionPlan


def why_unsent(plan: SessionPlan) -> str:
    """What of a session is not sent (assumed), and why; empty where all of it is."""
    if not plan.unsent:
        return ""
    said, every = [], f"one every {plan.interval_seconds} s"
    if plan.slots_taken:
        said.append(
            f"{plan.slots_taken:.0%} of the fragments, {every}, find their ping slot taken: there is one every"
            f" {plan.ping_slot_seconds:g} s"
        )
    if plan.one_sent_of > 1:
        come = with_slot(plan.fragments, plan.interval_seconds, plan.ping_slot_seconds)
        taken = f"takes {come - plan.sent_fragments:,} of {plan.fragments:,} fragments"
        if plan.duty_cycle_limit is None or not plan.duty_cycle_is_certain:
            said.append(f"airtime {taken}: {every}, and one is on the air for {plan.fragment_airtime_seconds:.3f} s")
        else:
            limit = f"{100 * plan.duty_cycle_limit:g} %"
            may = f"a gateway may send one every {plan.silence_seconds:.3g} s"
            said.append(f"the duty cycle of {limit} {taken}: {every}, and {may}")
    return "; and ".join(said)


def worst_of(plans: Iterable[SessionPlan]) -> SessionPlan | None:
    """The session that needs the longest interval of those that are not sent whole; the first where all are."""
    return max(plans, key=lambda plan: plan.smallest_interval_seconds if plan.unsent else 0, default=None)


def longer_session(plan: SessionPlan, groups: int = 1) -> str:
    """Why a longer interval alone does not mend it: the session would be cut off; empty where it would not."""
    interval = interval_of_groups(plan, groups)
    cut_off = cut_off_of(plan.dl_class, plan.fragments * interval)
    return f"every {interval} s, when all are sent, {cut_off}" if cut_off else ""


def slower(plan: SessionPlan, groups: int = 1) -> str:
    """What of a session is to be changed for all of it to be sent to so many groups, behind `choose`."""
    if longer := longer_session(plan, groups):
        return f"larger fragments at a faster data rate: {longer}"
    return f"a fragment_interval of {interval_of_groups(plan, groups)} s or more"


def rule_of_unsent(plan: SessionPlan) -> str:
    """The rule that warns of it before."""
    if plan.one_sent_of == 1:
        return "ping-slot-interval"
    return "duty-cycle" if plan.duty_cycle_is_certain else "fragment-interval-airtime"


def interval_of_groups(plan: SessionPlan, groups: int) -> int:
    """The shortest whole second at which one gateway may send to so many groups, each its fragments."""
    return max(plan.smallest_interval_seconds, math.ceil(_lawful_seconds(plan, groups) - ROUNDING))


def _lawful_seconds(plan: SessionPlan, groups: int) -> float:
    if plan.duty_cycle_limit is None:
        return 0.0
    every = seconds_apart(plan.interval_seconds, plan.ping_slot_seconds)
    beacons = plan.duty_cycle_used - plan.fragment_airtime_seconds / every
    return groups * plan.fragment_airtime_seconds / (plan.duty_cycle_limit - beacons)


def doubt_of_airtime(plan: SessionPlan, groups: int = 1) -> str:
    """Why the duty cycle may take fragments that this counts as sent; empty where nothing speaks for that.

    `groups` are those that one gateway may have to send to, each its fragments. That a duty cycle depends on the
    country, or that the gateways of several groups are the same, is not known: nothing is counted as lost for it.
    """
    limit = plan.duty_cycle_limit
    every = seconds_apart(plan.interval_seconds, plan.ping_slot_seconds)
    if limit is None or _lawful_seconds(plan, groups) <= every + ROUNDING:
        return ""
    share = 100 * groups * plan.fragment_airtime_seconds / every
    to = f" to each of {groups} groups" if groups > 1 else ""
    where = [f"{plan.region} has one (it depends on the country)"] if not plan.duty_cycle_is_certain else []
    where += ["the same gateways serve all groups at the same time"] if groups > 1 else []
    return (
        f"{plan.fragment_airtime_seconds:.3f} s on the air every {every:g} s{to} are {share:.3g} % of the"
        f" time, above the duty cycle of {100 * limit:g} %, if {' and '.join(where)}"
    )
