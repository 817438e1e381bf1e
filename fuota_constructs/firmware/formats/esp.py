"""ESP32 and ESP8266 application images: segments, checksum, appended SHA-256, secure boot signature sector.

Source: ESP-IDF Programming Guide, app image format; esptool documentation, firmware image format.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import hashlib
import zlib
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from fuota_constructs.firmware.formats.binary_reader import little, text
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of
from fuota_constructs.firmware.formats.signed import Signed, digest_of
from fuota_constructs.firmware.formats.version import version_of

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
_BLOCK_BYTES, _MOST_BLOCKS = 1216, 3
_RSA, _ECDSA = 2, 3
_CURVES: Final[dict[int, Signature]] = {1: "ECDSA-P192", 2: "ECDSA-P256", 3: "ECDSA-P384"}
_COORDINATE_BYTES: Final = {1: 24, 2: 32, 3: 48}
_BLOCK_KINDS: Final[dict[bytes, Signature]] = {b"\xe7\x02": "RSA-3072", b"\xe7\x03": "ECDSA"}
_VERSION_1_BYTES: Final = 68
_PARTITION_MAGIC: Final = bytes.fromhex("aa50")
_PARTITION_TABLE_AT: Final = (0x8000, 0x7000, 0x6000)
"""In flash it is at 0x8000 by default; such a file begins at 0, or where the bootloader is: at 0x1000 or 0x2000."""
_MOST_PARTITION_TYPE: Final = 3
_BOOTLOADER_MAGIC: Final = 80
_APPLICATION: Final = "give the application alone: build/PROJECT.bin of ESP-IDF, firmware.bin of PlatformIO"


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
    boot = _secure_boot(data, end)
    if boot.error and valid:
        valid, detail = False, boot.error
    described = _is_esp32(data)
    version = text(data, 48, 32) if described else None
    return facts_of(
        data,
        format="esp" if esp32 else "esp8266",
        title="ESP32 application image" if esp32 else "ESP8266 application image",
        version=version,
        version_order=order.numbers if (order := version_of(version)) else None,
        product=text(data, 80, 32) if described else None,
        payload_bytes=walked.payload_bytes,
        declared_bytes=boot.end,
        missing_bytes=max(missing, boot.end - len(data)),
        trailing_bytes=max(len(data) - boot.end, 0),
        content_digest=digest.hex() if len(digest) == 32 else None,  # noqa: PLR2004  # the format
        digest_valid=valid,
        digest_detail=detail,
        signature=boot.signature,
        key_hash=boot.key_hash,
        security_counter=little(data, 36, 4) if described else None,
    )


class _Block(NamedTuple):
    """A block of secure boot version 2: all that is checked on its way into flash is in there."""

    kind: Signature
    hash: str
    digest: bytes
    key_numbers: tuple[int, int]
    key_hash: str
    signature: bytes
    encoding: Literal["pss", "raw"]


def _blocks(data: bytes, sector: int) -> Iterator[_Block]:
    """The signature blocks in a sector, each of which its CRC says is one."""
    for index in range(_MOST_BLOCKS):
        block = data[sector + index * _BLOCK_BYTES : sector + (index + 1) * _BLOCK_BYTES]
        if len(block) < _BLOCK_BYTES or block[0] != 0xE7 or zlib.crc32(block[:1196]) != little(block, 1196, 4):  # noqa: PLR2004  # the format
            return
        if block[1] == _RSA:
            modulus = int.from_bytes(block[36:420], "little")
            numbers = (modulus, int.from_bytes(block[420:424], "little"))
            key_hash = digest_of("sha256", block[36:812]).hex()  # as espsecure burns it
            yield _Block("RSA-3072", "sha256", block[4:36], numbers, key_hash, block[812:1196][::-1], "pss")
        elif block[1] == _ECDSA:
            name, at = ("sha384", 52) if block[2] == 1 else ("sha256", 36)
            size, field = _COORDINATE_BYTES.get(block[at], 0), 96 if name == "sha384" else 64
            if not size:
                return
            point, pair = block[at + 1 :], block[at + 1 + field :]
            numbers = (int.from_bytes(point[:size], "little"), int.from_bytes(point[size : 2 * size], "little"))
            signature = pair[:size][::-1] + pair[size : 2 * size][::-1]
            key_hash = digest_of("sha256", block[at : at + 1 + field]).hex()
            yield _Block(_CURVES[block[at]], name, block[4:at], numbers, key_hash, signature, "raw")


class _SecureBoot(NamedTuple):
    """What is behind the image itself: the end of it all, and what is wrong with it."""

    end: int
    signature: Signature | None = None
    key_hash: str | None = None
    error: str = ""


def _secure_boot(data: bytes, end: int) -> _SecureBoot:
    sector = -(-end // _SIGNATURE_SECTOR) * _SIGNATURE_SECTOR
    kind = _BLOCK_KINDS.get(data[sector : sector + 2])
    if kind is None:
        return _SecureBoot(len(data), "ECDSA-P256") if _has_version_1(data, end) else _SecureBoot(end)
    end = sector + _SIGNATURE_SECTOR
    block = next(_blocks(data, sector), None)
    if block is None:
        return _SecureBoot(end, kind, error="the checksum of its signature block is wrong")
    right = digest_of(block.hash, data[:sector]) == block.digest
    return _SecureBoot(end, block.kind, block.key_hash, "" if right else f"its signature is for {block.digest.hex()}")


def signed(data: bytes) -> Iterator[Signed]:
    """The signatures of secure boot, over all in front of their sector; each with the key it was made by."""
    end = _end(data)
    if end is None:
        return
    sector = -(-end // _SIGNATURE_SECTOR) * _SIGNATURE_SECTOR
    for each in _blocks(data, sector):
        digest = digest_of(each.hash, data[:sector])
        yield Signed(
            each.kind, each.signature, each.encoding, hash=each.hash, digest=digest, key_numbers=each.key_numbers
        )
    if _has_version_1(data, end):
        yield Signed("ECDSA-P256", data[-64:], "raw", digest=digest_of("sha256", data[:-_VERSION_1_BYTES]))


def _end(data: bytes) -> int | None:
    """Where the image ends that is signed, its appended digest included; None where it is none."""
    layout = _layout(data) if _begins_as_esp(data) else None
    if layout is None:
        return None
    esp32, walked = layout
    return walked.checksum_at + 1 + (32 if esp32 and data[23:24] == b"\x01" else 0)


def _has_version_1(data: bytes, end: int) -> bool:
    """Whether the signature of secure boot version 1 is behind the image: its version, which is 0, and r and s."""
    return len(data) == end + _VERSION_1_BYTES and little(data, end, 4) == 0


def _checked(data: bytes, walked: Walk, end: int, digest: bytes) -> tuple[bool, str]:
    if not walked.right:
        return False, f"its checksum is 0x{walked.expected or 0:02x} and should be 0x{walked.checksum:02x}"
    if digest and (found := hashlib.sha256(data[:end]).digest()) != digest:
        return False, f"it says {digest.hex()} and has {found.hex()}"
    return True, ""


def read_not_the_application(data: bytes) -> ImageFacts | None:
    """The facts of a file for a programmer: the bootloader, or all of the flash in one; None where it is neither."""
    if not data or data[0] not in (MAGIC, 0xFF):
        return None
    # An entry of a partition table: its magic, then its type, 0 to 3 (app, data, bootloader, partition table).
    tables = (data[at : at + 3] for at in _PARTITION_TABLE_AT)
    if any(entry[:2] == _PARTITION_MAGIC and entry[2:] <= bytes([_MOST_PARTITION_TYPE]) for entry in tables):
        name = "a whole ESP flash image (bootloader, partition table and application)"
        remedy = f"{_APPLICATION}; no merged, factory or -all file"
    elif (
        data[_DESCRIPTION_AT : _DESCRIPTION_AT + 1] == bytes([_BOOTLOADER_MAGIC])
        and (text(data, 40, 32) or "")[:1] == "v"
    ):
        name, remedy = "an ESP bootloader", _APPLICATION
    else:
        return None
    return facts_of(data, format="container", title=name, container=name, remedy=remedy)


def read_delta(data: bytes) -> ImageFacts | None:
    """The facts of a patch of esp_delta_ota, which names its base by SHA-256; None where it is none."""
    if not data.startswith(DELTA_MAGIC):
        return None
    return facts_of(data, format="esp-delta", title="ESP delta patch", payload_bytes=max(len(data) - 64, 0))
