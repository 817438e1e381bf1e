"""Rules about the time a gateway sends: airtime, ping slots, duty cycle, dwell time."""

from __future__ import annotations

import math

from fuota_constructs.lorawan.fragments import (
    ROUNDING,
    groups_of_a_gateway,
    one_sent_of,
    seconds_a_ping_slot,
    with_slot,
)
from fuota_constructs.lorawan.session_plan import CLASS_B, DEFAULT_PING_SLOT_PERIOD
from fuota_constructs.rules.radio_session import (
    SentRate,
    dl_class,
    fragment_size,
    seconds_between,
    sent_rates,
    session_at,
    together,
)
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, warning


def _fragment_interval_airtime(plan: TaskPlan) -> Remarks:
    size, interval = fragment_size(plan), seconds_between(plan)
    if size is None or interval is None:
        return
    for sent in sent_rates(plan):
        conditions, airtime = sent.conditions, sent.rate.fragment_airtime_us(size) / 1e6
        smallest = conditions.smallest_interval_seconds(airtime)
        if interval < airtime:
            yield error(
                f"fragment_interval is {interval} s and a fragment of {size} bytes takes"
                f" {airtime:.3f} s on the air at {sent}; choose Duration.seconds({smallest}) or more, or a faster data"
                f" rate{together(plan)}"
            )
        elif interval < conditions.sending_seconds(airtime):
            yield error(
                f"fragment_interval is {interval} s and {conditions.gateways} gateways,"
                f" {conditions.gateway_spacing_seconds:g} s apart (TransmissionInterval), need"
                f" {conditions.sending_seconds(airtime):.3f} s for one fragment of {size} bytes at {sent}; choose"
                f" Duration.seconds({smallest}) or more, fewer gateways or a shorter spacing{together(plan)}"
            )


def _gateway_spacing(plan: TaskPlan) -> Remarks:
    size = fragment_size(plan)
    for sent in sent_rates(plan) if size is not None else ():
        spacing = sent.conditions.gateway_spacing_seconds
        if sent.conditions.gateways == 1 or not spacing:
            continue
        if spacing < (airtime := sent.rate.fragment_airtime_us(size or 0) / 1e6):
            yield warning(
                f"transmission_interval is {spacing:g} s and a fragment of {size} bytes takes {airtime:.3f} s on the"
                f" air at {sent}: the next gateway begins while the one before still sends, and who hears both loses"
                f" the fragment; choose Duration.millis({math.ceil(1000 * airtime)}) or more, or acknowledge this"
                " if no device hears two"
            )


def _ping_slot_interval(plan: TaskPlan) -> Remarks:
    interval = seconds_between(plan)
    periods = {group.ping_slot_period for group in plan.multicast_groups}
    if interval is None or dl_class(plan) != CLASS_B:
        return
    period = max(each or DEFAULT_PING_SLOT_PERIOD for each in periods)
    every = seconds_a_ping_slot(period)
    if interval < every:
        assumed = " (assumed, where no session of the group says another)" if None in periods else ""
        yield warning(
            f"fragment_interval is {interval} s and devices of class B with PingSlotPeriod {period}{assumed} listen"
            f" every {every:.4g} s: fragments come faster than slots; choose"
            f" Duration.seconds({math.ceil(every)}) or more, or a smaller PingSlotPeriod (whether"
            f" a FUOTA session keeps the one of the group's session is not documented){together(plan)}"
        )


def _duty_cycle(plan: TaskPlan) -> Remarks:
    size, interval = fragment_size(plan), seconds_between(plan)
    if size is None or interval is None:
        return
    for sent in sent_rates(plan):
        conditions = sent.conditions
        band = conditions.duty_cycle_band
        airtime = sent.rate.fragment_airtime_us(size) / 1e6
        if band is None or airtime > interval:
            continue
        share = band.share - conditions.beacon_share
        every = max(interval, conditions.ping_slot_seconds or 0)  # what finds its ping slot taken takes no airtime
        if airtime <= share * every + ROUNDING:
            if len(plan.multicast_groups) > 1:
                yield from _duty_cycle_together(plan, sent, airtime, every, share)
            continue
        sends = one_sent_of(interval, conditions.ping_slot_seconds, airtime / share)
        if session := session_at(plan, sent):  # one of two fragments is sent where it would be one of many
            sends = min(sends, with_slot(session.fragments, interval, conditions.ping_slot_seconds))
        if sends == 1:  # all others find their ping slot taken
            continue
        drops = f"drops {sends - 1} of {sends} fragments"
        if not band.certain:
            drops = f"if the country has it so (it is printed for the default channels), {drops}"
        yield warning(
            f"{airtime:.3f} s on the air every {every:g} s at {sent} are {airtime / every:.1%} of the time; on"
            f" {(conditions.downlink_frequency_hz or 0) / 1e6:g} MHz a gateway may send {band.share:.3g} of it, that is"
            f" {band.share:.1%}{', its beacons included' if conditions.beacon_share else ''}, and"
            f" {drops} (assumed): choose Duration.seconds({conditions.smallest_interval_seconds(airtime)}) or"
            f" more{together(plan)}"
        )


