"""`fuota image`."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fuota_constructs import extras
from fuota_constructs.cli import documents
from fuota_constructs.cli.root import fuota as root

ELF = b"\x7fELF\x01\x01\x01" + bytes(200)
EXAMPLE = Path(__file__).parents[3] / "firmware" / "sensor-1.1.0.bin"


def image(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(root, ["image", *map(str, arguments)])


def test_says_in_one_line_what_it_is() -> None:
    done = image(EXAMPLE)
    assert done.exit_code == 0
    first, *_, last = done.stdout.splitlines()
    assert first == "sensor-1.1.0.bin: Raw Cortex-M program, 22,856 bytes, no signature that can be read"
    assert last == "nothing speaks against sending it"


def test_fails_for_what_is_not_to_be_sent(tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(ELF)
    done = image(tmp_path / "app.elf")
    assert done.exit_code == 1
    assert done.stdout.startswith("app.elf: An ELF file (linker output), 207 bytes")
    assert "image-container: the firmware image is an ELF file" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 84  # a digest is 64 characters


def test_warns_and_passes(tmp_path: Path) -> None:
    (tmp_path / "raw.bin").write_bytes(EXAMPLE.read_bytes().rstrip(b"\0") + b"\x01" + bytes(4000))
    done = image(tmp_path / "raw.bin")
    assert done.exit_code == 0
    assert "warning image-padded: the last 4000 of " in " ".join(done.stdout.split())


def test_the_document_has_its_schema(tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(ELF)
    for file in (EXAMPLE, tmp_path / "app.elf"):
        done = image(file, "--json", "--json-file", tmp_path / "image.json")
        document = json.loads(done.stdout)
        schema = json.loads((Path(documents.__file__).parents[1] / "schemas" / "image.json").read_text("utf-8"))
        jsonschema.validate(document, schema)
        assert document["schema"] == "fuota/image/1"
        assert document == json.loads((tmp_path / "image.json").read_text("utf-8"))
    assert [finding["rule"] for finding in document["findings"]] == ["image-container"]


@pytest.mark.parametrize("name", ["nothing.bin", "."])
def test_fails_without_a_file(name: str) -> None:
    done = image(name)
    assert done.exit_code == 2
    assert name in done.output


def test_a_name_or_version_that_would_colour_a_terminal_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[31m.bin"
    file.write_bytes(ELF)
    assert "\x1b" not in image(file).stdout


def key_files(folder: Path) -> tuple[Path, Path]:
    """A private key, and the public half of another."""
    one, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    private, public = folder / "production.pem", folder / "other-public.pem"
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    private.write_bytes(one.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public.write_bytes(other.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed image, with its key beside it."""
    folder = tmp_path_factory.mktemp("signed")
    key, _ = key_files(folder)
    code = "from imgtool.main import imgtool; imgtool()"
    options = ["--header-size", "0x200", "--pad-header", "--align", "4", "--slot-size", "0x20000", "--version", "2.4.0"]
    target = folder / "zephyr.signed.bin"
    command = [sys.executable, "-W", "ignore", "-c", code, "sign", *options, "--key", key, EXAMPLE, target]
    subprocess.run(command, check=True)
    return target


def test_a_signature_is_verified_and_the_one_line_says_so(signed: Path) -> None:
    first, *rest = image(signed).stdout.splitlines()
    assert re.fullmatch(
        r"zephyr.signed.bin: MCUboot image 2.4.0\+0, 23,\d{3} bytes,"
        r" signed ECDSA-P256 by key [0-9a-f]{16}, not verified",
        first,
    )
    assert not any(line.strip().startswith("signature") for line in rest)
    done = image(signed, "--signed-by", signed.parent / "production.pem", "--replaces", "2.3.9")
    assert done.exit_code == 0
    first, *rest = done.stdout.splitlines()
    assert re.search(r", signed by ECDSA-P256 key [0-9a-f]{16} \(production.pem\): verified$", first)
    assert "  signature       verified, over its content" in rest
    assert rest[-1] == "nothing speaks against sending it"


def test_fails_for_another_key_a_version_that_is_not_above_and_too_many_bytes(signed: Path) -> None:
    other = signed.parent / "other-public.pem"
    done = image(signed, "--signed-by", other, "--replaces", signed, "--max-image-bytes", "20kB", "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    schema = json.loads((Path(documents.__file__).parents[1] / "schemas" / "image.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    assert [each["rule"] for each in document["findings"]] == ["image-signing-key", "image-version", "image-too-large"]
    assert document["signature_check"]["verdict"] == "refused"
    assert document["version_check"]["verdict"] == "same-firmware"
    assert "NOT BY THAT KEY: it is signed by another key (" in image(signed, "--signed-by", other).stdout


def test_a_changed_bit_and_an_unsigned_file_are_refused(signed: Path, tmp_path: Path) -> None:
    key, data = signed.parent / "production.pem", bytearray(signed.read_bytes())
    for at in (0x300, len(data) - 3):
        changed = tmp_path / "changed.bin"
        changed.write_bytes(bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :]))
        assert image(changed, "--signed-by", key).exit_code == 1
    done = image(EXAMPLE, "--signed-by", key)
    assert done.exit_code == 1
    assert "error image-unsigned: the firmware image (raw Cortex-M program)" in " ".join(done.stdout.split())


def test_fails_where_the_signature_cannot_be_verified(signed: Path, tmp_path: Path) -> None:
    (tmp_path / "up.patch").write_bytes(b"BSDIFF40" + bytes(range(200)))
    assert image(tmp_path / "up.patch").exit_code == 0
    done = image(tmp_path / "up.patch", "--signed-by", signed.parent / "production.pem")
    assert done.exit_code == 1
    assert "warning image-signing-key: whether the firmware image is signed by" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--signed-by", "none.pem", "Invalid value for --signed-by: 'none.pem' cannot be read"),
        ("--signed-by", str(EXAMPLE), "is neither PEM nor DER"),
        ("--replaces", "2.4.0-rc1", "'2.4.0-rc1', which is no version"),
        ("--max-image-bytes", "0", "0 bytes are no limit"),
        ("--max-image-bytes", "big", "'big' is no size"),
    ],
)
def test_fails_for_a_value_of_a_wrong_kind(option: str, value: str, said: str) -> None:
    done = image(EXAMPLE, option, value)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_fails_without_the_package_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(extras.MissingPackageError) as raised:
        CliRunner().invoke(root, ["image", str(EXAMPLE), "--signed-by", "key.pem"], catch_exceptions=False)
    assert str(raised.value) == ("fuota image --signed-by needs cryptography: pip install 'fuota-constructs[verify]'")


def test_an_output_is_never_written_over_the_key(signed: Path) -> None:
    key = signed.parent / "production.pem"
    before = key.read_bytes()
    assert image(signed, "--signed-by", key, "--json-file", key).exit_code == 2
    assert image(signed, "--replaces", signed, "--json-file", signed).exit_code == 2
    assert key.read_bytes() == before
