"""Raw programs with the manifest of the Mbed LoRaWAN update client behind them.

Source: ARMmbed/mbed-lorawan-update-client (113 bytes at the end) and mbed-lorawan-fota-demo (109, without a version).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.firmware.formats.binary_reader import little
from fuota_constructs.firmware.formats.image_facts import ImageFacts, facts_of
from fuota_constructs.firmware.formats.signed import Signed, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNATURE_SIZES: Final = range(70, 73)
_WITH_VERSION, _WITHOUT = 113, 109


def manifest_bytes(data: bytes) -> int:
    """Bytes of the manifest at the end, 0 where there is none: a DER signature of its own length, a delta flag."""
    for size in (_WITH_VERSION, _WITHOUT):
        if len(data) <= size:
            continue
        part = data[-size:]
        if part[0] in _SIGNATURE_SIZES and part[1] == 0x30 and part[2] == part[0] - 2 and part[-4] in (0, 1):  # noqa: PLR2004  # DER
            return size
    return 0


def read(data: bytes) -> ImageFacts | None:
    """The facts of a program with a manifest, None where it has none."""
    size = manifest_bytes(data)
    if not size:
        return None
    version = little(data, len(data) - 8, 4) if size == _WITH_VERSION else None
    delta = data[-4] == 1
    return facts_of(
        data,
        format="mbed-delta" if delta else "mbed",
        title="patch with an Mbed LoRaWAN manifest" if delta else "program with an Mbed LoRaWAN manifest",
        version=None if version is None else str(version),
        version_order=None if version is None else (version,),
        payload_bytes=len(data) - size,
        declared_bytes=len(data),
        signature="ECDSA-P256",
    )


def signed(data: bytes) -> Iterator[Signed]:
    """The signature in the manifest, over the program in front of it; that of a patch is over what it makes."""
    size = manifest_bytes(data)
    if size:
        manifest = data[-size:]
        digest = digest_of("sha256", data[:-size]) if data[-4] == 0 else None
        yield Signed("ECDSA-P256", manifest[1 : 1 + manifest[0]], "der", digest=digest)
