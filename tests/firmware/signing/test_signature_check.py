"""Images against the key they are to be signed by: verified for real, and said what was not."""

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_files import esp_image, program, sfu_image, wolfboot_image
from signed_files import MAKERS, WOLFBOOT_TYPES, mbed, secure_boot, sfu, wolfboot

from fuota_constructs.firmware.formats import read_image, signatures_in
from fuota_constructs.firmware.signing import check_signature, read_key


def check(data, key_file):
    return check_signature(data, read_image(data), read_key(key_file))


def flipped(data, at):
    changed = bytearray(data)
    changed[at] ^= 4
    return bytes(changed)


MCUBOOT = {
    "ecdsa-p256": (),
    "ecdsa-p384": (),
    "ed25519": (),
    "rsa-2048": (),
    "rsa-3072": (),
    "ecdsa-p256 whole key": ("--public-key-format", "full"),
    "ecdsa-p256 padded signature": ("--pad-sig",),
    "ecdsa-p256 slot": ("--pad",),
    "ecdsa-p256 confirmed": ("--confirm",),
    "ecdsa-p256 counter": ("--security-counter", "auto"),
    "ed25519 sha512": ("--sha", "512"),
    "ed25519 pure": ("--pure",),
    "rsa-2048 compressed": ("--compression", "lzma2"),
}


@pytest.mark.parametrize("case", MCUBOOT)
def test_mcuboot_images_are_verified(imgtool, keys, case) -> None:
    kind = case.split()[0]
    data = imgtool.sign("--key", keys.file(kind), *MCUBOOT[case])
    found = check(data, keys.public_file(kind))
    assert (found.verdict, found.said) == ("verified", "over its content")
    assert found.key.startswith(f"{read_key(keys.file(kind)).kind} key ")
    assert check(data, keys.file(kind)).verdict == "verified"
    other = check(data, keys.file(kind, 2))
    assert other.verdict == "refused"
    assert other.said.startswith("it is signed by another key (")


@pytest.mark.parametrize("kind", MAKERS)
def test_a_key_of_another_kind_is_refused(imgtool, keys, kind) -> None:
    data = imgtool.sign("--key", keys.file("ed25519" if kind != "ed25519" else "rsa-2048"))
    found = check(data, keys.file(kind))
    assert found.verdict == "refused"
    assert "its signature is by a key of another kind" in found.said


def test_a_bit_of_an_mcuboot_image_flipped_anywhere_is_never_verified(imgtool, keys) -> None:
    data = imgtool.sign("--key", keys.file("ecdsa-p256"), payload=program(600))
    end = 0x200 + 600
    for at in [*range(48), 0x1FF, 0x200, end - 1, *range(end, len(data))]:
        changed = flipped(data, at)
        verdict = check(changed, keys.file("ecdsa-p256")).verdict
        assert verdict != "verified", at
        assert verdict != "named", at


def test_a_signature_that_is_damaged_is_not_taken_for_that_of_another_key(imgtool, keys) -> None:
    data = imgtool.sign("--key", keys.file("ecdsa-p256"))
    found = check(flipped(data, len(data) - 5), keys.file("ecdsa-p256"))
    assert (found.verdict, found.said) == (
        "refused",
        "it names this key, and the signature is not by it or damaged",
    )
    assert read_image(flipped(data, len(data) - 5)).digest_valid is True


def test_content_that_changed_after_signing_is_left_to_the_rule_about_digests(imgtool, keys) -> None:
    data = flipped(imgtool.sign("--key", keys.file("ecdsa-p256")), 0x1234)
    assert check(data, keys.file("ecdsa-p256")).verdict == "damaged"
    assert check(data[:-1000], keys.file("ecdsa-p256")).verdict == "damaged"
    assert check(data, keys.file("ecdsa-p256", 2)).verdict == "refused"


def test_an_encrypted_image_is_verified_as_far_as_that_goes(imgtool, keys) -> None:
    encrypted = ("--encrypt", keys.file("ecdsa-p256", 3))
    found = check(imgtool.sign("--key", keys.file("ecdsa-p256"), *encrypted), keys.file("ecdsa-p256"))
    assert found.verdict == "verified"
    assert "whether header and encrypted payload have that, only the device can tell" in found.said


