"""What a firmware file is: its format, version, sizes, digest and signature, read from its bytes alone.

`read_image(data)` never raises for what is in the data: a file that was cut off, or is random, gives the facts that
are there. Standard library only. One module a format; the order here is the order they are tried in, exact magics
first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fuota_constructs.firmware.formats import containers, cortex_m, esp, mbed_manifest, mcuboot, sfu, wolfboot
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of

__all__ = ["ImageFacts", "Signature", "read_image"]

_Format = tuple[Callable[[bytes], object], Callable[[bytes], ImageFacts]]


def _patch(name: str, title: str, magic: bytes) -> _Format:
    return (lambda data: data.startswith(magic)), (lambda data: facts_of(data, format=name, title=title))


_FORMATS: Final[tuple[_Format, ...]] = (
    (mcuboot.is_mcuboot, mcuboot.read),
    (sfu.is_sfu, sfu.read),
    (wolfboot.is_wolfboot, wolfboot.read),
    (esp.is_esp_delta, esp.read_delta),
    _patch("bsdiff", "bsdiff patch", b"BSDIFF40"),
    _patch("vcdiff", "VCDIFF patch", b"\xd6\xc3\xc4"),
    (containers.container_of, containers.read),
    (esp.is_esp, esp.read),
    (mbed_manifest.manifest_bytes, mbed_manifest.read),
    (cortex_m.has_vector_table, cortex_m.read),
    (lambda data: True, cortex_m.read_unknown),  # noqa: ARG005
)


def read_image(data: bytes) -> ImageFacts:
    """The facts of a firmware file, given all its bytes."""
    return next(read for is_it, read in _FORMATS if is_it(data))(data)
