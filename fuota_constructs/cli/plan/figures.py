"""The figures of a planned session, for the terminal and the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fuota_constructs.cli import about
from fuota_constructs.cli.figures import (
    GOOD,
    Figure,
    count,
    duration,
    energy,
    loss_words,
    megahertz,
    percent,
    significant,
)
from fuota_constructs.cli.image.words import firmware_words
from fuota_constructs.lorawan.session_plan import (
    CLASS_C,
    RECEIVE_MILLIAMPERES,
    SUPPLY_VOLTS,
    SessionPlan,
)
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from fuota_constructs.cli.plan.inputs import Inputs, Planned


def session_words(result: Planned) -> list[str]:
    """What a session is, in a few words each."""
    inputs, plan = result.inputs, result.plan
    name = image_name(inputs)
    every = plan.interval_seconds * 1000 if plan else inputs.interval_seconds and inputs.interval_seconds * 1000
    return [
        f"{inputs.conditions.region.name} {result.data_rate}",
        *about.parameters(result.fragment_bytes, every, result.redundancy_percent),
        about.image(name, inputs.image_bytes, inputs.image_sha256),
    ]


def image_name(inputs: Inputs) -> str:
    """The file that is sent, or what it leads to."""
    name = Path(inputs.image_name).name if inputs.image_name else "an image"
    return f"delta to {name}" if inputs.delta and inputs.delta.made.patch else name


def _image_remark(inputs: Inputs) -> str:
    name = inputs.image_name or ""
    return f"delta from {inputs.delta.base_name} to {name}" if inputs.delta and inputs.delta.made.patch else name


def inputs_of(result: Planned) -> list[Figure]:
    """What the session was worked out from; the remark says what was assumed."""
    inputs, plan, assumed = result.inputs, result.plan, result.assumed
    conditions = inputs.conditions
    frequency = conditions.downlink_frequency_hz
    chosen = "RX2" if conditions.dl_class == CLASS_C else "ping slot"
    lines = [
        Figure("Image", f"{count(inputs.image_bytes)} bytes", visible(_image_remark(inputs))),
        *([Figure("Firmware", *firmware_words(inputs.image_facts))] if inputs.image_facts else []),
        Figure("Region", conditions.region.name + (", 400 ms dwell time" if conditions.dwell_time else "")),
        Figure(
            "Downlink",
            f"class {conditions.dl_class[-1]}, {megahertz(frequency) if frequency else 'by channel plan'}",
            "" if conditions.frequency_hz or not frequency else f"assumed: {chosen} of the region",
        ),
    ]
    if conditions.gateways > 1:
        spacing = conditions.gateway_spacing_seconds
        apart = f"{duration(spacing)} apart" if spacing else "all at once"
        lines.append(Figure("Gateways", f"{conditions.gateways}, {apart}"))
    if conditions.ping_slot_period:
        slots = f"{conditions.ping_slot_period} slots of 30 ms"
        lines.append(
            Figure("Ping slot period", slots, f"{conditions.ping_slot_seconds:g} s from one to the next, on average")
        )
    lines += [
        Figure("Data rate", str(result.data_rate), assumed.get("data rate", "")),
        Figure("Fragment size", f"{count(result.fragment_bytes)} bytes", assumed.get("fragment size", "")),
        Figure("Redundancy", f"{result.redundancy_percent} %", assumed.get("redundancy", "")),
    ]
    if plan:
        rounded = inputs.interval_seconds not in {None, plan.interval_seconds}
        remark = f"rounded from {inputs.interval_seconds:g} s, as the service does" if rounded else ""
        lines.append(Figure("Interval", f"{plan.interval_seconds} s", assumed.get("interval", remark)))
    return lines


def figures_of(result: Planned, plan: SessionPlan) -> list[Figure]:
    """What the session costs and whether it works."""
    return [
        _fragments(plan),
        _airtime(plan),
        _duty_cycle(result.inputs, plan),
        Figure(
            "Smallest interval",
            f"{plan.smallest_interval_seconds} s",
            f"{plan.interval_seconds} s is planned",
            GOOD if plan.interval_seconds >= plan.smallest_interval_seconds else "too short",
        ),
        _duration(plan),
        _success(result, plan),
        _energy(plan),
    ]


def _success(result: Planned, plan: SessionPlan) -> Figure:
    if plan.cut_off or result.refused:  # a share would be read as if the session could be sent
        return Figure("Success", "not reached", plan.cut_off or "see the findings", "none")
    return Figure(
        "Success",
        f"{percent(plan.decode_probability)} of the devices",
        f"target {percent(result.inputs.target)}, {loss_words(plan)}, TS004 v{plan.version}",
        GOOD if plan.decode_probability >= result.inputs.target else "under target",
    )


def _fragments(plan: SessionPlan) -> Figure:
    parts = f"{count(plan.data_fragments)} data + {count(plan.coded_fragments)} coded"
    return Figure("Fragments", count(plan.fragments), f"{parts}, {plan.padding_bytes} B padding")


def _airtime(plan: SessionPlan) -> Figure:
    limit = plan.transmission_limit_seconds
    each = f"{plan.fragment_airtime_seconds:.3f} s each"
    over = limit is not None and plan.fragment_airtime_seconds > limit
    return Figure(
        "Airtime",
        each,
        (f"at most {limit:g} s each; " if limit else "")
        + f"{duration(plan.total_airtime_seconds)} in total"
        + (", every gateway" if plan.gateways > 1 else ""),
        "" if limit is None else "too long" if over else GOOD,
    )


def _duty_cycle(inputs: Inputs, plan: SessionPlan) -> Figure:
    used, limit = f"{percent(plan.duty_cycle_used)} used", plan.duty_cycle_limit
    region, frequency = inputs.conditions.region, plan.frequency_hz
    if limit is None:
        known = "no band of the region has this frequency" if region.duty_cycle_bands and frequency else "no limit here"
        return Figure("Duty cycle", used, known)
    band = region.duty_cycle_band(frequency)
    where = f"{band.from_hz / 1e6:g}-{band.to_hz / 1e6:g} MHz" if band else ""
    doubt = "" if band is None or band.certain else ", sources disagree"
    over = plan.duty_cycle_used > limit + 1e-9
    return Figure("Duty cycle", used, f"{percent(limit)} allowed, {where}{doubt}", "over" if over else GOOD)


def _duration(plan: SessionPlan) -> Figure:
    service, device = plan.service_window_seconds, plan.device_window_seconds
    windows = f"service {duration(service)}" + (f", TS005 v1 device {duration(device)}" if device else "") + " at most"
    return Figure("Duration", duration(plan.duration_seconds), windows, "too long" if plan.cut_off else GOOD)


def _energy(plan: SessionPlan) -> Figure:
    how = (
        "all session"
        if plan.ping_slot_seconds is None
        else f"{duration(plan.receive_seconds)}, a ping slot every {plan.ping_slot_seconds:g} s"
    )
    return Figure(
        "Receive energy",
        f"{energy(plan)} ({significant(plan.receive_joules)} J)",
        f"assumed {RECEIVE_MILLIAMPERES:g} mA at {SUPPLY_VOLTS:g} V, {how}",
    )
