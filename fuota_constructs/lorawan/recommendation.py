"""Fragment parameters for an image: the best of each data rate, and the one to choose."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.device_stack import HANG_FRAGMENTS, OVERFLOWING_SHARE
from fuota_constructs.lorawan.durations import hours
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS, ROUNDING, data_fragments, encoded_fragments
from fuota_constructs.lorawan.redundancy import smallest_redundancy_percent, twins
from fuota_constructs.lorawan.session_plan import (
    CLASS_B,
    DEFAULT_LOSS,
    DEFAULT_TARGET,
    Conditions,
    SessionPlan,
    plan_session,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.lorawan.regions import DataRate

GOOD_COUNTS: Final = (20, 40, 80, 160)
"""Data fragments to try where the largest fragment makes only few: the code is poor below 20 (TS004-1.0.0, A.3)."""

"""Durations up to 90 s are given in seconds, up to 90 min in minutes."""


@dataclass(frozen=True, slots=True)
class Option:
    """What one data rate can do: a plan that reaches the target, and what speaks against it ("" when nothing does).

    An obstacle keeps it from being chosen, a caution only while there is another without one.
    """

    data_rate: DataRate
    plan: SessionPlan | None
    obstacle: str = ""
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Parameters that reach the target within every limit, and why these.

    They are `cautioned` where something speaks against them, as it then does against every other choice.
    """

    plan: SessionPlan
    target: float
    why: tuple[str, ...]
    cautioned: bool = False


def options(image_bytes: int, conditions: Conditions, *, target: float = DEFAULT_TARGET) -> tuple[Option, ...]:
    """The best parameters of each downlink data rate, slowest first.

    The fragment is the largest that also passes a repeater (smaller where that leaves too few fragments for the code),
    the interval the shortest that air and duty cycle allow, the redundancy the smallest that brings the image to
    ``target`` of the devices at the planned loss.
    """
    return tuple(_option(image_bytes, conditions, rate, target) for rate in conditions.region.data_rates)


def recommend(
    choices: tuple[Option, ...],
    *,
    target: float = DEFAULT_TARGET,
    data_rate: int | None = None,
    by_fragment_size: bool = False,
) -> Recommendation | None:
    """The option to choose: that of the data rate asked for, else the slowest that fits; None where nothing fits.

    One without a caution goes first.

    The slowest reaches furthest: each step up costs 2.5 to 3 dB of link budget, which devices at the edge do not have.
    ``by_fragment_size`` leaves only data rates that the size alone leads to, as the slowest that carries it.
    """
    possible = []
    for position, option in enumerate(choices):
        if option.plan is None or option.obstacle or data_rate not in {None, option.data_rate.index}:
            continue
        slower = (choice.data_rate.max_fragment_bytes for choice in choices[:position])
        if by_fragment_size and max(slower, default=0) >= option.plan.fragment_bytes:
            continue
        possible.append(option)
    chosen = next((option for option in possible if not option.caution), next(iter(possible), None))
    if chosen is None or chosen.plan is None:
        return None
    rate = "the data rate you named"
    if data_rate is None:
        by_size = " and to which the fragment size leads" if by_fragment_size else ""
        rate = f"the slowest data rate whose session fits{by_size}, so that it reaches furthest"
    others = choices if data_rate is None else ()
    why = _why(chosen.plan, target, rate, chosen.caution, others)
    return Recommendation(chosen.plan, target, why, cautioned=bool(chosen.caution))


