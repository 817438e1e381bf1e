"""Rules about the devices: what the stack that runs on them can take of a session, and what it hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.device_stack import HANG_FRAGMENTS, OVERFLOWING_SHARE, macro
from fuota_constructs.lorawan.fragments import data_fragments
from fuota_constructs.rules.radio_session import (
    best_session,
    fragment_size,
    image_bytes,
    loss,
    missed,
    redundancy_or_none_given,
    stacks,
    together,
)
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, warning

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack

GROUP_FRAG_INDEX: Final = 1
"""Assumed: the FragIndex that AWS uses for multicast groups; single devices get 0."""

_SOURCES = "lorawan/device_stacks.json (release, file and macro of each number)"


def _fragments(plan: TaskPlan) -> int | None:
    image, size = image_bytes(plan), fragment_size(plan)
    return None if image is None or size is None else data_fragments(image, size)


def _stack_fragment_count(plan: TaskPlan) -> Remarks:
    count, image = _fragments(plan), image_bytes(plan)
    for stack in stacks(plan):
        if count is not None and image and stack.max_fragments is not None and count > stack.max_fragments:
            most = stack.max_fragment_bytes
            sized = f" of {_limit(stack, 'max_fragment_bytes')} bytes" if most else ""
            larger = (
                "" if most and image > stack.max_fragments * most else f", or choose larger fragments{together(plan)}"
            )
            yield error(
                f"{stack} is built for at most {_limit(stack, 'max_fragments')} fragments{sized} and this session has"
                f" {count}: {_what_happens(stack, plan)}. {_raise_it(stack, 'max_fragments', count)}{larger}"
            )


def _stack_fragment_size(plan: TaskPlan) -> Remarks:
    size = fragment_size(plan)
    for stack in stacks(plan):
        if size is None:
            continue
        if stack.max_fragment_bytes is not None and size > stack.max_fragment_bytes:
            yield error(
                f"{stack} is built for fragments of at most {_limit(stack, 'max_fragment_bytes')} bytes and"
                f" fragment_size_bytes is {size}: {_what_happens(stack, plan)}."
                f" {_raise_it(stack, 'max_fragment_bytes', size)}, or choose smaller fragments{together(plan)}"
            )
        if stack.min_fragment_bytes is not None and size < stack.min_fragment_bytes:
            yield error(
                f"{stack} is built for fragments of at least {_limit(stack, 'min_fragment_bytes')} bytes and"
                f" fragment_size_bytes is {size}: choose at least {stack.min_fragment_bytes},"
                f" or build with less{together(plan)}"
            )


def _stack_fragment_multiple(plan: TaskPlan) -> Remarks:
    size = fragment_size(plan)
    for stack in stacks(plan):
        multiple = stack.fragment_multiple_bytes
        if size is not None and multiple and size % multiple:
            below, above = size - size % multiple, size - size % multiple + multiple
            choice = f"{below} or {above}" if below else f"{above}"
            yield warning(
                f"{stack} writes fragments to a flash that takes multiples of {multiple} bytes on some"
                f" microcontrollers, the STM32WL among them, and fragment_size_bytes is {size}: choose {choice}"
            )


def _stack_lost_fragments(plan: TaskPlan) -> Remarks:
    count = _fragments(plan)
    for stack in stacks(plan):
        if count is None or not stack.takes_count(count):
            continue
        planned, most = missed(plan), stack.most_lost_fragments(count)
        share = stack.share_that_overflows(count, planned)
        if share >= OVERFLOWING_SHARE:
            unsent, slower = "", ""
            if planned > loss(plan):
                unsent, slower = f" ({100 * loss(plan):g} % as planned, the rest is not sent)", "Send more slowly, or "
            build = "build" if slower else "Build"
            yield warning(
                f"{_percent(share)} of the devices lose more of {count} fragments at {100 * planned:.3g} % loss{unsent}"
                f" than the {most} that {stack} has room for ({_macro(stack, 'max_lost_fragments')}): no redundancy"
                f" helps them. {slower}{build} with room for {_room(count, planned)}"
                f" (DeviceStack.of('{stack.name}', max_lost_fragments={_room(count, planned)})), or choose larger"
                " fragments"
            )


def _stack_hang(plan: TaskPlan) -> Remarks:
    count = _fragments(plan)
    for stack in stacks(plan):
        if count is not None and stack.hangs_with(count):
            yield error(
                f"{stack} hangs for ever in a session of {stack.hangs_from_fragments} fragments or more (an 8-bit loop"
                f" counter in its decoder) and this one has {count}: choose larger fragments, or a stack in which it is"
                f" mended{together(plan)}"
            )


def _stack_never_done(plan: TaskPlan) -> Remarks:
    if redundancy_or_none_given(plan) != 0 or plan.wireless_devices:
        return
    for stack in stacks(plan):
        if stack.never_done_without_redundancy:
            yield error(
                f"{stack} notices only at a redundant fragment that the image is complete, and redundancy_percent is"
                f" {'not given' if plan.redundancy_percent is None else 0}: no device is ever done."
                f" Choose at least 1{together(plan)}"
            )


def _stack_frag_index(plan: TaskPlan) -> Remarks:
    if not plan.multicast_groups:
        return
    for stack in stacks(plan):
        if GROUP_FRAG_INDEX not in stack.frag_indexes:
            known = " and ".join(str(index) for index in stack.frag_indexes)
            yield error(
                f"{stack} takes FragIndex {known} only, and AWS sends {GROUP_FRAG_INDEX} to multicast groups (assumed:"
                " seen in field reports, not documented): every device refuses the set-up (FragIndex_unsupported)."
                " Update them one by one with wireless_devices, or build a client that takes it and say so,"
                f" DeviceStack.of('{stack.name}', frag_sessions={GROUP_FRAG_INDEX + 1})"
            )


def _stack_class_b(plan: TaskPlan) -> Remarks:
    class_b = [group for group in plan.multicast_groups if group.dl_class == "ClassB"]
    for stack in dict.fromkeys(group.device_stack or plan.device_stack for group in class_b):
        if stack is not None and stack.class_b_as_class_c:
            yield warning(
                f"{stack} starts class C for a class B session, for as many seconds as it should have beacon periods"
                " of 128 s: it hears the first 1/128 of the session at most (by reading its sources). Put these devices"
                " into a group of class C, or use a client that has class B"
            )


def _stack_one_session(plan: TaskPlan) -> Remarks:
    if not redundancy_or_none_given(plan):
        return
    for stack in stacks(plan):
        if stack.one_session_per_boot:
            yield warning(
                f"{stack} recovers lost fragments in the first session after a boot only: in a later one a device that"
                " loses any never finishes, or finishes with a wrong image. Let the devices boot before the session"
            )


def _fragment_count_2040(plan: TaskPlan) -> Remarks:
    count = _fragments(plan)
    if count is not None and count >= HANG_FRAGMENTS and not stacks(plan) and not plan.wireless_devices:
        best, _ = best_session(plan)
        too_many = best is not None and best.cautioned
        remedy = "send a smaller (delta) image" if too_many else "choose larger fragments"
        yield warning(
            f"the session has {count} fragments, and from {HANG_FRAGMENTS} on devices with STM32CubeWL, or with"
            f" LoRaMac-node up to 4.5.1, hang for ever: {remedy}, or name the stack of your devices with"
            f" device_stack= if it is another{'' if too_many else together(plan)}"
        )


def _what_happens(stack: DeviceStack, plan: TaskPlan) -> str:
    """Whether a set-up that does not fit is refused: not every stack looks at more than the whole block."""
    count, size = _fragments(plan), fragment_size(plan)
    if stack.checks_block_only and count and size and stack.max_fragments and stack.max_fragment_bytes:
        block = stack.max_fragments * stack.max_fragment_bytes
        if count * size <= block:
            return f"it takes the set-up, for the block fits its {block} bytes, and writes past the end of its memory"
    return "it refuses the set-up (Not_enough_memory)"


def _limit(stack: DeviceStack, field: str) -> str:
    name = macro(stack.name, field)
    return f"{getattr(stack, field)}" + (f" ({name})" if name else "")


def _macro(stack: DeviceStack, field: str) -> str:
    return macro(stack.name, field) or macro(stack.name, "max_lost_percent") or "its matrix"


def _raise_it(stack: DeviceStack, field: str, value: int) -> str:
    name = macro(stack.name, field)
    build = f"Build with {name} {value}" if name else "Build with more"
    return f"{build} and say so, DeviceStack.of('{stack.name}', {field}={value})"


def _room(count: int, share: float) -> int:
    """Room for the losses of all but one in a thousand devices."""
    from fuota_constructs.lorawan.binomial import at_least

    more = at_least(count, share)
    return next(most for most in range(count + 1) if more(most + 1) < OVERFLOWING_SHARE)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


STACK_RULES: tuple[Rule, ...] = (
    Rule(
        id="stack-fragment-count",
        levels=("error",),
        what="the session has more fragments than the build of `device_stack` takes",
        why="the device refuses the set-up, or takes it and writes past the end of its memory",
        remedy="larger fragments, or a build with a larger limit: `DeviceStack.of(name, max_fragments=...)`",
        source=_SOURCES,
        check=_stack_fragment_count,
    ),
    Rule(
        id="stack-fragment-size",
        levels=("error",),
        what="`fragment_size_bytes` is larger or smaller than the build of `device_stack` takes",
        why="the device refuses the set-up, or takes it and writes past the end of its memory",
        remedy="a size within the limits, or a build with others: `DeviceStack.of(name, max_fragment_bytes=...)`",
        source=_SOURCES,
        check=_stack_fragment_size,
    ),
    Rule(
        id="stack-fragment-multiple",
        levels=("warning",),
        what="`fragment_size_bytes` is no multiple of what the flash behind `device_stack` is written in",
        why="writing a fragment fails on such microcontrollers",
        remedy="a multiple of 8",
        source=_SOURCES,
        check=_stack_fragment_multiple,
    ),
    Rule(
        id="stack-lost-fragments",
        levels=("warning",),
        what="0.1 % of the devices or more lose more fragments than the decoder of `device_stack` has room for",
        why="such a device gives up, whatever the redundancy",
        remedy="a build with more room: `DeviceStack.of(name, max_lost_fragments=...)`, or larger fragments",
        source=_SOURCES,
        check=_stack_lost_fragments,
    ),
    Rule(
        id="stack-hang",
        levels=("error",),
        what="the session has so many fragments that the decoder of `device_stack` never returns",
        why="the device hangs for ever, at its first redundant fragment",
        remedy="larger fragments: fewer than 2040",
        source=f"{_SOURCES}; LoRaMac-node issue 1038",
        check=_stack_hang,
    ),
    Rule(
        id="stack-never-done",
        levels=("error",),
        what="no redundancy, with a `device_stack` that needs a redundant fragment to notice that it is done",
        why="devices have every fragment and never say so",
        remedy="a `redundancy_percent` of at least 1",
        source=f"{_SOURCES}; LoRaMac-node issue 1353",
        check=_stack_never_done,
    ),
    Rule(
        id="stack-frag-index",
        levels=("error",),
        what="`device_stack` does not take the FragIndex that AWS uses for multicast groups",
        why="the device refuses the set-up",
        remedy="single devices, or a client that takes it: `DeviceStack.of(name, frag_sessions=2)`",
        source=f"{_SOURCES}; that AWS uses FragIndex 1 for groups is assumed",
        check=_stack_frag_index,
    ),
    Rule(
        id="stack-class-b",
        levels=("warning",),
        what="a multicast group of class B, with a `device_stack` that takes every session for one of class C",
        why="devices stop listening after 1/128 of the session",
        remedy="a group of class C, or a client that has class B",
        source=f"{_SOURCES}; that it hears the ping slots until then is assumed",
        check=_stack_class_b,
    ),
    Rule(
        id="stack-one-session",
        levels=("warning",),
        what="a `device_stack` that recovers lost fragments in the first session after a boot only",
        why="a later session ends with missing fragments, or a wrong image",
        remedy="a boot of the devices before the session",
        source=_SOURCES,
        check=_stack_one_session,
    ),
    Rule(
        id="fragment-count-2040",
        levels=("warning",),
        what="the session has 2040 fragments or more, and no `device_stack` is named",
        why="widespread decoders hang for ever on it",
        remedy="larger fragments, or naming the stack",
        source="LoRaMac-node issue 1038 (up to 4.5.1); STM32CubeWL, FragDecoder.c",
        check=_fragment_count_2040,
    ),
)
