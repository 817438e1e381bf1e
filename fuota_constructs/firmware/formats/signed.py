"""A signature in an image and what it is over: what it takes to verify it, for whoever has the key."""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats.image_facts import Signature


class Signed(NamedTuple):
    """One signature, as its format has it.

    `digest` is what ECDSA and RSA sign, by `hash`; `message` what Ed25519 signs. None where the file does not show it:
    that of an encrypted payload. `key_hash` names the key: the hash of what MCUboot stores (`whole`), or of x and y
    or the 32 bytes of Ed25519; `key_numbers` is the key itself: x and y, modulus and exponent.
    """

    kind: "Signature"
    signature: bytes
    encoding: Literal["der", "raw", "pss", "pkcs1"]
    hash: str = "sha256"
    digest: bytes | None = None
    message: bytes | None = None
    key_hash: bytes | None = None
    key_hash_is_of: Literal["whole", "plain"] = "whole"
    key_numbers: tuple[int, int] | None = None


def digest_of(name: str, data: bytes) -> bytes:
    """The digest of some bytes."""
    return hashlib.new(name, data).digest()
