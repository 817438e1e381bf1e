"""Images that MCUboot's imgtool makes: signed, by another key, unsigned, padded, confirmed, cut off, flipped."""

import hashlib

import pytest
from image_files import SLOT, program

from fuota_constructs.firmware.formats import read_image

# The private half of this key is published with MCUboot (Apache-2.0), for development: everybody can sign with it.
DEVELOPMENT_KEY = """-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDC8ZQWjooCCaLQJ9DJNKMyPoUoFcqGluXGu13Zf526RX6TdRhnkExtL
1T7fC13n32CgBwYFK4EEACKhZANiAAQMdsqucjql6PDU8Ra1Au93oRuTYXjACSZ7
O0Cc7kmF4MlP5/K6l2zzgmUULPUMczNNMueb00LMlVrl4vX0bkXg7SA1XK9SNYHU
3JzjniI++z8iENpwAzetqPJI/jpgaaU=
-----END EC PRIVATE KEY-----
"""


@pytest.mark.parametrize(
    ("kind", "signature"),
    [
        ("ecdsa-p256", "ECDSA-P256"),
        ("ecdsa-p384", "ECDSA-P384"),
        ("rsa-2048", "RSA-2048"),
        ("rsa-3072", "RSA-3072"),
        ("ed25519", "Ed25519"),
    ],
)
def test_signed_images(imgtool, kind, signature) -> None:
    data = imgtool.sign("--key", imgtool.key(kind))
    facts = read_image(data)
    assert (facts.format, facts.version, facts.signature) == ("mcuboot", "2.4.0+7", signature)
    assert facts.version_order == (2, 4, 0)
    assert (facts.size_bytes, facts.declared_bytes) == (len(data), len(data))
    assert (facts.missing_bytes, facts.trailing_bytes, facts.payload_bytes) == (0, 0, 20_000)
    assert facts.digest_valid is True
    assert facts.key_hash
    assert facts.development_key is None


def test_an_unsigned_image(imgtool) -> None:
    facts = read_image(imgtool.sign())
    assert (facts.signature, facts.key_hash, facts.can_sign, facts.digest_valid) == (None, None, True, True)


def test_the_key_hash_is_that_of_the_public_key(imgtool) -> None:
    from cryptography.hazmat.primitives import serialization

    path = imgtool.key("ecdsa-p256")
    key = serialization.load_pem_private_key(path.read_bytes(), None).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    facts = read_image(imgtool.sign("--key", path))
    assert facts.key_hash == hashlib.sha256(der).hexdigest()
    whole = read_image(imgtool.sign("--key", path, "--public-key-format", "full"))
    assert whole.key_hash == facts.key_hash


def test_a_published_development_key(imgtool) -> None:
    path = imgtool.folder / "root-ec-p384.pem"
    path.write_text(DEVELOPMENT_KEY)
    facts = read_image(imgtool.sign("--key", path))
    assert facts.development_key == "root-ec-p384.pem"


@pytest.mark.parametrize("option", ["--pad", "--confirm"])
def test_a_padded_slot(imgtool, option) -> None:
    key = imgtool.key("ecdsa-p256")
    facts = read_image(imgtool.sign("--key", key, option))
    plain = read_image(imgtool.sign("--key", key))
    assert facts.size_bytes == SLOT
    assert facts.padded_slot
    assert facts.digest_valid
    assert abs(facts.trailing_bytes - (SLOT - plain.size_bytes)) <= 4  # a signature is 70 to 72 bytes long


@pytest.mark.parametrize("cut", [1, 40, 1000, 15_000, 20_500])
def test_a_truncated_image(imgtool, cut) -> None:
    data = imgtool.sign("--key", imgtool.key("ecdsa-p256"))
    facts = read_image(data[:-cut])
    assert facts.missing_bytes >= 1
    assert facts.digest_valid is None
    if cut <= 40:
        assert facts.missing_bytes == cut


def test_every_truncation_is_told(imgtool) -> None:
    data = imgtool.sign("--key", imgtool.key("ed25519"), payload=program(600))
    for size in range(4, len(data)):
        facts = read_image(data[:size])
        assert (facts.missing_bytes > 0, facts.trailing_bytes, facts.padded_slot) == (True, 0, False), size


@pytest.mark.parametrize("at", [0x200, 0x1234, 20, 28])
def test_a_flipped_bit_is_told(imgtool, at) -> None:
    data = bytearray(imgtool.sign("--key", imgtool.key("ecdsa-p256")))
    data[at] ^= 4
    facts = read_image(bytes(data))
    assert facts.digest_valid is False
    assert facts.content_digest is not None
    assert facts.content_digest in facts.digest_detail


def test_an_encrypted_image_has_a_digest_that_cannot_be_checked(imgtool) -> None:
    facts = read_image(imgtool.sign("--key", imgtool.key("ecdsa-p256"), "--encrypt", imgtool.key("ecdsa-p256")))
    assert facts.encrypted
    assert facts.digest_valid is None
    assert facts.signature == "ECDSA-P256"


def test_a_compressed_image(imgtool) -> None:
    facts = read_image(imgtool.sign("--key", imgtool.key("ecdsa-p256"), "--compression", "lzma2"))
    assert facts.compressed
    assert facts.digest_valid


def test_a_security_counter(imgtool) -> None:
    assert read_image(imgtool.sign("--security-counter", "17")).security_counter == 17


def test_resigning_leaves_the_content_digest(imgtool) -> None:
    key = imgtool.key("ecdsa-p256")
    first, second = read_image(imgtool.sign("--key", key)), read_image(imgtool.sign("--key", key))
    assert first.sha256 != second.sha256
    assert first.content_id == second.content_id
    other = read_image(imgtool.sign("--key", key, payload=program(seed=2)))
    assert other.content_id != first.content_id


def test_the_old_layout_is_named(imgtool) -> None:
    data = bytearray(imgtool.sign())
    data[0] = 0x3C
    assert "old layout" in read_image(bytes(data)).title


def test_a_padded_slot_of_a_device_that_writes_32_bytes_at_a_time(imgtool) -> None:
    facts = read_image(imgtool.sign("--pad", "--align", "32", "--max-align", "32"))
    assert facts.padded_slot
    assert facts.size_bytes == SLOT


def test_an_image_that_is_not_for_booting(imgtool) -> None:
    assert not read_image(imgtool.sign("--non-bootable")).bootable
    assert read_image(imgtool.sign()).bootable


def test_an_image_without_the_digest_that_mcuboot_asks_for(imgtool) -> None:
    data = bytearray(imgtool.sign())
    data[0x200 + 20_000 + 4] ^= 4  # the type of the first entry behind the payload
    facts = read_image(bytes(data))
    assert (facts.digest_valid, facts.digest_detail) == (False, "MCUboot asks for one and there is none")
