"""What is known of a firmware image file: plain values that every format fills in as far as it can."""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import hashlib
from typing import Any, Literal, NamedTuple

Signature = Literal[
    "ECDSA",
    "ECDSA-P192",
    "ECDSA-P224",
    "ECDSA-P256",
    "ECDSA-P384",
    "ECDSA-P521",
    "Ed25519",
    "Ed448",
    "LMS",
    "ML-DSA",
    "RSA-2048",
    "RSA-3072",
    "RSA-4096",
    "XMSS",
]


class ImageFacts(NamedTuple):
    """What a firmware image file says of itself, read without running or trusting any of it.

    `format` is a short name (`mcuboot`, `esp`, `sfu`, `wolfboot`, `cortex-m`, `unknown`, ...); `container` is the
    name of a file kind that no device boots (an ELF, an Intel HEX, a ZIP, ...), else None. None means that the format
    does not say, or that the file is too short to tell.
    """

    format: str
    """Short name of the format."""
    title: str
    """The format as a sentence names it."""
    size_bytes: int
    """Bytes of the file."""
    sha256: str
    """SHA-256 of the file, in hex."""
    container: str | None = None
    """A file kind that is never right to send, by name."""
    remedy: str = ""
    """What to give instead of a file that is never right."""
    version: str | None = None
    """The version, as the format writes it."""
    version_order: tuple[int, ...] | None = None
    """The version as numbers to compare by, only with images of the same format."""
    product: str | None = None
    """Project or product name the image carries."""
    payload_bytes: int | None = None
    """Bytes of program in it, without header and trailer."""
    declared_bytes: int | None = None
    """Where the format says the image ends: the bytes a device needs of this file."""
    unpacked_bytes: int | None = None
    """Bytes of program that a device makes of a compressed payload."""
    missing_bytes: int = 0
    """Bytes that the image says it has and the file has not: it was cut off."""
    trailing_bytes: int = 0
    """Bytes behind the declared end, which devices receive for nothing."""
    fill_bytes: int = 0
    """Length of the run of equal 0x00 or 0xFF bytes at the end of a file that declares no end."""
    content_digest: str | None = None
    """The digest of the content that the format carries, in hex: re-signing leaves it as it is."""
    digest_valid: bool | None = None
    """Whether the content has that digest (or checksum); None where it cannot be checked."""
    digest_detail: str = ""
    """What was found instead, where `digest_valid` is False."""
    encrypted: bool = False
    """Whether the payload is encrypted."""
    compressed: bool = False
    """Whether the payload is compressed."""
    bootable: bool = True
    """False where the image says that it is not for booting."""
    signature: Signature | None = None
    """Kind of the signature; None where there is none, or the format has none to read."""
    can_sign: bool = False
    """Whether this format carries its signature, so that none means unsigned."""
    key_hash: str | None = None
    """SHA-256 of the public key it says it was signed with, in hex."""
    development_key: str | None = None
    """Name of the published development key, where that is the key."""
    security_counter: int | None = None
    """The counter that a bootloader refuses to go back behind."""
    padded_slot: bool = False
    """Whether the file is a whole flash slot, made for a programmer (a boot trailer is at its end)."""

    @property
    def content_id(self) -> str:
        """What says whether two files hold the same firmware: the digest of the content, else of the file."""
        return self.content_digest or self.sha256

    def as_json(self) -> dict[str, object]:
        """Every fact under its name, for JSON."""
        return self._asdict()


def facts_of(data: bytes, **known: Any) -> ImageFacts:
    """Facts of a file, with its size and digest filled in."""
    return ImageFacts(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), **known)
