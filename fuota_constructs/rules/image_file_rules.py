"""Rules about what the firmware file is, as its bytes say: no device boots an ELF, and padding costs airtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.rules.image_demand_rules import on_the_air, signed_file
from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, warning

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats.image_facts import ImageFacts

FILL_BYTES: Final = 1024
FILL_SHARE: Final = 0.1
"""A run of 0x00 or 0xFF at the end of a raw file is worth a warning from both on: a false alarm is worse."""

_FORMATS = "formats of the bootloaders, as firmware/formats reads them"


def _image_container(plan: TaskPlan) -> Remarks:
    facts = plan.image_facts
    if facts is None or facts.container is None:
        return
    costs = f"all {facts.size_bytes} bytes of it would go on the air"
    if facts.payload_bytes:
        costs += f", {facts.size_bytes / facts.payload_bytes:.1f} times the program in it"
    yield error(f"the firmware image is {facts.container}, which no device boots; {costs}: {facts.remedy}")


def _image_padded(plan: TaskPlan) -> Remarks:
    facts = plan.image_facts
    if facts is None or facts.container is not None:
        return
    if facts.declared_bytes and facts.trailing_bytes:
        slot = " (a whole flash slot, made for a programmer)" if facts.padded_slot else ""
        yield error(
            f"the firmware image ends after {facts.declared_bytes} bytes, as its {facts.title} header says, and the"
            f" file has {facts.size_bytes}{slot}: {facts.size_bytes / facts.declared_bytes:.1f} times the airtime."
            f" {_without_padding(facts)}"
        )
    elif FILL_BYTES <= facts.fill_bytes < facts.size_bytes and facts.fill_bytes >= FILL_SHARE * facts.size_bytes:
        yield warning(
            f"the last {facts.fill_bytes} of {facts.size_bytes} bytes of the firmware image are all the same: if that"
            " is padding, it costs airtime for nothing. Leave it out (objcopy without --gap-fill and --pad-to)"
        )


def _without_padding(facts: ImageFacts) -> str:
    if facts.format == "mcuboot":
        return "Give the update without padding (imgtool sign without --pad and --confirm; zephyr.signed.bin)"
    return "Give the file as its build or signing tool wrote it, with nothing behind it"


def _image_truncated(plan: TaskPlan) -> Remarks:
    facts = plan.image_facts
    if facts is not None and facts.container is None and facts.missing_bytes:
        yield error(
            f"the firmware image is cut off: its {facts.title} header says"
            f" {facts.size_bytes + facts.missing_bytes} bytes and the file has {facts.size_bytes}. Build or fetch it"
            " again"
        )


def _image_digest(plan: TaskPlan) -> Remarks:
    facts = plan.image_facts
    if facts is not None and facts.digest_valid is False and not facts.missing_bytes:
        detail = f" ({facts.digest_detail})" if facts.digest_detail else ""
        yield error(
            f"the firmware image does not have the digest that it carries{detail}: every device would refuse to boot"
            " it. Build and sign it again"
        )


def _image_unsigned(plan: TaskPlan) -> Remarks:
    facts, check = plan.image_facts, plan.image_demands.signature if plan.image_demands else None
    if facts is None or facts.missing_bytes:
        return
    if check is not None and check.verdict == "unsigned":
        yield error(
            f"the firmware image ({facts.title}) has no signature and shall be signed by {check.key}: devices that"
            f" trust that key never boot it, and the session counts as a success: {on_the_air(plan)};"
            f" {signed_file(facts)}"
        )
    elif facts.can_sign and facts.signature is None and check is None:
        yield warning(
            f"the firmware image ({facts.title}) is not signed: a bootloader that asks for a signature never boots it,"
            f" and the session counts as a success all the same: {on_the_air(plan)}; {signed_file(facts)}"
        )


def _image_development_key(plan: TaskPlan) -> Remarks:
    facts = plan.image_facts
    if facts is not None and facts.development_key:
        yield warning(
            f"the firmware image is signed with a published development key ({facts.development_key}): anybody can sign"
            " for devices that trust it. Sign with a key of your own"
        )


IMAGE_FILE_RULES: tuple[Rule, ...] = (
    Rule(
        id="image-container",
        levels=("error",),
        what="the file is a kind that no device boots: an ELF, an Intel HEX, an archive, a key, a page of HTML",
        why="it costs several times the airtime, counts as a success, and never boots",
        remedy="the raw or signed binary",
        source=_FORMATS,
        check=_image_container,
    ),
    Rule(
        id="image-padded",
        levels=("error", "warning"),
        what="there is more behind the end that the format declares (error), or a long run of 0x00 or 0xFF (warning)",
        why="padding is sent like firmware",
        remedy="the update without padding",
        source=f"{_FORMATS}; imgtool, --pad",
        check=_image_padded,
    ),
    Rule(
        id="image-truncated",
        levels=("error",),
        what="the file is shorter than its header says",
        why="no device boots it",
        remedy="the whole file",
        source=_FORMATS,
        check=_image_truncated,
    ),
    Rule(
        id="image-digest",
        levels=("error",),
        what="the content does not have the digest or checksum that the file carries",
        why="no device boots it",
        remedy="building and signing it again",
        source=_FORMATS,
        check=_image_digest,
    ),
    Rule(
        id="image-unsigned",
        levels=("error", "warning"),
        what="the format carries a signature and this file has none (warning); with `signed_by`, any file without one"
        " (error)",
        why="a bootloader that asks for one never boots it, and nobody hears of it",
        remedy="the signed file",
        source=_FORMATS,
        check=_image_unsigned,
    ),
    Rule(
        id="image-development-key",
        levels=("warning",),
        what="the file is signed with a development key that is published",
        why="anybody can sign for devices that trust it",
        remedy="a key of your own",
        source="MCUboot, root-*.pem",
        check=_image_development_key,
    ),
)
