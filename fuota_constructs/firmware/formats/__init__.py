"""What a firmware file is: its format, version, sizes, digest and signature, read from its bytes alone.

`read_image(data)` never raises for what is in the data: a file that was cut off, or is random, gives the facts that
are there. Standard library only. One module a format; the order here is the order they are tried in, exact magics
first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from fuota_constructs.firmware.formats import containers, cortex_m, detools, esp, mbed_manifest, mcuboot, sfu, wolfboot
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of
from fuota_constructs.firmware.formats.signed import Signed

__all__ = ["ImageFacts", "Signature", "Signed", "read_image", "signatures_in"]

_Read = Callable[[bytes], ImageFacts | None]


def _patch(name: str, title: str, magic: bytes) -> _Read:
    return lambda data: facts_of(data, format=name, title=title) if data.startswith(magic) else None


_FORMATS: Final[tuple[_Read, ...]] = (
    mcuboot.read,
    sfu.read,
    wolfboot.read,
    esp.read_delta,
    _patch("bsdiff", "bsdiff patch", b"BSDIFF40"),
    _patch("bsdiff", "bsdiff patch", b"ENDSLEY/BSDIFF43"),
    _patch("vcdiff", "VCDIFF patch", b"\xd6\xc3\xc4"),
    containers.read,
    esp.read_not_the_application,
    esp.read,
    mbed_manifest.read,
    detools.read,
    cortex_m.read,
)


def read_image(data: bytes) -> ImageFacts:
    """The facts of a firmware file, given all its bytes."""
    known = (facts for read in _FORMATS if (facts := read(data)) is not None)
    return next(known, None) or cortex_m.read_unknown(data)


_SIGNED: Final[dict[str, Callable[[bytes], Iterable[Signed]]]] = {
    "mcuboot": mcuboot.signed,
    "sfu": sfu.signed,
    "wolfboot": wolfboot.signed,
    "esp": esp.signed,
    "mbed": mbed_manifest.signed,
}


def signatures_in(data: bytes, facts: ImageFacts) -> tuple[Signed, ...]:
    """The signatures in a file, given its facts, and what each is over; none where it was cut off."""
    read = _SIGNED.get(facts.format)
    return () if read is None or facts.missing_bytes else tuple(read(data))
