"""`fuota image`."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

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
