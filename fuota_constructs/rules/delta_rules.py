"""Rules about deltas: both ends have to be what devices have in flash, and the patch has to be worth the trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, warning

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats.image_facts import ImageFacts

LEAST_RATIO: Final = 1.5
"""A patch that is not so many times smaller than the image is hardly worth what it asks of the devices."""


def _delta_files(plan: TaskPlan) -> Remarks:
    delta = plan.image_delta
    if delta is None:
        if plan.image_facts is not None and plan.image_facts.format == "detools":
            yield warning(
                f"the firmware image is a {plan.image_facts.title}, which makes {plan.image_facts.unpacked_bytes} bytes"
                " of a base that nobody here knows: neither base nor target is checked, and a rehearsal cannot judge"
                " it. Give both files: FirmwareImage.delta(base=..., target=...)"
            )
        return
    if delta.obstacle:
        yield error(f"there is no delta from base to target: {delta.obstacle}")
        return
    base, target = delta.base, delta.target
    if base.format != target.format and "unknown" not in (base.format, target.format):
        yield warning(
            f"the base is a file of the kind {base.title} and the target of the kind {target.title}: devices that run"
            " one seldom boot the other. Give two builds of the same firmware"
        )
    elif base.product and target.product and base.product != target.product:
        yield warning(
            f"the base is the product {base.product!r} and the target {target.product!r}: give two builds of the same"
            " firmware"
        )
    elif _goes_back(base, target) and not (plan.image_demands and plan.image_demands.version):
        yield warning(
            f"the target has version {target.version}, not above the {base.version} of the base: devices that compare"
            " versions apply the delta and refuse the result. Swap base and target, or raise the version"
        )


def _goes_back(base: ImageFacts, target: ImageFacts) -> bool:
    """Whether devices with the base have the version of the target already, or a higher one."""
    if base.format != target.format or base.version_order is None or target.version_order is None:
        return False
    return target.version_order <= base.version_order


def _delta_ratio(plan: TaskPlan) -> Remarks:
    delta = plan.image_delta
    if delta is None or delta.patch is None or delta.ratio >= LEAST_RATIO:
        return
    patch, target = len(delta.patch.data), delta.target.size_bytes
    message = (
        f"the patch has {patch} bytes and the whole target {target}, which is {delta.ratio:.1f} times as much;"
        f" from {LEAST_RATIO} times on a delta is worth it"
    )
    remedy = "compressed images and other compiler options leave little in common: send the whole image"
    yield (error if patch >= target else warning)(f"{message}; {remedy}")


DELTA_RULES: tuple[Rule, ...] = (
    Rule(
        id="delta-files",
        levels=("error", "warning"),
        what="base or target of a delta is no image that devices have in flash: cut off, encrypted, a container, the"
        " same as the other (error); or they are of two kinds, or the target is no newer, or a patch is given as an"
        " image (warning)",
        why="a patch is made of two images byte for byte, and a device that has another base makes garbage of it",
        remedy="the image that the devices run as base, and the next build of it as target, neither encrypted",
        source="formats of the bootloaders, as firmware/formats reads them; detools, which has no check of its own",
        check=_delta_files,
    ),
    Rule(
        id="delta-ratio",
        levels=("error", "warning"),
        what=f"a patch is not {LEAST_RATIO} times smaller than its target (warning), or no smaller at all (error)",
        why="a delta asks for a decoder, a second slot and the right base, and saves next to nothing here",
        remedy="the whole image",
        source="measured: builds of the same firmware come out 4 to 59 times smaller, encrypted ones not at all",
        check=_delta_ratio,
    ),
)
