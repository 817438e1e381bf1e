"""The key that images are to be signed by: its public half, out of the file of either half.

Source: RFC 5958 (private keys), RFC 5480 and RFC 8410 (elliptic curves), RFC 8017 (RSA), RFC 7468 (PEM).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.signing import der
from fuota_constructs.firmware.signing.der import BIT_STRING, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE, DerError

if TYPE_CHECKING:
    from pathlib import Path

RULE: Final = "image-signing-key"
MOST_KEY_BYTES: Final = 32_768
_PUBLIC: Final = "openssl pkey -in KEY.pem -pubout -out PUBLIC.pem"

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s*\n(.{0,32768}?)\n\s*-----END \1-----", re.DOTALL)
_HEADERS: Final = re.compile(rb"(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\s*\n")

_ELLIPTIC: Final = bytes.fromhex("2a8648ce3d0201")
_RSA: Final = bytes.fromhex("2a864886f70d010101")
_RSA_PSS: Final = bytes.fromhex("2a864886f70d01010a")
_ED25519: Final = bytes.fromhex("2b6570")
_CURVES: Final = {
    bytes.fromhex("2a8648ce3d030107"): "ECDSA-P256",
    bytes.fromhex("2b81040022"): "ECDSA-P384",
}
_OTHER_KINDS: Final = {
    bytes.fromhex("2b656e"): "an X25519 key, which encrypts and does not sign",
    bytes.fromhex("2b656f"): "an X448 key, which encrypts and does not sign",
    bytes.fromhex("2b6571"): "an Ed448 key, by which none of the known image formats is checked",
    bytes.fromhex("2a8648ce380401"): "a DSA key, by which no bootloader checks images",
}
_RSA_BITS: Final = {2048: "RSA-2048", 3072: "RSA-3072", 4096: "RSA-4096"}

_NO_KEYS: Final = {
    "CERTIFICATE": (
        "is a certificate; give the public key in it (openssl x509 -in CERTIFICATE.pem -pubkey -noout > PUBLIC.pem)"
    ),
    "TRUSTED CERTIFICATE": "is a certificate; give its public key (openssl x509 -pubkey -noout)",
    "CERTIFICATE REQUEST": "is a request for a certificate; give the public key (openssl req -pubkey -noout)",
    "OPENSSH PRIVATE KEY": "is a key of OpenSSH, by which no image is signed; give the key that signs the image as PEM",
    "SSH2 PUBLIC KEY": "is a key of SSH, by which no image is signed; give the key that signs the image as PEM",
    "DSA PRIVATE KEY": "is a DSA key, by which no bootloader checks images; give the key that signs the image",
    "EC PARAMETERS": "holds the parameters of a curve and no key; give the key",
}
_ENCRYPTED_KEY: Final = f"is an encrypted private key, which takes a passphrase; give its public key ({_PUBLIC})"


@dataclass(frozen=True)
class SigningKey:
    """The public half of a key.

    `kind` as `ImageFacts.signature` has it; `public` is its DER (SubjectPublicKeyInfo), `plain` what some bootloaders
    hash instead: x and y of a point, the 32 bytes of Ed25519, the RSAPublicKey of RSA.
    """

    name: str
    kind: str
    public: bytes
    plain: bytes

    @property
    def in_mcuboot(self) -> bytes:
        """The key as MCUboot has it, and hashes."""
        return self.plain if self.kind.startswith("RSA") else self.public

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key as MCUboot has it, in hex: what `imgtool getpub --encoding raw-hash` is about."""
        return hashlib.sha256(self.in_mcuboot).hexdigest()

    @property
    def numbers(self) -> tuple[int, int]:
        """Modulus and exponent of RSA, x and y of a point."""
        if self.kind.startswith("RSA"):
            modulus, exponent = der.inside(self.plain)
            return int.from_bytes(modulus.value, "big"), int.from_bytes(exponent.value, "big")
        half = len(self.plain) // 2
        return int.from_bytes(self.plain[:half], "big"), int.from_bytes(self.plain[half:], "big")

    def __str__(self) -> str:
        return f"{self.kind} key {self.fingerprint[:16]} ({self.name})"