@pytest.mark.parametrize("make", [program, esp_image, lambda: wolfboot_image(kind=0xFF01)[:8] + bytes(9000)])
def test_what_has_no_signature_is_unsigned(keys, make) -> None:
    assert check(make(), keys.file("ecdsa-p256")).verdict == "unsigned"


def test_an_unsigned_mcuboot_image(imgtool, keys) -> None:
    assert check(imgtool.sign(), keys.file("ecdsa-p256")).verdict == "unsigned"


@pytest.mark.parametrize("kind", ["rsa-3072", "ecdsa-p256", "ecdsa-p384"])
def test_secure_boot_of_esp(keys, kind) -> None:
    data = secure_boot(keys.key(kind))
    facts = read_image(data)
    assert (facts.signature, facts.digest_valid) == (read_key(keys.file(kind)).kind, True)
    assert (facts.missing_bytes, facts.trailing_bytes, len(facts.key_hash or "")) == (0, 0, 64)
    assert check(data, keys.public_file(kind)).verdict == "verified"
    assert check(data, keys.file(kind, 2)).verdict == "refused"
    assert read_image(flipped(data, 500)).digest_valid is False
    assert read_image(flipped(data, -4096 + 300 if kind == "rsa-3072" else -4096 + 120)).digest_valid is False
    padding = len(data) - 4096 - 1
    assert read_image(flipped(data, padding)).digest_valid is False  # between the image and its signature
    assert read_image(data[:-100]).missing_bytes == 100


def test_secure_boot_with_several_keys_and_of_version_1(keys) -> None:
    data = secure_boot(keys.key("rsa-3072"), keys.key("rsa-3072", 2))
    for number in (1, 2):
        assert check(data, keys.file("rsa-3072", number)).verdict == "verified"
    old = secure_boot(keys.key("ecdsa-p256"), version=1)
    assert (read_image(old).signature, read_image(old).trailing_bytes) == ("ECDSA-P256", 0)
    assert check(old, keys.file("ecdsa-p256")).verdict == "verified"
    assert check(old, keys.file("ecdsa-p256", 2)).verdict == "refused"


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha3_384"])
@pytest.mark.parametrize("kind", WOLFBOOT_TYPES)
def test_wolfboot_images(keys, kind, digest) -> None:
    if kind.startswith("rsa") and digest != "sha256":
        digest = "sha256"
    for encoded in (False, True):
        data = wolfboot(kind, keys.key(kind), digest=digest, encoded=encoded)
        facts = read_image(data)
        assert (facts.signature, facts.digest_valid) == (read_key(keys.file(kind)).kind, True)
        assert check(data, keys.file(kind)).verdict == "verified"
        assert check(data, keys.file(kind, 2)).verdict == "refused"
        assert check(flipped(data, -9), keys.file(kind)).verdict == "damaged"


def test_a_wolfboot_image_by_a_kind_of_key_that_is_not_read_here_is_signed_all_the_same() -> None:
    assert read_image(wolfboot_image(kind=0x1101)).signature == "ML-DSA"


def test_images_of_sbsfu(keys) -> None:
    key = keys.key("ecdsa-p256")
    assert check(sfu(key), keys.file("ecdsa-p256")).said == "over its content"
    encrypted = check(sfu(key, encrypted=True), keys.file("ecdsa-p256"))
    assert encrypted.verdict == "verified"
    assert "only the device can tell" in encrypted.said
    assert check(sfu(key), keys.file("ecdsa-p256", 2)).verdict == "refused"
    assert check(flipped(sfu(key), 6), keys.file("ecdsa-p256")).verdict == "refused"  # its version
    assert "for another firmware" in check(flipped(sfu(key), 900), keys.file("ecdsa-p256")).said
    assert "AES-GCM" in check(sfu_image(), keys.file("ecdsa-p256")).said
    assert check(sfu(key), keys.file("rsa-2048")).verdict == "refused"


