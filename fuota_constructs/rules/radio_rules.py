"""Rules about the air: data rate, window, and whether devices can decode what arrives."""

from __future__ import annotations

from fuota_constructs.lorawan.fragments import MAX_FRAGMENT_BYTES, data_fragments
from fuota_constructs.lorawan.redundancy import decode_probability, smallest_redundancy_percent, twins
from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import CLASS_B, CLASS_C
from fuota_constructs.rules.airtime_rules import AIRTIME_RULES
from fuota_constructs.rules.radio_session import (
    DEFAULT_LOSS_PERCENT,
    fragment_size,
    image_bytes,
    loss,
    loss_percent,
    missed,
    named_rates,
    outlasts_its_class,
    redundancy_in_range,
    sent_fragments,
    sent_rates,
    session_at,
    sessions,
    together,
)
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, given, show, warning

LIKELY_ENOUGH = 0.99
"""Share of devices that shall succeed at the planned loss."""

FEW_FRAGMENTS = 20
"""Below so many data fragments the code is poor (TS004-1.0.0, A.3)."""


def _data_rate_range(plan: TaskPlan) -> Remarks:
    facts = region(plan.rf_region) if plan.rf_region else None
    for index in named_rates(plan) if facts else ():
        if facts is not None and facts.data_rate(index) is None:
            usable = ", ".join(str(rate) for rate in facts.data_rates)
            yield error(f"downlink_data_rate is {index}; downlinks of {facts.name} use {usable}")


def _planned_loss_range(plan: TaskPlan) -> Remarks:
    if given(plan.planned_loss_percent) and loss_percent(plan.planned_loss_percent) is None:
        yield error(
            f"planned_loss_percent is {show(plan.planned_loss_percent)}; choose a number from 0 to 99, the share of"
            f" fragments that a device may lose ({DEFAULT_LOSS_PERCENT} by default)"
        )


def _decode_probability(plan: TaskPlan) -> Remarks:
    sent, target = sent_fragments(plan), plan.target or LIKELY_ENOUGH
    if sent is None:
        return
    data, coded = sent
    chance = decode_probability(data, coded, share := missed(plan), version=plan.ts004_version)
    if chance >= target:
        return
    asked = f", and the target is {100 * target:g} %" if plan.target else ""
    if share > loss(plan):
        # Only such a session needs the words.
        from fuota_constructs.lorawan.unsent_fragments import longer_session, why_unsent, worst_of

        worst = max(sessions(plan), key=lambda session: session.unsent)
        longest = worst_of(sessions(plan)) or worst
        slower = f"Duration.seconds({longest.smallest_interval_seconds}) or more for fragment_interval"
        if longer := longer_session(longest):
            slower = f"larger fragments at a faster data rate ({longer})"
        yield warning(
            f"a device has the image with a chance of {chance:.2%} after {data} data and {coded} coded fragments at"
            f" {100 * share:.3g} % loss: {100 * loss(plan):g} % as planned, and {why_unsent(worst)}, coded ones"
            f" too{asked}: choose {slower}{together(plan)}"
        )
        return
    enough = smallest_redundancy_percent(data, loss(plan), target, version=plan.ts004_version)
    remedy = f"redundancy_percent of at least {enough}" if enough is not None else "more and smaller fragments"
    if twins(data):
        remedy = (
            f"a slightly smaller fragment_size_bytes ({data} fragments are a multiple of 64,"
            " where the code ties pairs of fragments together and redundancy helps little)"
        )
    other = "plan for a lower target" if plan.target else "say with planned_loss_percent what your devices lose"
    yield warning(
        f"at {100 * loss(plan):g} % loss a device has the image with a chance of {chance:.2%} after {data} data and"
        f" {coded} coded fragments (coded ones are lost too){asked}: choose {remedy}, or {other}{together(plan)}"
    )


