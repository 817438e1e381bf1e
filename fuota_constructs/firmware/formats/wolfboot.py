"""wolfBoot images: a header of tags in front of the program.

Source: wolfBoot documentation, firmware image (header tags, digest and signature).
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from fuota_constructs.firmware.formats.binary_reader import little
from fuota_constructs.firmware.formats.image_facts import ImageFacts, Signature, facts_of
from fuota_constructs.firmware.formats.signed import Signed

MAGIC: Final = b"WOLF"
_HEADER_SIZES: Final = (256, 512, 1024, 2048, 4096, 8192)
_VERSION, _SHA256, _TYPE, _PUBLIC_KEY, _SIGNATURE, _LATE_TYPE = 0x0001, 0x0003, 0x0004, 0x0010, 0x0020, 0x0030
_SHA3_384, _SHA384 = 0x0013, 0x0014
_DIGESTS: Final = {_SHA256: "sha256", _SHA384: "sha384", _SHA3_384: "sha3_384"}
_FILL: Final = b"\xff"
_KINDS: Final[dict[int, Signature]] = {
    0x01: "Ed25519",
    0x02: "ECDSA-P256",
    0x03: "RSA-2048",
    0x04: "RSA-4096",
    0x05: "Ed448",
    0x06: "ECDSA-P384",
    0x07: "ECDSA-P521",
    0x08: "RSA-3072",
    0x09: "LMS",
    0x10: "XMSS",
    0x11: "ML-DSA",
}


class Tag(NamedTuple):
    """One tag of the header and where it begins."""

    type: int
    value: bytes
    offset: int


def is_wolfboot(data: bytes) -> bool:
    """Whether a file begins as a wolfBoot image does, with a first tag that is one."""
    return data[:4] == MAGIC and (len(data) < 12 or next(_tags(data), None) is not None)  # noqa: PLR2004  # the format


def _tags(data: bytes) -> Iterator[Tag]:
    offset = 8
    while offset + 4 <= min(len(data), _HEADER_SIZES[-1]):
        if data[offset : offset + 1] == _FILL:  # tags are aligned with fill, and the rest of the header is fill
            offset += 1
            continue
        kind, size = little(data, offset, 2) or 0, little(data, offset + 2, 2) or 0
        value = data[offset + 4 : offset + 4 + size]
        if not kind or not size or len(value) < size:
            return
        yield Tag(kind, value, offset)
        offset += 4 + size
        if kind == _SIGNATURE:
            return


def read(data: bytes) -> ImageFacts | None:
    """The facts of a wolfBoot image, None where it is none."""
    if not is_wolfboot(data):
        return None
    tags = {tag.type: tag for tag in _tags(data)}
    payload = little(data, 4, 4)
    digest = next((tags[kind] for kind in _DIGESTS if kind in tags), None)
    header, valid = _header(data, payload or 0, tags.values(), digest)
    end = header + (payload or 0)
    missing = max(end - len(data), 0)
    version = little(tags[_VERSION].value, 0, 4) if _VERSION in tags else None
    key = tags.get(_PUBLIC_KEY)
    return facts_of(
        data,
        format="wolfboot",
        title="wolfBoot image",
        version=None if version is None else str(version),
        version_order=None if version is None else (version,),
        payload_bytes=payload,
        declared_bytes=end,
        missing_bytes=missing,
        trailing_bytes=max(len(data) - end, 0),
        content_digest=digest.value.hex() if digest else None,
        digest_valid=None if missing or not digest else valid,
        digest_detail=""
        if missing or valid or not digest
        else f"it says {digest.value.hex()}, which its bytes do not have",
        signature=_kind(tags) if _SIGNATURE in tags else None,
        can_sign=not missing,
        key_hash=key.value.hex() if key else None,
    )


def _kind(tags: Mapping[int, Tag]) -> Signature | None:
    """The kind of the signature: the upper byte of the image type."""
    kind = tags.get(_TYPE) or tags.get(_LATE_TYPE)
    return _KINDS.get(little(kind.value, 1, 1) or 0) if kind else None


def signed(data: bytes) -> Iterator[Signed]:
    """The signature, which is over the digest in the header; `read` says whether the content has that."""
    tags = {tag.type: tag for tag in _tags(data)}
    kind = _kind(tags)
    digest = next((tags[each] for each in _DIGESTS if each in tags), None)
    if kind is None or digest is None or _SIGNATURE not in tags:
        return
    rsa = kind.startswith("RSA")
    yield Signed(
        kind,
        tags[_SIGNATURE].value,
        "pkcs1" if rsa else "raw",
        hash=_DIGESTS[digest.type],
        digest=digest.value,
        message=digest.value,
        key_hash=tags[_PUBLIC_KEY].value if _PUBLIC_KEY in tags and not rsa else None,
        key_hash_is_of="plain",
    )


def _header(data: bytes, payload: int, tags: Collection[Tag], digest: Tag | None) -> tuple[int, bool]:
    """Size of the header: the one with which the digest is right, else the smallest that its tags fit in."""
    end = max((tag.offset + 4 + len(tag.value) for tag in tags), default=8)
    fits = [size for size in _HEADER_SIZES if size >= end] or [end]
    if digest:
        for size in fits:
            if size + payload > len(data):
                break
            found = hashlib.new(_DIGESTS[digest.type], data[: digest.offset] + data[size : size + payload])
            if found.digest() == digest.value:
                return size, True
    return fits[0], False
