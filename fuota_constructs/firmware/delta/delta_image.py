"""A delta of two firmware files: what goes on the air, what the devices must have, and what they have afterwards."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Final

from fuota_constructs.firmware.delta.make_patch import DeltaError, make_patch
from fuota_constructs.firmware.formats import read_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fuota_constructs.firmware.delta.apply_patch import Compression
    from fuota_constructs.firmware.delta.make_patch import Patch
    from fuota_constructs.firmware.formats import ImageFacts

DECODERS: Final[Mapping[str, tuple[Compression, ...]]] = {
    "detools": ("heatshrink", "crle"),
    "detools-heatshrink": ("heatshrink",),
    "detools-crle": ("crle",),
}
"""What each decoder reads: detools' own C source as it comes (heatshrink window 8, lookahead 7), or built with less."""


@dataclasses.dataclass(frozen=True)
class DeltaImage:
    """A delta, or the reason why there is none.

    The base is what the devices have in flash: of a file whose format declares its end (MCUboot: header to the last
    TLV) that much of it, for a slot's padding and trailer differ from device to device.
    """

    base: ImageFacts
    """What the base is; the file as it was given."""
    target: ImageFacts
    """What devices have afterwards."""
    base_bytes: int
    """Bytes of the base that count."""
    base_sha256: str
    """Digest of those, in hex."""
    decoder: str
    """The decoder it is made for, one of `DECODERS`."""
    patch: Patch | None
    """What is sent; None where there can be none."""
    obstacle: str = ""
    """Why there is none."""

    @property
    def ratio(self) -> float:
        """How many times smaller than the target the patch is; 0 without one."""
        return self.patch.ratio if self.patch else 0.0


MOST_BYTES: Final = 16 * 1024 * 1024
_PATCHES: Final = ("detools", "esp-delta", "bsdiff", "vcdiff")


def device_base(data: bytes, facts: ImageFacts) -> bytes:
    """What of a base file devices have in flash for certain: up to the end that its format declares."""
    return data[: facts.declared_bytes] if facts.declared_bytes and not facts.missing_bytes else data


def base_digest(data: bytes) -> str:
    """SHA-256 of what of a base file devices have in flash, in hex."""
    return hashlib.sha256(device_base(data, read_image(data))).hexdigest()


def delta_of(base: bytes, target: bytes, *, decoder: str = "detools") -> DeltaImage:
    """The delta of two files. `decoder` is one of `DECODERS`; ImportError where the extra `delta` is missing."""
    facts, becomes = read_image(base), read_image(target)
    held = device_base(base, facts)
    patch, obstacle = None, _obstacle(held, target, facts, becomes)
    if not obstacle:
        try:
            patch = make_patch(held, target, compressions=DECODERS[decoder])
        except DeltaError as error:
            obstacle = str(error)
    digest = hashlib.sha256(held).hexdigest()
    return DeltaImage(facts, becomes, len(held), digest, decoder, patch, obstacle)


def _obstacle(held: bytes, target: bytes, base: ImageFacts, becomes: ImageFacts) -> str:
    for name, facts in (("base", base), ("target", becomes)):
        if wrong := _wrong(facts):
            return f"the {name} {wrong}"
    return "base and target are the same: there is nothing to send" if held == target else ""


def _wrong(facts: ImageFacts) -> str:
    """Why no device has such a file in flash, or nothing is gained by comparing it."""
    reasons = {
        "is empty": not facts.size_bytes,
        f"is {facts.container}, which no device has in flash: {facts.remedy}": facts.container,
        f"is a {facts.title} itself: give the two images": facts.format in _PATCHES,
        f"has {facts.size_bytes} bytes, and no device that this is for has over {MOST_BYTES}": (
            facts.size_bytes > MOST_BYTES
        ),
        f"is cut off: {facts.missing_bytes} bytes of its {facts.title} are missing": facts.missing_bytes,
        "does not have the digest that it carries: no device boots it": facts.digest_valid is False,
        "is encrypted, and two encrypted images have nothing in common: make the delta of the images before"
        " encryption, or send the whole image": facts.encrypted,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")