def snippet(plan: SessionPlan, conditions: Conditions, *, image: str = "firmware.bin") -> str:
    """A group and a `FuotaTask` with these parameters, as Python; what the plan was told, the rules are told, too."""
    frequency, stacks = conditions.frequency_hz, conditions.stacks
    return "\n".join(
        [
            "group = MulticastGroup(",
            '    stack, "Devices",',
            f"    rf_region=RfRegion.{plan.region.replace('-', '_')},",
            f"    dl_class=DlClass.{'CLASS_B' if plan.dl_class == CLASS_B else 'CLASS_C'},",
            f"    downlink_data_rate={plan.data_rate},",
            *([f"    downlink_frequency_hz={frequency},"] if frequency is not None else []),
            ")",
            "FuotaTask(",
            '    stack, "Update",',
            f"    firmware_image=FirmwareImage.from_asset({json.dumps(image)}),",
            f"    rf_region=RfRegion.{plan.region.replace('-', '_')},",
            f"    redundancy_percent={plan.redundancy_percent},",
            f"    fragment_size_bytes={plan.fragment_bytes},",
            f"    fragment_interval=cdk.Duration.seconds({plan.interval_seconds}),",
            "    multicast_groups=[group],",
            *([f"    planned_loss_percent={100 * plan.loss:g},"] if plan.loss != DEFAULT_LOSS else []),
            # One task has one stack: of a mixed fleet each kind has a task of its own.
            *([f"    device_stack={json.dumps(stacks[0].text)},"] if len(stacks) == 1 else []),
            ")",
        ]
    )


def redundancy_for(data: int, conditions: Conditions, target: float, *, missed: float | None = None) -> int | None:
    """The smallest RedundancyPercent that brings so many fragments to the target; None where none does.

    At least 1 for devices that notice at a redundant fragment only that they are done. `missed` is the share of
    fragments that do not arrive (`Conditions.loss_at`), by default the loss: at the shortest lawful interval there is
    a ping slot and airtime for each.
    """
    loss = conditions.loss if missed is None else missed
    percent = smallest_redundancy_percent(data, loss, target, version=conditions.version)
    if percent == 0 and any(stack.never_done_without_redundancy for stack in conditions.stacks):
        return 1
    return percent


def _option(image_bytes: int, conditions: Conditions, rate: DataRate, target: float) -> Option:
    largest = conditions.max_fragment_bytes(rate, repeater=True)
    if largest < 1:
        return Option(rate, None, "carries no fragment under the 400 ms downlink dwell time")
    sizes = _sizes(image_bytes, largest, lambda size: all(stack.takes_size(size) for stack in conditions.stacks))
    if not sizes:
        return Option(rate, None, f"{_named(conditions)} takes no fragment of up to {largest} bytes")
    plans = []
    for size in sizes:
        data = data_fragments(image_bytes, size)
        percent = redundancy_for(data, conditions, target)
        if percent is not None and encoded_fragments(image_bytes, size, percent) <= MAX_ENCODED_FRAGMENTS:
            plans.append(
                plan_session(image_bytes, conditions, data_rate=rate, fragment_bytes=size, redundancy_percent=percent)
            )
    if not plans:
        return Option(rate, None, _why_none(image_bytes, conditions, largest, target))
    plan = min(plans, key=lambda plan: (plan.duration_seconds, -plan.fragment_bytes))
    return Option(rate, plan, obstacle_to(plan) or _too_much_for(conditions, plan), _caution(conditions, plan))


