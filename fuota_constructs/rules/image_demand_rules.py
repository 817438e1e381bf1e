"""Rules about what is asked of a firmware image: signed by this key, above that version, no larger than so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.rules.radio_session import session_plan
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, show, warning, whole_number

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats.image_facts import ImageFacts

SWAP_TRAILER_BYTES: Final = 16 + 4 * 8 + 3 * 128 * 8
"""What MCUboot keeps at the end of a slot to swap it: magic, four flags, three entries for each of 128 sectors, each of
8 bytes, the smallest write of an STM32WL or L4. imgtool, --max-sectors and --align; swapping by moving takes a sector
more."""

_SIGNED_FILE: Final = {
    "mcuboot": "give the signed file (zephyr.signed.bin, imgtool sign --key)",
    "esp": "give the signed file (espsecure sign-data --version 2)",
    "wolfboot": "give the signed file (sign writes ..._signed.bin)",
    "cortex-m": "with MCUboot give zephyr.signed.bin, with SBSFU the .sfb: their devices boot no raw program",
}


def on_the_air(plan: TaskPlan) -> str:
    """What sending the image takes, as far as it is known: the price of the wrong file."""
    session = session_plan(plan)
    if session is None:
        size = whole_number(plan.image_bytes)
        return f"all {size} bytes of it would go on the air for nothing"
    hours = session.duration_seconds / 3600
    return f"its {session.fragments} fragments would be on the air for {hours:.1f} h for nothing"


def signed_file(facts: ImageFacts) -> str:
    """Which file to give instead of one without a signature."""
    return _SIGNED_FILE.get(facts.format, "give the file that the signing tool of your bootloader writes")


def _image_signing_key(plan: TaskPlan) -> Remarks:
    check = plan.image_demands.signature if plan.image_demands else None
    if check is None or plan.image_facts is None:
        return
    if check.verdict == "refused":
        yield error(
            f"the firmware image is not signed by {check.key}: {check.said}. Devices that trust that key never boot it,"
            f" and the session counts as a success: {on_the_air(plan)}. Sign it with that key, or name the key that"
            " the bootloader has"
        )
    elif check.verdict == "named":
        yield warning(
            f"the firmware image names {check.key}, and its signature is NOT verified: {check.said}. Verify it where it"
            " is built (fuota image FILE --signed-by KEY), or acknowledge this"
        )
    elif check.verdict == "unchecked":
        yield warning(
            f"whether the firmware image is signed by {check.key} is NOT checked: {check.said}. Acknowledge this where"
            " something else checks it"
        )


def _image_version(plan: TaskPlan) -> Remarks:
    facts, check = plan.image_facts, plan.image_demands.version if plan.image_demands else None
    if facts is None or check is None or facts.container is not None or facts.missing_bytes:
        return
    refuse = f"devices that compare refuse it: {on_the_air(plan)}"
    if check.verdict == "same-firmware":
        yield error(
            f"the firmware image holds the same firmware as {check.replaced}, which it is to replace:"
            f" {on_the_air(plan)}. Give the new build"
        )
    elif check.verdict in {"lower", "same-version"}:
        than = "lower than that of" if check.verdict == "lower" else "not above that of"
        yield error(
            f"the firmware image has version {facts.version}, {than} {check.replaced}, and {refuse}. Raise the version"
            " (VERSION of Zephyr, imgtool sign --version), or give the newer file"
        )
    elif check.verdict == "lower-counter":
        yield error(
            f"the firmware image has a lower security counter than {check.replaced} ({check.said}), and devices with"
            f" protection against going back refuse it: {on_the_air(plan)}. Raise it (imgtool sign --security-counter)"
        )
    elif check.verdict == "above-by-build":
        yield warning(
            f"the firmware image has version {facts.version}, above {check.replaced} by the build number alone:"
            " MCUboot compares that only where it is built with BOOT_VERSION_CMP_USE_BUILD_NUMBER. Raise the revision,"
            " or acknowledge this"
        )
    elif check.verdict == "unknown":
        yield warning(
            f"whether the firmware image is newer than {check.replaced} is NOT checked: {check.said}. Make sure of it,"
            " and acknowledge this"
        )


def _image_too_large(plan: TaskPlan) -> Remarks:
    facts, limit = plan.image_facts, plan.image_demands.max_image_bytes if plan.image_demands else None
    size = facts.size_bytes if facts else whole_number(plan.image_bytes)
    if limit is None or (facts is not None and facts.container is not None):
        return
    if size is None:
        if plan.image_bytes is None:
            yield warning(
                f"whether devices, which take {limit} bytes (max_image_bytes), take the firmware image is NOT checked:"
                " give its size_bytes, too"
            )
        return
    if size > limit:
        padding = facts is not None and bool(facts.trailing_bytes) and (facts.declared_bytes or size) <= limit
        remedy = (
            "give it without the padding behind it, then it fits"
            if padding
            else "give a smaller build (no debug code, optimised for size) or a delta"
        )
        yield error(
            f"the firmware image has {size} bytes, {size - limit} more than devices take (max_image_bytes {limit}):"
            f" {on_the_air(plan)}; {remedy}"
        )
    elif facts is not None and facts.unpacked_bytes and facts.unpacked_bytes > limit:
        yield error(
            f"the firmware image is compressed and unpacks to {facts.unpacked_bytes} bytes, more than devices take"
            f" (max_image_bytes {show(limit)}): {on_the_air(plan)}; give a smaller build"
        )
    elif facts is not None and facts.format == "mcuboot" and size + SWAP_TRAILER_BYTES > limit:
        yield warning(
            f"the firmware image has {size} bytes of the {limit} that devices take: if {limit} is the size of the slot,"
            f" MCUboot's swap trailer (about {SWAP_TRAILER_BYTES} bytes with 128 sectors and writes of 8 bytes) does"
            " not fit behind it, and the update stays pending. Give the slot less the trailer as max_image_bytes"
            " (imgtool sign --slot-size checks it), or acknowledge this"
        )


IMAGE_DEMAND_RULES: tuple[Rule, ...] = (
    Rule(
        id="image-signing-key",
        levels=("error", "warning"),
        what="the file is not signed by the key of `signed_by` (error), or that is not known for certain (warning)",
        why="devices trust a key, never boot what another has signed, and nobody hears of it",
        remedy="the file that is signed by that key; `cryptography` (the extra `verify`) to verify the signature",
        source="MCUboot design, image format (KEYHASH); ESP-IDF, secure boot v2; wolfBoot, firmware image; ST UM2262",
        check=_image_signing_key,
    ),
    Rule(
        id="image-version",
        levels=("error", "warning"),
        what="the version is not above that of `replaces` or the firmware is the same (error), or neither can be told"
        " (warning)",
        why="devices that compare versions refuse it after the whole session",
        remedy="a higher version, the newer file",
        source="MCUboot design, downgrade prevention; imgtool, --version and --security-counter",
        check=_image_version,
    ),
    Rule(
        id="image-too-large",
        levels=("error", "warning"),
        what="the image, or what it unpacks to, has more bytes than `max_image_bytes` (error), or so few less that"
        " MCUboot's swap trailer may not fit (warning)",
        why="devices find out after the whole session, or stay pending",
        remedy="a smaller build, a delta, the file without padding",
        source="MCUboot design, image trailer; imgtool, --slot-size and --max-sectors",
        check=_image_too_large,
    ),
)
