"""What is known of an image and the key it is to be signed by, and what is not."""

from __future__ import annotations

import hashlib
import importlib.util
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from fuota_constructs.firmware.formats import signatures_in

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats import ImageFacts, Signed
    from fuota_constructs.firmware.signing.signing_key import SigningKey

EXTRA: Final = "pip install 'fuota-constructs[verify]'"
_PATCHES: Final = ("bsdiff", "esp-delta", "mbed-delta", "sfu-delta", "vcdiff")
_HASHES_BY_SIZE: Final = {32: "sha256", 48: "sha384", 64: "sha512"}

Verdict = Literal["verified", "named", "unchecked", "refused", "unsigned", "damaged"]


class SignatureCheck(NamedTuple):
    """What a check of an image against a key came to.

    `verified`: the signature is by this key, over the content; `refused`: it is not; `named`: the image names the key,
    and nobody looked at the signature; `unchecked`: neither could be looked at; `unsigned`: there is no signature;
    `damaged`: the content is not what was signed, which other rules say. `said` is what was found, as a clause.
    """

    verdict: Verdict
    key: str
    said: str


def check_signature(data: bytes, facts: ImageFacts, key: SigningKey) -> SignatureCheck:
    """Compare what an image says of its key, and verify its signature where `cryptography` is installed."""
    verdict, said = _without_signature(facts) or _checked(data, facts, key)
    return SignatureCheck(verdict, str(key), said)


def _without_signature(facts: ImageFacts) -> tuple[Verdict, str] | None:
    if facts.container is not None or facts.missing_bytes:
        return "damaged", "it is no whole image"
    if facts.format in _PATCHES:
        return "unchecked", "a patch has no signature: what it makes has; check that image instead"
    return None


def _checked(data: bytes, facts: ImageFacts, key: SigningKey) -> tuple[Verdict, str]:
    signatures = signatures_in(data, facts)
    if not signatures:
        return "unsigned", "it has no signature"
    alike = [each for each in signatures if each.kind == key.kind]
    if not alike:
        kinds = " and ".join(dict.fromkeys(each.kind for each in signatures))
        return "refused", f"its signature is by a key of another kind ({kinds})"
    candidates = [each for each in alike if _names(each, key) is not False]
    if not candidates:
        return "refused", f"it is signed by another key{_named(alike, facts)}"
    if facts.format == "mcuboot" and all(each.key_hash is None for each in candidates):
        return "refused", "it names no key, by which MCUboot looks up the one to verify with"
    if facts.digest_valid is False:
        return "damaged", "its content is not what was signed"
    return _of_candidates(data, facts, candidates, key)


def _of_candidates(data: bytes, facts: ImageFacts, signatures: list[Signed], key: SigningKey) -> tuple[Verdict, str]:
    named = any(_names(each, key) for each in signatures)
    visible = [each for each in signatures if (each.message if each.kind == "Ed25519" else each.digest) is not None]
    if not visible:
        said = "the digest that is signed is not in the file (the payload is encrypted)"
        return "named" if named else "unchecked", said
    if importlib.util.find_spec("cryptography") is None:
        return "named" if named else "unchecked", f"the signature takes cryptography to verify: {EXTRA}"
    return _verified(data, facts, visible, key, named=named)


def _verified(
    data: bytes, facts: ImageFacts, signatures: list[Signed], key: SigningKey, *, named: bool
) -> tuple[Verdict, str]:
    from fuota_constructs.firmware.formats import sfu
    from fuota_constructs.firmware.signing.verification import is_made_by

    if not any(is_made_by(each, key) for each in signatures):
        return "refused", _why_not(facts, named=named)
    if facts.format == "sfu" and sfu.has_its_digest(data) is False:
        return "refused", "its header is signed by this key, for another firmware than the one behind it"
    if facts.encrypted:
        return "verified", "of its digest; whether header and encrypted payload have that, only the device can tell"
    return "verified", "over its content"


def _why_not(facts: ImageFacts, *, named: bool) -> str:
    if facts.format == "sfu":
        return "its header has no signature by this key (or SBSFU is built with AES-GCM, without keys)"
    if named:
        return "it names this key, and the signature is not by it or damaged"
    # Where nothing else tells whether the content is what was signed, it may be that.
    return "it is signed by another key" + (", or its content changed after that" if facts.digest_valid is None else "")


def _names(signed: Signed, key: SigningKey) -> bool | None:
    """Whether a signature is said to be by a key; None where nothing is said."""
    if signed.key_numbers is not None:
        return signed.key_numbers == key.numbers
    if signed.key_hash is None:
        return None
    name = _HASHES_BY_SIZE.get(len(signed.key_hash))
    if name is None:
        return None
    stored = key.in_mcuboot if signed.key_hash_is_of == "whole" else key.plain
    # SHA-384 and SHA3-384 are of one size; wolfBoot has both.
    names = (name, "sha3_384") if name == "sha384" else (name,)
    return any(hashlib.new(each, stored).digest() == signed.key_hash for each in names)


def _named(signatures: list[Signed], facts: ImageFacts) -> str:
    if facts.development_key:
        return f", the published development key {facts.development_key}"
    hashes = [each.key_hash.hex()[:16] for each in signatures if each.key_hash is not None]
    return f" ({' and '.join(hashes)})" if hashes else ""