def read_key(path: Path) -> SigningKey:
    """The key in a file: PEM or DER, public or private.

    Raises:
        FuotaValidationError: the file cannot be read, or holds no key that images are signed by.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        _refuse(
            path, f"cannot be read ({getattr(error, 'strerror', None) or error}); give the key that signs the image"
        )
    if not data or len(data) > MOST_KEY_BYTES:
        _refuse(path, f"has {len(data)} bytes, which no key has; give the key that signs the image, as PEM")
    blocks = [(label.decode().strip(), body) for label, body in _BLOCK.findall(data.replace(b"\r\n", b"\n"))]
    if not blocks:
        return _without_pem(path, data)
    found = {key.public: key for label, body in blocks if (key := _in_block(path, label, body)) is not None}
    if not found:
        label = next((label for label, _ in blocks if label in _NO_KEYS), "")
        _refuse(path, _NO_KEYS.get(label, f"holds {blocks[0][0]!r} and no key; give the key that signs the image"))
    if len(found) > 1:
        _refuse(path, f"holds {len(found)} keys; give a file with the one that signs the image")
    return next(iter(found.values()))


def _without_pem(path: Path, data: bytes) -> SigningKey:
    if data.startswith((b"ssh-", b"ecdsa-sha2-")):
        _refuse(path, _NO_KEYS["SSH2 PUBLIC KEY"])
    if b"-----BEGIN " in data:
        _refuse(path, "begins as PEM and is cut off or damaged; fetch or export the key again")
    try:
        return _key(path, data)
    except DerError:
        _refuse(path, f"is neither PEM nor DER; give the public key as PEM ({_PUBLIC})")


def _in_block(path: Path, label: str, body: bytes) -> SigningKey | None:
    if label == "ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in body:
        _refuse(path, _ENCRYPTED_KEY)
    if label not in {"PUBLIC KEY", "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "RSA PUBLIC KEY"}:
        return None
    try:
        headers = _HEADERS.match(body)
        text = body[headers.end() :] if headers else body
        return _key(path, base64.b64decode(b"".join(text.split()), validate=True))
    except (DerError, binascii.Error):
        _refuse(path, f"has a damaged {label}; fetch or export the key again")


def _key(path: Path, data: bytes) -> SigningKey:
    """The key in DER, whichever of the five structures it is.

    Raises:
        DerError: none of them.
    """
    parts = der.inside(data)
    tags = [part.tag for part in parts]
    if tags == [SEQUENCE, BIT_STRING]:  # SubjectPublicKeyInfo
        return _public(path, parts[0].value, _bits(parts[1].value))
    if tags == [INTEGER, INTEGER]:  # RSAPublicKey
        return _rsa(path, data)
    if tags[:3] == [INTEGER, SEQUENCE, OCTET_STRING]:  # PrivateKeyInfo
        given = next((part.value for part in parts[3:] if part.tag == 0x81), None)  # noqa: PLR2004  # as DER and the key have it
        return _private(path, parts[1].value, parts[2].value, None if given is None else _bits(given))
    if tags[:2] == [INTEGER, OCTET_STRING]:  # ECPrivateKey
        return _elliptic_private(path, data, None)
    if tags[:3] == [INTEGER] * 3:  # RSAPrivateKey
        return _rsa_private(path, data)
    raise DerError("no key")


def _bits(value: bytes) -> bytes:
    if value[:1] != b"\0":
        raise DerError("a bit string with unused bits")
    return value[1:]


def _first(value: bytes) -> bytes:
    found = der.elements(value)
    if not found:
        raise DerError("nothing where something belongs")
    return found[0].value


def _algorithm(path: Path, value: bytes) -> tuple[bytes, bytes]:
    """The object ids of an algorithm and of its curve."""
    parts = der.elements(value)
    if not parts or parts[0].tag != OBJECT_ID:
        raise DerError("no algorithm")
    if parts[0].value in _OTHER_KINDS:
        _refuse(path, f"is {_OTHER_KINDS[parts[0].value]}; give the key that signs the image")
    return parts[0].value, parts[1].value if len(parts) > 1 and parts[1].tag == OBJECT_ID else b""


def _public(path: Path, algorithm: bytes, key: bytes) -> SigningKey:
    kind, curve = _algorithm(path, algorithm)
    if kind in {_RSA, _RSA_PSS}:
        return _rsa(path, key)
    if kind == _ELLIPTIC:
        return _elliptic(path, curve, key)
    if kind == _ED25519 and len(key) == 32:  # noqa: PLR2004  # as DER and the key have it
        return SigningKey(path.name, "Ed25519", _spki(der.encoded(OBJECT_ID, _ED25519), key), key)
    raise DerError("no key that is known here")


def _private(path: Path, algorithm: bytes, key: bytes, public: bytes | None) -> SigningKey:
    kind, curve = _algorithm(path, algorithm)
    if kind in {_RSA, _RSA_PSS}:
        return _rsa_private(path, key)
    if kind == _ELLIPTIC:
        return _elliptic_private(path, key, curve)
    if kind == _ED25519:
        return _public(path, algorithm, public or _worked_out(path, algorithm, key))
    raise DerError("no key that is known here")


def _elliptic_private(path: Path, data: bytes, curve: bytes | None) -> SigningKey:
    parts = der.inside(data)
    named = next((_first(part.value) for part in parts if part.tag == 0xA0), curve or b"")  # noqa: PLR2004  # as DER and the key have it
    public = next((_bits(_first(part.value)) for part in parts if part.tag == 0xA1), None)  # noqa: PLR2004  # as DER and the key have it
    if public is None:
        algorithm = der.encoded(OBJECT_ID, _ELLIPTIC) + der.encoded(OBJECT_ID, named)
        public = _worked_out(path, algorithm, data)
    return _elliptic(path, named, public)


def _elliptic(path: Path, curve: bytes, point: bytes) -> SigningKey:
    if curve not in _CURVES:
        _refuse(
            path,
            "is a key on a curve by which no known bootloader checks images; give one on P-256 (prime256v1) or P-384"
            " (secp384r1)",
        )
    size = 32 if _CURVES[curve] == "ECDSA-P256" else 48
    if len(point) != 1 + 2 * size or point[0] != 4:  # noqa: PLR2004  # as DER and the key have it
        raise DerError("a compressed point")
    algorithm = der.encoded(OBJECT_ID, _ELLIPTIC) + der.encoded(OBJECT_ID, curve)
    return SigningKey(path.name, _CURVES[curve], _spki(algorithm, point), point[1:])


def _rsa_private(path: Path, data: bytes) -> SigningKey:
    parts = der.inside(data)
    if len(parts) < 3:  # noqa: PLR2004  # as DER and the key have it
        raise DerError("no key")
    return _rsa(path, der.encoded(SEQUENCE, parts[1].whole, parts[2].whole))


def _rsa(path: Path, data: bytes) -> SigningKey:
    parts = der.inside(data)
    if [part.tag for part in parts] != [INTEGER, INTEGER]:
        raise DerError("no key")
    bits = int.from_bytes(parts[0].value, "big").bit_length()
    if bits not in _RSA_BITS:
        _refuse(path, f"is an RSA key of {bits} bits; bootloaders check 2048, 3072 or 4096")
    algorithm = der.encoded(OBJECT_ID, _RSA) + b"\x05\x00"
    return SigningKey(path.name, _RSA_BITS[bits], _spki(algorithm, data), data)


def _spki(algorithm: bytes, key: bytes) -> bytes:
    return der.encoded(SEQUENCE, der.encoded(SEQUENCE, algorithm), der.encoded(BIT_STRING, b"\0", key))


def _worked_out(path: Path, algorithm: bytes, key: bytes) -> bytes:
    """The public half of a private key that comes without it: arithmetic on curves is not ours."""
    if importlib.util.find_spec("cryptography") is None:
        _refuse(
            path,
            "is a private key without its public half, which takes cryptography to work out: pip install"
            f" 'fuota-constructs[verify]', or give the public key ({_PUBLIC})",
        )
    from cryptography.hazmat.primitives import serialization

    whole = der.encoded(SEQUENCE, der.integer(0), der.encoded(SEQUENCE, algorithm), der.encoded(OCTET_STRING, key))
    try:
        public = serialization.load_der_private_key(whole, None).public_key()
    except ValueError:
        raise DerError("no key") from None
    info = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return _bits(der.inside(info)[1].value)


def _refuse(path: Path, reason: str) -> NoReturn:
    raise FuotaValidationError(RULE, f"signed_by {str(path)!r} {reason}") from None
