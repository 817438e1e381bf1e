"""MCUboot images (Zephyr, Mbed OS, NuttX, ESP-IDF): header, payload, TLVs, and the trailer of a padded slot.

Source: MCUboot documentation, design.md (image format) and imgtool.md; boot/bootutil/include/bootutil/image.h.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from fuota_constructs.firmware.formats.binary_reader import little
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = bytes.fromhex("3db8f396")
MAGIC_V1: Final = bytes.fromhex("3cb8f396")
_HEADER_BYTES: Final = 32
_TLV_INFO: Final = 0x6907
_PROTECTED_TLV_INFO: Final = 0x6908
_TRAILER_MAGIC_TAIL: Final = bytes.fromhex("2de15d29410b8d77679c110f1f8a")  # written with the alignment before it
_TRAILER_MAGIC: Final = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")

_ENCRYPTED: Final = 0x4 | 0x8
_NON_BOOTABLE: Final = 0x10
_COMPRESSED: Final = 0x200 | 0x400

_KEY_HASH, _PUBLIC_KEY, _SECURITY_COUNTER = 0x01, 0x02, 0x50
_DIGESTS: Final = {0x10: "sha256", 0x11: "sha384", 0x12: "sha512"}
_SIGNATURES: Final[dict[int, Signature]] = {
    0x20: "RSA-2048",
    0x21: "ECDSA-P224",
    0x22: "ECDSA-P256",
    0x23: "RSA-3072",
    0x24: "Ed25519",
}
_P384_DER_BYTES: Final = 90  # an ECDSA signature of P-256 has at most 72 bytes, one of P-384 about 102

# The first bytes of the hash (SHA-256 but where said) of the public keys whose private halves are published with
# MCUboot: anybody can sign.
DEVELOPMENT_KEYS: Final = {
    "e30466f6b8470c1f": "root-ec-p256.pem",
    "6bcd1e16d80e5fe1": "root-ec-p384.pem",
    "85b7bd5f5dff9a03": "root-ec-p384.pem",  # SHA-384, which images signed with such a key carry
    "c1907fa4eac7fae3": "root-ed25519.pem",
    "6754edab1e29affe": "root-ed25519-2.pem",
    "fc5701dc6135e132": "root-rsa-2048.pem",
    "449793fb65cd7698": "root-rsa-3072.pem",
}


class Tlv(NamedTuple):
    """One entry behind the payload."""

    type: int
    value: bytes


class Layout(NamedTuple):
    """Where the parts of an image lie in its file; `end` is past the last TLV, as far as the file goes."""

    header_bytes: int
    payload_bytes: int
    hashed_end: int
    end: int
    tlvs: tuple[Tlv, ...]
    missing_bytes: int


def is_mcuboot(data: bytes) -> bool:
    """Whether a file begins as an MCUboot image does."""
    return data[:4] in (MAGIC, MAGIC_V1)


def layout(data: bytes) -> Layout:
    """The parts of an image; of a file that was cut off, those that are there, and how much is missing."""
    header = little(data, 8, 2) or 0
    protected = little(data, 10, 2) or 0
    payload = little(data, 12, 4) or 0
    hashed_end = max(header, _HEADER_BYTES) + payload + protected
    missing = max(hashed_end - len(data), 0)
    if missing or len(data) < _HEADER_BYTES:
        return Layout(header, payload, hashed_end, hashed_end, (), max(missing, _HEADER_BYTES - len(data)))
    tlvs: list[Tlv] = []
    end = hashed_end
    if protected:
        tlvs += _tlvs(data, hashed_end - protected, protected, _PROTECTED_TLV_INFO)
    total = little(data, hashed_end + 2, 2)
    if little(data, hashed_end, 2) == _TLV_INFO and total is not None:
        end = hashed_end + total
        tlvs += _tlvs(data, hashed_end, total, _TLV_INFO)
        missing = max(end - len(data), 0)
    elif len(data) < hashed_end + 4:
        missing = hashed_end + 4 - len(data)  # every image has a TLV area: its digest is in there
    return Layout(header, payload, hashed_end, end, tuple(tlvs), missing)


def _tlvs(data: bytes, start: int, total: int, magic: int) -> Iterator[Tlv]:
    if little(data, start, 2) != magic:
        return
    offset, end = start + 4, min(start + total, len(data))
    while offset + 4 <= end:
        size = little(data, offset + 2, 2) or 0
        value = data[offset + 4 : offset + 4 + size]
        if len(value) < size or offset + 4 + size > end:
            return
        yield Tlv(little(data, offset, 2) or 0, value)
        offset += 4 + size


def read(data: bytes) -> ImageFacts | None:
    """The facts of an MCUboot image, None where it is none."""
    if not is_mcuboot(data):
        return None
    parts = layout(data)
    flags = little(data, 16, 4) or 0
    encrypted = bool(flags & _ENCRYPTED)
    digest_type, digest = next(((t.type, t.value) for t in parts.tlvs if t.type in _DIGESTS), (0, b""))
    valid = None
    detail = ""
    if digest and not encrypted and not parts.missing_bytes:
        found = hashlib.new(_DIGESTS[digest_type], data[: parts.hashed_end]).digest()
        valid = found == digest
        detail = "" if valid else f"it says {digest.hex()} and has {found.hex()}"
    key_hash = _key_hash(parts.tlvs)
    counter = next((t.value for t in parts.tlvs if t.type == _SECURITY_COUNTER), None)
    numbers = tuple(little(data, offset, size) for offset, size in ((20, 1), (21, 1), (22, 2), (24, 4)))
    version = None if None in numbers else f"{numbers[0]}.{numbers[1]}.{numbers[2]}+{numbers[3]}"
    return facts_of(
        data,
        format="mcuboot",
        title="MCUboot image" if data[:4] == MAGIC else "MCUboot image of the old layout (version 1)",
        version=version,
        # Without the build number: MCUboot compares it only when it is built with BOOT_VERSION_CMP_USE_BUILD_NUMBER.
        version_order=None if version is None else numbers[:3],
        payload_bytes=parts.payload_bytes,
        declared_bytes=parts.end,
        missing_bytes=parts.missing_bytes,
        trailing_bytes=max(len(data) - parts.end, 0),
        content_digest=digest.hex() or None,
        digest_valid=valid,
        digest_detail=detail,
        encrypted=encrypted,
        compressed=bool(flags & _COMPRESSED),
        bootable=not flags & _NON_BOOTABLE,
        signature=_signature(parts.tlvs),
        can_sign=not parts.missing_bytes,
        key_hash=key_hash,
        development_key=DEVELOPMENT_KEYS.get(key_hash[:16]) if key_hash else None,
        security_counter=None if counter is None else int.from_bytes(counter, "little"),
        padded_slot=len(data) > parts.end and _ends_as_slot(data),
    )


def _key_hash(tlvs: tuple[Tlv, ...]) -> str | None:
    for each in tlvs:
        if each.type == _KEY_HASH:
            return each.value.hex()
        if each.type == _PUBLIC_KEY:
            return hashlib.sha256(each.value).hexdigest()
    return None


def _signature(tlvs: tuple[Tlv, ...]) -> Signature | None:
    for each in tlvs:
        kind = _SIGNATURES.get(each.type)
        if kind == "ECDSA-P256" and len(each.value) >= _P384_DER_BYTES:
            return "ECDSA-P384"
        if kind:
            return kind
    return None


def signature_bytes(tlvs: tuple[Tlv, ...]) -> bytes | None:
    """The signature itself; an ECDSA one without the padding of older imgtools."""
    for each in tlvs:
        if each.type in (0x21, 0x22):
            length = each.value[1] + 2 if each.value[:1] == b"0" and len(each.value) > 1 else len(each.value)
            return each.value[:length]
        if each.type in _SIGNATURES:
            return each.value
    return None


def _ends_as_slot(data: bytes) -> bool:
    return data.endswith((_TRAILER_MAGIC, _TRAILER_MAGIC_TAIL))
