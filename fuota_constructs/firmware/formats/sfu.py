"""Images of ST's secure firmware update (SBSFU, `.sfb`), and Actility's Smart Delta inside them.

Source: ST UM2262 and AN5554; the header as the STM32WL FUOTA packages define it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.firmware.formats.binary_reader import little
from fuota_constructs.firmware.formats.cortex_m import has_vector_table
from fuota_constructs.firmware.formats.image_facts import ImageFacts, facts_of
from fuota_constructs.firmware.formats.signed import Signed, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGICS: Final = (b"SFU1", b"SFU2", b"SFU3", b"SFUM")
_HEADER_BYTES: Final = 512
_SIGNED_BYTES, _SIGNATURE_BYTES, _TAG_AT, _TAG_BYTES = 128, 64, 20, 32
_DELTA, _FULL = b"FOTAP1\0\0", b"FOTAI1\0\0"


def is_sfu(data: bytes) -> bool:
    """Whether a file begins as an SFU image does."""
    return data[:4] in MAGICS


def read(data: bytes) -> ImageFacts | None:
    """The facts of an SFU image, None where it is none; its tags and signature can only be checked with its keys."""
    if not is_sfu(data):
        return None
    size, partial = little(data, 8, 4), little(data, 16, 4)
    payload = partial or size
    end = None if payload is None else _HEADER_BYTES + payload
    version = little(data, 6, 2)
    body = data[_HEADER_BYTES : _HEADER_BYTES + 8]
    smart_delta = body in (_DELTA, _FULL)
    return facts_of(
        data,
        format="sfu-delta" if body == _DELTA else "sfu",
        title="Actility Smart Delta in an SFU image" if body == _DELTA else "ST secure firmware update image (SFU)",
        version=None if version is None else str(version),
        version_order=None if version is None else (version,),
        payload_bytes=payload,
        declared_bytes=end,
        missing_bytes=max(end - len(data), 0) if end else max(_HEADER_BYTES - len(data), 0),
        trailing_bytes=max(len(data) - end, 0) if end else 0,
        # The default of SBSFU encrypts the payload (AES-CBC); one that begins with a vector table is plain.
        encrypted=not (smart_delta or has_vector_table(data[_HEADER_BYTES:])),
    )


def signed(data: bytes) -> Iterator[Signed]:
    """The signature of the header, if it has one: by the two schemes of SBSFU with ECDSA, not by that with AES-GCM.

    The header has the SHA-256 of the plain firmware, so the signature is over that too; whether a payload that is not
    encrypted has it, `has_its_digest` says.
    """
    signature = data[_SIGNED_BYTES : _SIGNED_BYTES + _SIGNATURE_BYTES]
    if len(signature) == _SIGNATURE_BYTES:
        yield Signed("ECDSA-P256", signature, "raw", digest=digest_of("sha256", data[:_SIGNED_BYTES]))


def has_its_digest(data: bytes) -> bool | None:
    """Whether the payload has the digest of the header; None where it is encrypted, or a part only."""
    size, partial = little(data, 8, 4) or 0, little(data, 16, 4)
    body = data[_HEADER_BYTES : _HEADER_BYTES + size]
    if partial or len(body) < size or not has_vector_table(body):
        return None
    return digest_of("sha256", body) == data[_TAG_AT : _TAG_AT + _TAG_BYTES]