def _sizes(image_bytes: int, largest: int, is_taken: Callable[[int], bool]) -> list[int]:
    sizes = {largest}
    if data_fragments(image_bytes, largest) < GOOD_COUNTS[-1]:
        sizes |= {size for count in GOOD_COUNTS if (size := -(-image_bytes // count)) < largest}
    taken = {_without_twins(image_bytes, filter(is_taken, range(size, 0, -1))) for size in sizes}
    return sorted(filter(None, taken), reverse=True)


def _without_twins(image_bytes: int, sizes: Iterator[int]) -> int | None:
    """The first size whose fragment count has no twins: no redundancy makes up for those.

    The first of all where each has some, None where there is no size.
    """
    first = next(sizes, None)
    if first is None or not twins(data_fragments(image_bytes, first)):
        return first
    return next((size for size in sizes if not twins(data_fragments(image_bytes, size))), first)


def _too_much_for(conditions: Conditions, plan: SessionPlan) -> str:
    """What of a session the stack of the devices does not take; empty where it takes all."""
    for stack in conditions.stacks:
        count = plan.data_fragments
        if stack.hangs_with(count):
            return f"{count} fragments, and {stack} hangs from {stack.hangs_from_fragments} on"
        if not stack.takes_count(count):
            return f"{count} fragments, and {stack} is built for at most {stack.limits}"
        if (share := stack.share_that_overflows(count, conditions.loss)) >= OVERFLOWING_SHARE:
            most = stack.most_lost_fragments(count)
            return f"{100 * share:.1f} % of the devices lose more than the {most} fragments {stack} has room for"
    return ""


def _caution(conditions: Conditions, plan: SessionPlan) -> str:
    if conditions.stacks or plan.data_fragments < HANG_FRAGMENTS:
        return ""
    return (
        f"{plan.data_fragments} fragments: from {HANG_FRAGMENTS} on devices with STM32CubeWL, or with LoRaMac-node up"
        " to 4.5.1, hang for ever"
    )


def _named(conditions: Conditions) -> str:
    return " and ".join(str(stack) for stack in conditions.stacks)


def _why_none(image_bytes: int, conditions: Conditions, largest: int, target: float) -> str:
    data = data_fragments(image_bytes, largest)
    if data > MAX_ENCODED_FRAGMENTS:
        return f"{data} fragments of {largest} bytes, and at most {MAX_ENCODED_FRAGMENTS} can be numbered"
    return (
        f"no redundancy up to 100 % brings it to {_percent(target)} of the devices at {_percent(conditions.loss)} loss"
    )


def obstacle_to(plan: SessionPlan) -> str:
    """What keeps a session from being sent whole, in a few words; empty where nothing does."""
    if plan.transmission_limit_seconds and plan.fragment_airtime_seconds > plan.transmission_limit_seconds:
        return (
            f"one fragment takes {plan.fragment_airtime_seconds:.3f} s on the air,"
            f" at most {plan.transmission_limit_seconds:g} s are allowed"
        )
    window = min(plan.service_window_seconds, plan.device_window_seconds or plan.service_window_seconds)
    if plan.cut_off:
        return f"takes {hours(plan.duration_seconds)}, the session may last {hours(window)}"
    return ""


def _percent(share: float) -> str:
    # Rounded down: 99.999 % must not read as 100 %.
    return f"{math.floor(share * 100_000 + 1e-6) / 1000:g} %"


def _why(plan: SessionPlan, target: float, rate: str, caution: str, passed_over: tuple[Option, ...]) -> tuple[str, ...]:
    slower = [option for option in passed_over if option.caution and option.data_rate.index < plan.data_rate]
    slower = [] if caution else slower
    return (
        f"{plan.data_rate_text}: {rate}",
        *(f"DR{option.data_rate.index}: {option.obstacle}" for option in passed_over if option.obstacle),
        *(f"DR{option.data_rate.index}: {option.caution}" for option in slower if not option.obstacle),
        *([f"beware: {caution}" + ("; no data rate does with fewer" if passed_over else "")] if caution else []),
        f"fragment size {plan.fragment_bytes} bytes: {plan.data_fragments} fragments, and it also passes a repeater",
        f"interval {plan.interval_seconds} s: {_why_so_long(plan)}, in whole seconds as the service rounds",
        (
            f"redundancy {plan.redundancy_percent} %: the smallest with which {_percent(target)} of the devices succeed"
            f" at {_percent(plan.loss)} loss (here {_percent(plan.decode_probability)}); coded fragments are lost too"
        ),
    )


def _why_so_long(plan: SessionPlan) -> str:
    """All that the interval has to have room for."""
    said = f"{plan.fragment_airtime_seconds:.3f} s on the air"
    if plan.duty_cycle_limit:
        beacons = plan.duty_cycle_used - plan.fragment_airtime_seconds / plan.interval_seconds
        said += f" at a duty cycle of {_percent(plan.duty_cycle_limit)}"
        said += f", less {_percent(beacons)} for beacons" if beacons > ROUNDING else ""
    if plan.gateways > 1 and plan.gateway_spacing_seconds:
        said += f", {plan.gateways} gateways {plan.gateway_spacing_seconds:g} s apart"
    return said + (f", a ping slot every {plan.ping_slot_seconds:g} s" if plan.ping_slot_seconds else "")