def _few_fragments(plan: TaskPlan) -> Remarks:
    image, size = image_bytes(plan), fragment_size(plan)
    if image is None or size is None:
        return
    count = data_fragments(image, size)
    if 1 < count < FEW_FRAGMENTS:
        smaller = min((image - 1) // (FEW_FRAGMENTS - 1), MAX_FRAGMENT_BYTES)
        remedy = f"choose fragment_size_bytes of at most {smaller}" if smaller else "plan with more redundancy"
        yield warning(f"the image makes {count} fragments; below {FEW_FRAGMENTS} the redundancy helps little: {remedy}")


def _redundancy_useless(plan: TaskPlan) -> Remarks:
    image, size, redundancy = image_bytes(plan), fragment_size(plan), redundancy_in_range(plan)
    if image is None or size is None or not redundancy or data_fragments(image, size) > 1:
        return
    smaller = (image - 1) // (FEW_FRAGMENTS - 1)
    remedy = f"choose fragment_size_bytes of at most {smaller}" if smaller else "leave redundancy_percent at 0"
    yield warning(
        f"the image is one fragment and redundancy_percent is {redundancy}; a coded fragment of a single one is empty,"
        f" so it costs airtime and helps nobody: {remedy}"
    )


def _repeater_size(plan: TaskPlan) -> Remarks:
    size = fragment_size(plan)
    for sent in sent_rates(plan):
        if size is not None and size > sent.rate.max_fragment_bytes_repeater:
            yield warning(
                f"fragment_size_bytes is {size}, and at {sent} a device that may be behind a repeater takes"
                f" {sent.rate.max_fragment_bytes_repeater} at most: choose that, or acknowledge this if yours are not"
            )


def _class_window(plan: TaskPlan) -> Remarks:
    classes = {group.dl_class for group in plan.multicast_groups if group.dl_class}
    if classes == {CLASS_B, CLASS_C}:
        yield warning(
            "the task has groups of class B and of class C, which listen at different times; make a task for each class"
        )
    for sent in sent_rates(plan):
        session = session_at(plan, sent)
        if session is None or not outlasts_its_class(session):
            continue
        shortest = session.fragments * session.smallest_interval_seconds
        yield warning(
            f"{session.fragments} fragments at {sent} take {shortest / 3600:.1f} h even at the shortest lawful"
            f" interval of {session.smallest_interval_seconds} s; a session of {_said(session.dl_class)} lasts at most"
            f" {session.service_window_seconds // 3600} h: choose larger fragments at a faster data rate"
            f"{together(plan)}"
        )


def _said(listens: str) -> str:
    return "class B" if listens == CLASS_B else "class C"


_GUIDE = "AWS IoT Wireless Developer Guide, create a FUOTA task"

RADIO_RULES = (
    Rule(
        id="data-rate-range",
        levels=("error",),
        what="`downlink_data_rate` of a group is no downlink data rate of the region",
        why="nobody listens there",
        remedy="a downlink data rate of the region",
        source="RP002-1.0.4",
        check=_data_rate_range,
    ),
    Rule(
        id="planned-loss-range",
        levels=("error",),
        what="`planned_loss_percent` is not a number from 0 to 99",
        why="the decode probability is worked out with it",
        remedy="the share of fragments a device may lose, in percent",
        source="this library",
        check=_planned_loss_range,
    ),
    *AIRTIME_RULES,
    Rule(
        id="decode-probability",
        levels=("warning",),
        what="under 99 % of the devices would have the image at the planned loss (`planned_loss_percent`, default 10)",
        why="coded fragments are lost too, so redundancy equal to the loss is not enough",
        remedy="more redundancy",
        source="the parity rows of TS004, see docs/explanation/radio-budget.md",
        check=_decode_probability,
    ),
    Rule(
        id="few-fragments",
        levels=("warning",),
        what="the image makes fewer than 20 fragments",
        why="the code of TS004 is poor for so few",
        remedy="smaller fragments",
        source="TS004-1.0.0, A.3",
        check=_few_fragments,
    ),
    Rule(
        id="redundancy-useless",
        levels=("warning",),
        what="the image is one fragment and redundancy is asked for",
        why="the coded fragments of a single fragment are empty",
        remedy="smaller fragments, or no redundancy",
        source="TS004-1.0.0, A (a row of M = 1 has no ones)",
        check=_redundancy_useless,
    ),
    Rule(
        id="repeater-size",
        levels=("warning",),
        what="the fragment is larger than devices take that may be behind a repeater",
        why="such devices ignore it",
        remedy="the smaller size, for example 219 instead of 239",
        source="RP002-1.0.4 (repeater compatible payload sizes); AWS documents 33 bytes for US915 DR8",
        check=_repeater_size,
    ),
    Rule(
        id="class-window",
        levels=("warning",),
        what="the session outlasts the window of its class even at the shortest lawful interval, or classes are mixed",
        why="the session ends before the last fragment; devices of different classes do not listen together",
        remedy="larger fragments at a faster data rate; one task for each class",
        source=f"{_GUIDE}: 18 h for class C, 2 days for class B",
        check=_class_window,
    ),
)
