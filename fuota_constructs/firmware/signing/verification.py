"""The signature itself, verified by `cryptography`: the one module here that needs it (the extra `verify`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from fuota_constructs.firmware.signing import der

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats import Signed
    from fuota_constructs.firmware.signing.signing_key import SigningKey

_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha3_384": hashes.SHA3_384()}
_SALT_BYTES = 32
"""What MCUboot and ESP-IDF sign with, and take alone."""


def is_made_by(signed: Signed, key: SigningKey) -> bool:
    """Whether a key made a signature whose digest or message is known."""
    public = serialization.load_der_public_key(key.public)
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signed.signature, signed.message or b"")
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(_der(signed), signed.digest or b"", ec.ECDSA(utils.Prehashed(_HASHES[signed.hash])))
        else:
            _verify_rsa(cast("rsa.RSAPublicKey", public), signed)
    except (InvalidSignature, ValueError):  # ValueError: a signature of another length than the key's
        return False
    return True


def _der(signed: Signed) -> bytes:
    if signed.encoding == "der":
        return signed.signature
    half = len(signed.signature) // 2
    pair = signed.signature[:half], signed.signature[half:]
    return der.ecdsa_signature(*(int.from_bytes(part, "big") for part in pair))


def _verify_rsa(public: rsa.RSAPublicKey, signed: Signed) -> None:
    digest, algorithm = signed.digest or b"", _HASHES[signed.hash]
    if signed.encoding == "pss":
        salted = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=_SALT_BYTES)
        public.verify(signed.signature, digest, salted, utils.Prehashed(algorithm))
        return
    # wolfBoot signs the bare digest, or with `sign --...enc` the digest with the name of its algorithm before it.
    if public.recover_data_from_signature(signed.signature, padding.PKCS1v15(), None) != digest:
        public.verify(signed.signature, digest, padding.PKCS1v15(), utils.Prehashed(algorithm))