def test_images_with_an_mbed_manifest(keys) -> None:
    data = mbed(keys.key("ecdsa-p256"))
    assert read_image(data).format == "mbed"
    assert check(data, keys.file("ecdsa-p256")).verdict == "verified"
    changed = check(flipped(data, 700), keys.file("ecdsa-p256"))
    assert (changed.verdict, "or its content changed" in changed.said) == ("refused", True)
    assert check(mbed(keys.key("ecdsa-p256"), delta=1), keys.file("ecdsa-p256")).verdict == "unchecked"


def test_without_the_package_the_key_is_compared_and_the_signature_is_said_not_to_be_verified(
    imgtool, keys, monkeypatch
) -> None:
    kinds = ("ecdsa-p256", "rsa-2048", "rsa-3072")
    own, other = ({kind: keys.file(kind, number) for kind in kinds} for number in (1, 2))
    signed = {kind: imgtool.sign("--key", own[kind]) for kind in ("ecdsa-p256", "rsa-2048")}
    p256 = keys.key("ecdsa-p256")
    esp, esp_rsa = secure_boot(p256), secure_boot(keys.key("rsa-3072"))
    wolf, st, arm = wolfboot("ecdsa-p256", p256), sfu(p256), mbed(p256)
    monkeypatch.setitem(sys.modules, "cryptography", None)  # what signs needs it, and loads parts of it only then
    for kind, data in signed.items():
        for changed in (data, flipped(data, len(data) - 5)):
            found = check(changed, own[kind])
            assert found.verdict == "named"
            assert found.said.endswith("takes cryptography to verify: pip install 'fuota-constructs[verify]'")
        assert check(data, other[kind]).verdict == "refused"
    assert check(esp, own["ecdsa-p256"]).verdict == "named"
    assert check(esp_rsa, other["rsa-3072"]).verdict == "refused"
    assert check(wolf, other["ecdsa-p256"]).verdict == "refused"
    assert check(st, own["ecdsa-p256"]).verdict == "unchecked"
    assert check(arm, other["ecdsa-p256"]).verdict == "unchecked"


MADE = {
    "esp": lambda keys: secure_boot(keys.key("ecdsa-p256")),
    "wolfboot": lambda keys: wolfboot("ecdsa-p256", keys.key("ecdsa-p256")),
    "sfu": lambda keys: sfu(keys.key("ecdsa-p256")),
    "mbed": lambda keys: mbed(keys.key("ecdsa-p256")),
}


@pytest.fixture(scope="module")
def images(imgtool, keys):
    made = {name: make(keys) for name, make in MADE.items()}
    return {**made, "mcuboot": imgtool.sign("--key", keys.file("ecdsa-p256"), payload=program(2000))}


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.sampled_from(["mcuboot", *MADE]), st.data())
def test_no_changed_image_is_verified_and_none_ends_in_a_traceback(images, keys, name, data) -> None:
    image = images[name]
    changed = bytearray(image)
    for _ in range(data.draw(st.integers(1, 4))):
        # All but the fill behind signature blocks and headers, which nobody signs.
        at = data.draw(st.integers(0, min(len(image), 6000) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    cut = bytes(changed[: data.draw(st.sampled_from([len(image), len(image) - 1, len(image) // 2, 40, 3]))])
    found = check(cut, keys.public_file("ecdsa-p256"))
    if found.verdict == "verified":  # then what was signed is as it was
        assert read_image(cut).digest_valid in {True, None}
        assert read_image(cut).version == read_image(image).version
        assert [each.digest for each in signatures_in(cut, read_image(cut))] == [
            each.digest for each in signatures_in(image, read_image(image))
        ]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.sampled_from([b"", b"\x3d\xb8\xf3\x96", b"SFU1", b"WOLF", b"\xe9\x01\x02\x20"]), st.binary(max_size=700))
def test_no_random_file_is_verified(keys, magic, rest) -> None:
    assert check(magic + rest, keys.public_file("ecdsa-p256")).verdict not in {"verified", "named"}
