"""ESP32 and ESP8266 application images: segments, checksum, appended SHA-256, secure boot signature sector.

Source: ESP-IDF Programming Guide, app image format; esptool documentation, firmware image format.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

from fuota_constructs.firmware.formats.binary_reader import little, text
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of

MAGIC: Final = 0xE9
DELTA_MAGIC: Final = bytes.fromhex("10decdfc")
_MOST_SEGMENTS: Final = 16
_MOST_FLASH_MODE: Final = 5
_CHECKSUM_SEED: Final = 0xEF
_ESP32_HEADER: Final = 24
_ESP8266_HEADER: Final = 8
_DESCRIPTION_AT: Final = 32
_DESCRIPTION_MAGIC: Final = 0xABCD5432
_SIGNATURE_SECTOR: Final = 4096
_SIGNATURE_KINDS: Final[dict[int, Signature]] = {2: "RSA-3072", 3: "ECDSA"}


class Walk(NamedTuple):
    """The segments of an image, walked: where the checksum byte is, and what it is against what it should be."""

    payload_bytes: int
    checksum_at: int
    checksum: int
    expected: int | None

    @property
    def right(self) -> bool:
        """Whether the checksum is there and right."""
        return self.checksum == self.expected


def _begins_as_esp(data: bytes) -> bool:
    count, mode = data[1:2], data[2:3]
    if data[:1] != bytes([MAGIC]) or not count or not mode:
        return False
    return 1 <= count[0] <= _MOST_SEGMENTS and mode[0] <= _MOST_FLASH_MODE


def _is_esp32(data: bytes) -> bool:
    return little(data, _DESCRIPTION_AT, 4) == _DESCRIPTION_MAGIC


def walk(data: bytes, header: int) -> Walk:
    """Go through the segments behind a header of this size."""
    offset, folded, payload = header, _CHECKSUM_SEED, 0
    for _ in range(data[1]):
        size = little(data, offset + 4, 4)
        if size is None:
            offset += 8
            continue
        folded ^= _fold(data[offset + 8 : offset + 8 + size])
        payload += size
        offset += 8 + size
    checksum_at = offset + 15 - offset % 16
    return Walk(payload, checksum_at, folded, little(data, checksum_at, 1))


def _fold(part: bytes) -> int:
    """All bytes, combined by exclusive or: by halves of one large number, as a loop over 1 MB takes too long."""
    size = 1 << max(len(part) - 1, 0).bit_length()
    number = int.from_bytes(part, "little")
    while size > 1:
        size //= 2
        number = (number >> (8 * size)) ^ (number & ((1 << (8 * size)) - 1))
    return number


def _layout(data: bytes) -> tuple[bool, Walk] | None:
    """Whether it is of an ESP32, and its segments; None where neither description nor checksum is beyond doubt."""
    walked = walk(data, _ESP32_HEADER)
    if _is_esp32(data) or walked.right:
        return True, walked
    walked = walk(data, _ESP8266_HEADER)
    return (False, walked) if walked.right else None


def read(data: bytes) -> ImageFacts | None:
    """The facts of an ESP image, None where it is none beyond doubt."""
    layout = _layout(data) if _begins_as_esp(data) else None
    if layout is None:
        return None
    esp32, walked = layout
    end = walked.checksum_at + 1
    hashed = esp32 and data[23:24] == b"\x01"
    digest = data[end : end + 32] if hashed else b""
    missing = max(end + (32 if hashed else 0) - len(data), 0)
    valid, detail = _checked(data, walked, end, digest) if not missing else (None, "")
    end += 32 if hashed else 0
    sector = -(-end // _SIGNATURE_SECTOR) * _SIGNATURE_SECTOR
    signature = _signature_at(data, sector)
    if signature:
        missing = max(sector + _SIGNATURE_SECTOR - len(data), 0)
        end = sector + _SIGNATURE_SECTOR
    described = _is_esp32(data)
    version = text(data, 48, 32) if described else None
    return facts_of(
        data,
        format="esp" if esp32 else "esp8266",
        title="ESP32 application image" if esp32 else "ESP8266 application image",
        version=version,
        version_order=_numbers(version),
        product=text(data, 80, 32) if described else None,
        payload_bytes=walked.payload_bytes,
        declared_bytes=end,
        missing_bytes=missing,
        trailing_bytes=max(len(data) - end, 0),
        content_digest=digest.hex() if len(digest) == 32 else None,  # noqa: PLR2004
        digest_valid=valid,
        digest_detail=detail,
        signature=signature,
        security_counter=little(data, 36, 4) if described else None,
    )


def _numbers(version: str | None) -> tuple[int, ...] | None:
    """The free text of a version as numbers, where it is nothing but numbers."""
    plain = re.fullmatch(r"v?(\d+(?:\.\d+){0,3})", version or "")
    return tuple(int(part) for part in plain.group(1).split(".")) if plain else None


def _signature_at(data: bytes, sector: int) -> Signature | None:
    """Kind of the secure boot signature block, which begins with 0xE7 and its version."""
    block = data[sector : sector + 2]
    return _SIGNATURE_KINDS.get(block[1]) if len(block) == 2 and block[0] == 0xE7 else None  # noqa: PLR2004


def _checked(data: bytes, walked: Walk, end: int, digest: bytes) -> tuple[bool, str]:
    if not walked.right:
        return False, f"its checksum is 0x{walked.expected or 0:02x} and should be 0x{walked.checksum:02x}"
    if digest and (found := hashlib.sha256(data[:end]).digest()) != digest:
        return False, f"it says {digest.hex()} and has {found.hex()}"
    return True, ""


def read_delta(data: bytes) -> ImageFacts | None:
    """The facts of a patch of esp_delta_ota, which names its base by SHA-256; None where it is none."""
    if not data.startswith(DELTA_MAGIC):
        return None
    return facts_of(data, format="esp-delta", title="ESP delta patch", payload_bytes=max(len(data) - 64, 0))