def _duty_cycle_together(plan: TaskPlan, sent: SentRate, airtime: float, every: float, share: float) -> Remarks:
    """Several groups that one gateway may have to send to: those that name it, and those that name none."""
    groups = groups_of_a_gateway([group.gateway_ids for group in plan.multicast_groups])
    all_of_it = groups * airtime
    if all_of_it > share * every + ROUNDING:
        yield warning(
            f"{groups} groups are sent {airtime:.3f} s each every {every:g} s at {sent}; where the same gateways"
            f" serve them, that is {all_of_it / every:.1%} of the time, of {share:.1%} that one may send there:"
            f" choose Duration.seconds({math.ceil(all_of_it / share - ROUNDING)}) or more, a task for each group,"
            " one after the other, or acknowledge this if their gateways differ (whether the service sends to"
            " all at the same time is not documented)"
        )


def _dwell_time(plan: TaskPlan) -> Remarks:
    size = fragment_size(plan)
    if size is None:
        return
    for sent in sent_rates(plan):
        airtime = sent.rate.fragment_airtime_us(size) / 1000
        always, sometimes = sent.region.transmission_limit_ms, sent.region.dwell_time_ms
        fits = sent.rate.max_fragment_bytes_under_dwell
        smaller = f"fragment_size_bytes of at most {fits}" if fits else "a faster data rate"
        if always is not None and airtime > always:
            yield error(
                f"a fragment of {size} bytes takes {airtime:.0f} ms on the air at {sent}; {sent.region.name} allows"
                f" {always} ms for one transmission: choose a smaller fragment_size_bytes or a faster data"
                f" rate{together(plan)}"
            )
        elif sometimes is not None and size > fits and plan.dwell_time:
            yield error(
                f"a fragment of {size} bytes takes {airtime:.0f} ms on the air at {sent}; DownlinkDwellTime = 1 allows"
                f" {sometimes} ms: choose {smaller}{together(plan)}"
            )
        elif sometimes is not None and size > fits:
            yield warning(
                f"a fragment of {size} bytes takes {airtime:.0f} ms on the air at {sent}; where the network sets"
                f" DownlinkDwellTime = 1, {sent.region.name} allows {sometimes} ms: choose {smaller} there,"
                " acknowledge this elsewhere"
            )


AIRTIME_RULES = (
    Rule(
        id="fragment-interval-airtime",
        levels=("error",),
        what="the interval is shorter than one fragment's time on air, or than the participating gateways need for it",
        why="the next fragment would begin before the last one has ended",
        remedy="a longer interval, a smaller fragment or a faster data rate",
        source="Semtech AN1200.13 (time on air); AWS IoT Wireless Developer Guide, participating gateways",
        check=_fragment_interval_airtime,
    ),
    Rule(
        id="gateway-spacing",
        levels=("warning",),
        what="`transmission_interval` of a group is shorter than one fragment's time on air",
        why="gateways that send at the same time disturb each other where a device hears both",
        remedy="a longer `transmission_interval`, a smaller fragment or a faster data rate",
        source="AWS IoT Wireless Developer Guide, participating gateways; Semtech AN1200.13 (time on air)",
        check=_gateway_spacing,
    ),
    Rule(
        id="ping-slot-interval",
        levels=("warning",),
        what="the interval is shorter than the time between two ping slots of the group's class B session: 4 s where"
        " none is known",
        why="a device hears one fragment a slot: the others come late, or not at all",
        remedy="a longer interval, or a smaller `PingSlotPeriod`",
        source="LoRaWAN 1.0.4 (4096 slots of 30 ms from beacon to beacon, which are 128 s apart); assumed: a FUOTA"
        " session keeps the period of the group's session,"
        " and without one it is 128 slots",
        check=_ping_slot_interval,
    ),
    Rule(
        id="duty-cycle",
        levels=("warning",),
        what="airtime by interval is above the duty cycle of the session's frequency, for a group or for all together",
        why="gateways drop downlinks above it: lost fragments for every device, and one of two or more at that",
        remedy="a longer interval",
        source="RP002-1.0.4, ETSI EN 300 220; assumed: RX2 frequency for class C, ping slot frequency for class B; a"
        " gateway drops what comes sooner than airtime / duty cycle after the fragment before, as LoRa Basics Station"
        " does (`s2e.c`); all groups that may have the same gateways are sent to at the same time",
        check=_duty_cycle,
    ),
    Rule(
        id="dwell-time",
        levels=("error", "warning"),
        what="one transmission is longer than the region allows (error), or than AS923 does with DownlinkDwellTime = 1"
        " (warning; an error where the network is known to set it)",
        why="such a frame may not be sent",
        remedy="a smaller fragment or a faster data rate",
        source="RP002-1.0.1 2.9.2 (CN470: 1 s), 2.11.6 (KR920: 4 s), AS923 payload tables (400 ms)",
        check=_dwell_time,
    ),
)
