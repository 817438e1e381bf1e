"""MCUboot images (Zephyr, Mbed OS, NuttX, ESP-IDF): header, payload, TLVs, and the trailer of a padded slot.

Source: MCUboot documentation, design.md (image format) and imgtool.md; boot/bootutil/include/bootutil/image.h.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from fuota_constructs.firmware.formats.binary_reader import little
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of
from fuota_constructs.firmware.formats.signed import Signed, digest_of

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

_ENCRYPTION_KEYS: Final = range(0x30, 0x35)
_KEY_HASH, _PUBLIC_KEY, _SECURITY_COUNTER, _UNPACKED_SIZE = 0x01, 0x02, 0x50, 0x70
_DIGESTS: Final = {0x10: "sha256", 0x11: "sha384", 0x12: "sha512"}
_SIGNATURES: Final[dict[int, Signature]] = {
    0x20: "RSA-2048",
    0x21: "ECDSA-P224",
    0x22: "ECDSA-P256",
    0x23: "RSA-3072",
    0x24: "Ed25519",
}
_PURE: Final = 0x25
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
        return Layout(payload, hashed_end, hashed_end, (), max(missing, _HEADER_BYTES - len(data)))
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
    return Layout(payload, hashed_end, end, tuple(tlvs), missing)


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
    digest = next((tlv.value for tlv in parts.tlvs if tlv.type in _DIGESTS), b"")
    valid, detail = _checked(data, parts, encrypted=encrypted)
    key_hash = _key_hash(parts.tlvs)
    numbers_in = {tlv.type: int.from_bytes(tlv.value, "little") for tlv in parts.tlvs}
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
        unpacked_bytes=numbers_in.get(_UNPACKED_SIZE),
        missing_bytes=parts.missing_bytes,
        trailing_bytes=0 if parts.missing_bytes else max(len(data) - parts.end, 0),
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
        security_counter=numbers_in.get(_SECURITY_COUNTER),
        padded_slot=not parts.missing_bytes and len(data) > parts.end and _ends_as_slot(data),
    )


def _checked(data: bytes, parts: Layout, *, encrypted: bool) -> tuple[bool | None, str]:
    """Whether the content has the digest that is with it, and what was found instead."""
    digest = next((tlv for tlv in parts.tlvs if tlv.type in _DIGESTS), None)
    if parts.missing_bytes:
        return None, ""
    if digest is None:
        return (None, "") if _is_pure(parts.tlvs) else (False, "MCUboot asks for one and there is none")
    found = digest_of(_DIGESTS[digest.type], data[: parts.hashed_end])
    if found == digest.value:
        return True, ""
    return (None, "") if encrypted else (False, f"it says {digest.value.hex()} and has {found.hex()}")


def _is_pure(tlvs: tuple[Tlv, ...]) -> bool:
    """Whether the signature is over the content itself, which then needs no digest."""
    return any(tlv.type == _PURE and any(tlv.value) for tlv in tlvs)


def _key_hash(tlvs: tuple[Tlv, ...]) -> str | None:
    for each in tlvs:
        if each.type == _KEY_HASH:
            return each.value.hex()
        if each.type == _PUBLIC_KEY:
            return hashlib.sha256(each.value).hexdigest()
    return None


def _signature(tlvs: tuple[Tlv, ...]) -> Signature | None:
    return next((kind for each in tlvs if (kind := _kind(each))), None)


def _kind(tlv: Tlv) -> Signature | None:
    """The kind of a signature; one type has those of two curves."""
    kind = _SIGNATURES.get(tlv.type)
    return "ECDSA-P384" if kind == "ECDSA-P256" and len(tlv.value) >= _P384_DER_BYTES else kind


def signed(data: bytes) -> Iterator[Signed]:
    """The signatures of an image, each with the key that it names before it.

    ECDSA and RSA sign the content by a hash of their own, whatever digest the image carries; Ed25519 signs that digest,
    or with SIG_PURE the content. The digest of an encrypted image is that of its plain content, which is not there.
    """
    parts = layout(data)
    # A flag without the key that decrypting takes hides nothing: no device decrypts that.
    encrypted = bool((little(data, 16, 4) or 0) & _ENCRYPTED) and any(t.type in _ENCRYPTION_KEYS for t in parts.tlvs)
    content = b"" if encrypted else data[: parts.hashed_end]
    stored = {_DIGESTS[tlv.type]: tlv.value for tlv in parts.tlvs if tlv.type in _DIGESTS}
    pure = _is_pure(parts.tlvs)
    key_hash: bytes | None = None
    for tlv in parts.tlvs:
        if tlv.type == _KEY_HASH:
            key_hash = tlv.value
        elif tlv.type == _PUBLIC_KEY:
            key_hash = hashlib.sha256(tlv.value).digest()
        elif (kind := _kind(tlv)) == "Ed25519":
            digest = next(iter(stored.values()), None)
            yield Signed(kind, tlv.value, "raw", message=(content or None) if pure else digest, key_hash=key_hash)
        elif kind:
            name = "sha384" if kind == "ECDSA-P384" else "sha256"
            digest = digest_of(name, content) if content else stored.get(name)
            rsa = kind.startswith("RSA")
            value = tlv.value if rsa else _without_padding(tlv.value)
            yield Signed(kind, value, "pss" if rsa else "der", hash=name, digest=digest, key_hash=key_hash)


def _without_padding(signature: bytes) -> bytes:
    """An ECDSA signature without the zeros that older imgtools put behind it."""
    is_der = signature[:1] == b"0" and len(signature) > 1
    return signature[: signature[1] + 2] if is_der else signature


def _ends_as_slot(data: bytes) -> bool:
    return data.endswith((_TRAILER_MAGIC, _TRAILER_MAGIC_TAIL))
