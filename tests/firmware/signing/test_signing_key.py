"""The key of `signed_by`: all the files it may be, and what is said of those it may not be."""

import base64
import contextlib
import hashlib
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signed_files import MAKERS, private_pem, public_pem

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.signing import read_key

PKCS8, TRADITIONAL = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
DER = serialization.Encoding.DER
KINDS = {
    "ecdsa-p256": "ECDSA-P256",
    "ecdsa-p384": "ECDSA-P384",
    "ed25519": "Ed25519",
    "rsa-2048": "RSA-2048",
    "rsa-3072": "RSA-3072",
}


def spki(key) -> bytes:
    return key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def read(tmp_path, content):
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    return read_key(file)


@pytest.mark.parametrize("kind", MAKERS)
def test_every_half_and_form_of_a_key_is_the_same_key(keys, tmp_path, kind) -> None:
    key = keys.key(kind)
    forms = [private_pem(key), public_pem(key), spki(key)]
    forms.append(key.private_bytes(DER, PKCS8, serialization.NoEncryption()))
    if kind != "ed25519":
        forms += [private_pem(key, TRADITIONAL), key.private_bytes(DER, TRADITIONAL, serialization.NoEncryption())]
    if kind.startswith("rsa"):
        pkcs1 = serialization.PublicFormat.PKCS1
        forms += [key.public_key().public_bytes(form, pkcs1) for form in (serialization.Encoding.PEM, DER)]
    forms += [b"\xef\xbb\xbf# my key\r\n" + forms[0].replace(b"\n", b"\r\n"), b"Bag Attributes: x\n" + forms[1]]
    for content in forms:
        found = read(tmp_path, content)
        assert (found.kind, found.public) == (KINDS[kind], spki(key))
    hashed = spki(key) if not kind.startswith("rsa") else key.public_key().public_bytes(DER, pkcs1)
    assert found.fingerprint == hashlib.sha256(hashed).hexdigest()
    assert str(found) == f"{KINDS[kind]} key {found.fingerprint[:16]} (key.pem)"


def test_a_key_behind_its_parameters_or_beside_its_other_half_is_one_key(keys, tmp_path) -> None:
    key = keys.key("ecdsa-p256")
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert read(tmp_path, parameters + private_pem(key, TRADITIONAL)).public == spki(key)
    assert read(tmp_path, private_pem(key) + public_pem(key)).public == spki(key)


def minimal(key) -> bytes:
    """An elliptic private key without its public half, as `imgtool getpriv --minimal` writes it."""
    whole = bytearray(key.private_bytes(DER, TRADITIONAL, serialization.NoEncryption()))
    at = 51
    assert whole[at] == 0xA1
    whole = whole[:at]
    whole[1] = at - 2
    return bytes(whole)


@pytest.mark.parametrize("make", [minimal, lambda _: private_pem(ed25519.Ed25519PrivateKey.generate())])
def test_fails_where_the_public_half_takes_a_package_that_is_not_there(keys, tmp_path, monkeypatch, make) -> None:
    key = keys.key("ecdsa-p256")
    content = make(key)
    if make is minimal:
        assert read(tmp_path, content).public == spki(key)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(FuotaValidationError, match=r"pip install 'fuota-constructs\[verify\]', or give the public key"):
        read(tmp_path, content)


CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def not_for_signing() -> dict[str, tuple[bytes, str]]:
    p256 = ec.generate_private_key(ec.SECP256R1())
    return {
        "certificate": (CERTIFICATE, "is a certificate; give the public key in it (openssl x509"),
        "request": (CERTIFICATE.replace(b"CERTIFICATE", b"CERTIFICATE REQUEST"), "is a request for a certificate"),
        "encrypted": (private_pem(p256, passphrase=b"x"), "is an encrypted private key, which takes a passphrase"),
        "encrypted-old": (private_pem(p256, TRADITIONAL, b"x"), "is an encrypted private key"),
        "x25519": (private_pem(x25519.X25519PrivateKey.generate()), "is an X25519 key, which encrypts and does not"),
        "x25519-public": (public_pem(x25519.X25519PrivateKey.generate()), "is an X25519 key, which encrypts"),
        "ed448": (public_pem(ed448.Ed448PrivateKey.generate()), "is an Ed448 key"),
        "p521": (private_pem(ec.generate_private_key(ec.SECP521R1())), "on a curve by which no known bootloader"),
        "k256": (public_pem(ec.generate_private_key(ec.SECP256K1())), "give one on P-256 (prime256v1) or P-384"),
        "rsa-1024": (public_pem(rsa.generate_private_key(65537, 1024)), "is an RSA key of 1024 bits"),  # noqa: S505  # refused for that
        "dsa": (public_pem(dsa.generate_private_key(1024)), "is a DSA key"),  # noqa: S505  # refused for that
        "ssh": (
            p256.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH),
            "is a key of SSH, by which no image is signed",
        ),
        "ssh-private": (private_pem(p256, serialization.PrivateFormat.OpenSSH), "is a key of OpenSSH"),
        "two": (public_pem(p256) + public_pem(ec.generate_private_key(ec.SECP256R1())), "holds 2 keys"),
        "cut": (private_pem(p256)[:120], "begins as PEM and is cut off or damaged"),
        "damaged": (public_pem(p256).replace(b"M", b"!", 1), "has a damaged PUBLIC KEY"),
        "other": (b"-----BEGIN PGP MESSAGE-----\nx\n-----END PGP MESSAGE-----\n", "holds 'PGP MESSAGE' and no key"),
        "firmware": (b"\x7fELF" + bytes(300), "is neither PEM nor DER"),
        "empty": (b"", "has 0 bytes, which no key has"),
        "large": (bytes(70_000), "has 70000 bytes, which no key has"),
    }


@pytest.mark.parametrize(("content", "reason"), not_for_signing().values(), ids=not_for_signing().keys())
def test_fails_for_what_is_no_signing_key(tmp_path, content, reason) -> None:
    with pytest.raises(FuotaValidationError) as raised:
        read(tmp_path, content)
    assert raised.value.rule == "image-signing-key"
    assert reason in raised.value.message
    assert "signed_by" in raised.value.message


def test_fails_for_a_file_that_cannot_be_read(tmp_path) -> None:
    for path in (tmp_path / "none.pem", tmp_path, tmp_path / "zero\0byte"):
        with pytest.raises(FuotaValidationError, match="cannot be read"):
            read_key(path)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_any_file_is_a_key_or_a_refusal(keys, tmp_path, data) -> None:
    start = data.draw(st.sampled_from([b"", *(spki(keys.key(kind)) for kind in ("ecdsa-p256", "ed25519", "rsa-2048"))]))
    content = bytearray(start + data.draw(st.binary(max_size=40)))
    for _ in range(data.draw(st.integers(0, 3))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(0, len(content)))])
    if data.draw(st.booleans()):
        body = base64.encodebytes(content)
        content = b"-----BEGIN PUBLIC KEY-----\n" + body + b"-----END PUBLIC KEY-----\n"
    with contextlib.suppress(FuotaValidationError):
        assert read(tmp_path, content).kind in {*KINDS.values(), "RSA-4096"}
