"""What is in the way of a device because of its stack: in words, with what to do, and the rule that warns of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from fuota_constructs.lorawan.device_stack import macro
from fuota_constructs.lorawan.unsent_fragments import rule_of_unsent, slower, why_unsent

if TYPE_CHECKING:
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.lorawan.session_plan import SessionPlan


class StackTrouble(NamedTuple):
    """A cause, its remedy, and the id of the rule that warns of it before; empty where none can.

    `about` is `stack`, `delta`: what devices make of a patch, or `radio`: what is sent.
    """

    cause: str
    remedy: str
    rule: str = ""
    about: str = "stack"


_LARGER: Final = "choose larger fragments"
_BOOT: Final = "let the devices boot before the next session"


def hangs(build: DeviceStack) -> StackTrouble:
    """The 8-bit loop counter."""
    cause = f"{build} hangs for ever from {build.hangs_from_fragments:,} fragments"
    return StackTrouble(cause, f"{_LARGER}: fewer than {build.hangs_from_fragments:,}", "stack-hang")


def unsent(plan: SessionPlan) -> StackTrouble:
    """Fragments that no ping slot or no airtime is left for, whatever the stack."""
    coded = "redundancy does not help" if plan.one_sent_of > 1 else "coded fragments find theirs taken, too"
    return StackTrouble(why_unsent(plan), f"choose {slower(plan)}; {coded}", rule_of_unsent(plan), "radio")


def hung_before(build: DeviceStack) -> StackTrouble:
    """A device that answers nothing since an earlier session."""
    return StackTrouble(f"{build} hangs since an earlier session", "somebody has to reset these devices", "stack-hang")


def overflows(build: DeviceStack, fragments: int) -> StackTrouble:
    """More lost than the decoder has room for."""
    most = build.most_lost_fragments(fragments)
    name = macro(build.name, "max_lost_fragments") or macro(build.name, "max_lost_percent")
    cause = f"{build} has room for {most} lost fragments ({name}), and more were lost"
    if build.decoder == "mbed":
        cause += ": it writes past the end of its memory"
    return StackTrouble(cause, f"{_LARGER}, or build with more room: redundancy does not help", "stack-lost-fragments")


def never_done(build: DeviceStack) -> StackTrouble:
    """Every fragment is there, and no coded one came."""
    cause = f"{build} has every fragment, and notices at a redundant one only, which never came"
    return StackTrouble(cause, "choose a redundancy_percent of at least 1", "stack-never-done")


def too_many(build: DeviceStack, fragments: int) -> StackTrouble:
    """More fragments than the build takes."""
    cause = f"{build} is built for {build.max_fragments:,} fragments and the session has {fragments:,}"
    return StackTrouble(cause, f"{_LARGER}, or build for more", "stack-fragment-count")


def too_large(build: DeviceStack, size: int) -> StackTrouble:
    """Larger fragments than the build takes."""
    cause = f"{build} is built for fragments of {build.max_fragment_bytes} bytes and they have {size}"
    return StackTrouble(cause, "choose smaller fragments, or build for larger ones", "stack-fragment-size")


def overruns(build: DeviceStack, fragments: int, size: int) -> StackTrouble:
    """A set-up that is accepted because the block fits, though the fragments do not."""
    many = build.max_fragments is not None and fragments > build.max_fragments
    trouble = too_many(build, fragments) if many else too_large(build, size)
    return trouble._replace(cause=f"{trouble.cause}: it takes the set-up and writes past the end of its memory")


def no_such_index(build: DeviceStack, index: int) -> StackTrouble:
    """A FragIndex the build does not know."""
    known = " and ".join(str(each) for each in build.frag_indexes)
    cause = f"{build} takes FragIndex {known} only, and this session has {index}"
    return StackTrouble(cause, "update these devices one by one, or build with more sessions", "stack-frag-index")


def unfinished(build: DeviceStack, index: int) -> StackTrouble:
    """Another session that is not finished."""
    cause = f"{build} refuses another FragIndex while its session with FragIndex {index} is unfinished"
    return StackTrouble(cause, f"send again to the same groups or devices, or {_BOOT}")


def second_session(build: DeviceStack) -> StackTrouble:
    """Rows counted since the device booted."""
    return StackTrouble(f"{build} recovers no lost fragments in the second session after a boot", _BOOT)


def flash_refuses(build: DeviceStack, size: int) -> StackTrouble:
    """Fragments that are no multiple of what the flash is written in."""
    multiple = build.fragment_multiple_bytes
    cause = f"{build} writes a flash that takes multiples of {multiple} bytes, and fragments have {size}"
    return StackTrouble(
        cause, f"choose a multiple of {multiple}, or say fragment_multiple_bytes=1 of it", "stack-fragment-multiple"
    )


def class_b_for_class_c(build: DeviceStack, seconds: float) -> StackTrouble:
    """A class B session that is taken for one of class C."""
    cause = f"{build} listens to a class B session in class C, and only for {seconds:,.0f} s"
    return StackTrouble(cause, "put these devices into groups of class C", "stack-class-b")


def not_in_order(build: DeviceStack) -> StackTrouble:
    """Fragments that came late, or again."""
    cause = f"{build} does not take fragments that come late or again"
    return StackTrouble(cause, "send in order, each fragment once; more redundancy makes up for what is dropped")


def said_missing(build: DeviceStack) -> StackTrouble:
    """A status that is worse than the truth."""
    cause = f"{build} has the image and does not report so"
    return StackTrouble(cause, "check the version these devices report before more redundancy is bought")


def said_successful(build: DeviceStack) -> StackTrouble:
    """A status that is better than the truth."""
    cause = f"{build} has no image, and reports Successful"
    return StackTrouble(cause, "check the version these devices report: their status does not tell")
