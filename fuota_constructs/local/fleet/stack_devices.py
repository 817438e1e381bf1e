"""What the stack of a device means for one session of it: where it ends, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fuota_constructs.local.fleet import stack_trouble
from fuota_constructs.local.fleet.stack_decoder import End
from fuota_constructs.local.fleet.stack_limits import EarlyEnd, early_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.local.fleet.device import Device, FragmentationSession
    from fuota_constructs.local.fleet.multicast_package import ClassSession
    from fuota_constructs.local.fleet.radio import Arrived
    from fuota_constructs.local.fleet.session_parameters import SessionParameters
    from fuota_constructs.local.fleet.stack_limits import Counted
    from fuota_constructs.local.fleet.stack_trouble import StackTrouble
    from fuota_constructs.lorawan.device_stack import DeviceStack

_OWN_MEMORY = frozenset({"corrupt-fragment", "write-error"})


def goes_its_own_way(device: Device) -> bool:
    """Whether a device takes fragments one by one: the order counts, or what it kept, or what is wrong with it."""
    cohort = device.cohort
    kept = device.build is not None and device.build.one_session_per_boot and device.rows_since_boot > 0
    return bool(cohort.late or cohort.repeated or kept or _OWN_MEMORY & set(cohort.faults))


def is_done_late(device: Device) -> bool:
    """Whether a device notices at a coded fragment only that it has all others."""
    return device.build is not None and device.build.never_done_without_redundancy


def ends_of(members: Sequence[Device], session: SessionParameters, heard: Arrived) -> dict[int, EarlyEnd]:
    """Where the decoders of devices give up that hear a session in order, by place."""
    found = ((place, _end_of(device, session, heard[place])) for place, device in enumerate(members))
    return {place: end for place, end in found if end is not None}


def _end_of(device: Device, session: SessionParameters, heard: Arrived) -> EarlyEnd | None:
    data = session.data_fragments
    if device.build is not None:
        if _overruns(device.build, session):
            return EarlyEnd(End.CRASH, int(heard.argmax()) + 1 if heard.any() else None)
        return early_end(device.build, data, heard)
    most = device.cohort.max_lost_fragments
    if most is None or data - int(np.count_nonzero(heard[:data])) <= most:
        return None
    coded = heard[data:]
    return EarlyEnd(End.OVERFLOW, data + int(coded.argmax()) + 1 if coded.any() else None)


def _overruns(build: DeviceStack, session: SessionParameters) -> bool:
    """Whether fragments do not fit a build that has looked at the block only."""
    many = build.max_fragments is not None and session.data_fragments > build.max_fragments
    large = build.max_fragment_bytes is not None and session.fragment_bytes > build.max_fragment_bytes
    return build.checks_block_only and (many or large)


def at_set_up(device: Device, session: SessionParameters, frag_index: int, status: str) -> StackTrouble | None:
    """What the stack has to do with the answer to a set-up, or will have to do with what comes after it."""
    build, trouble = device.build, None
    if build is None:
        return None
    match status:
        case "Package_Not_Supported" if device.hung:
            trouble = stack_trouble.hung_before(build)
        case "Not_enough_memory":
            trouble = _no_room(build, session)
        case "FragIndex_unsupported" if frag_index not in build.frag_indexes:
            trouble = stack_trouble.no_such_index(build, frag_index)
        case "FragIndex_unsupported" if device.unfinished is not None:
            trouble = stack_trouble.unfinished(build, device.unfinished)
        case "Initial" if build.one_session_per_boot and device.rows_since_boot:
            trouble = stack_trouble.second_session(build)
        case "Initial" if device.cohort.late or device.cohort.repeated:
            trouble = stack_trouble.not_in_order(build)
    return trouble


def _no_room(build: DeviceStack, session: SessionParameters) -> StackTrouble | None:
    if build.max_fragments is not None and session.data_fragments > build.max_fragments:
        return stack_trouble.too_many(build, session.data_fragments)
    if build.max_fragment_bytes is not None and session.fragment_bytes > build.max_fragment_bytes:
        return stack_trouble.too_large(build, session.fragment_bytes)
    return None


def early_trouble(device: Device, session: SessionParameters, end: End) -> StackTrouble | None:
    """Why a decoder gave up."""
    build = device.build
    if build is None or end is End.NOT_WRITTEN:
        return None
    if _overruns(build, session):
        return stack_trouble.overruns(build, session.data_fragments, session.fragment_bytes)
    if end is End.HANG:
        return stack_trouble.hangs(build)
    return stack_trouble.overflows(build, session.data_fragments)


def flash_trouble(device: Device, session: SessionParameters) -> StackTrouble | None:
    """Whether writing fragments fails. Assumed: the stack does not look, and every one of them is missing."""
    build = device.build
    if build is None or session.fragment_bytes % (build.fragment_multiple_bytes or 1) == 0:
        return None
    return stack_trouble.flash_refuses(build, session.fragment_bytes)


def at_the_end(
    device: Device,
    session: SessionParameters,
    has: Counted,
    state: FragmentationSession,
    told: ClassSession | None,
) -> StackTrouble | None:
    """Why a device is not done, as far as its stack has to do with it; `told` is what it knows of its class session."""
    build = device.build
    if build is None:
        return None
    if state.missing == 0 and is_done_late(device):
        return stack_trouble.never_done(build)
    if build.decoder == "mbed":
        state.missing = max(1, state.missing or 0)  # as many rows as were lost, and yet no image
    heard_coded = has.last > session.data_fragments
    most = build.most_lost_fragments(session.data_fragments)
    if build.decoder == "lowmem" and heard_coded and most is not None and has.lost > most:
        state.memory_error = True  # what the standard says to answer; the stack itself does not
        return stack_trouble.overflows(build, session.data_fragments)
    if build.class_b_as_class_c and told is not None and told.dl_class == "ClassB":
        return stack_trouble.class_b_for_class_c(build, told.end - told.start)
    return None


def trouble_at_the_end(
    device: Device, before: StackTrouble | None, status: str, *, has_image: bool
) -> StackTrouble | None:
    """A status that is not true; else what was in the way from the begin, where there is no image."""
    if device.build is None:
        return None
    if has_image:
        return None if status == "Successful" else stack_trouble.said_missing(device.build)
    return before or (stack_trouble.said_successful(device.build) if status == "Successful" else None)
