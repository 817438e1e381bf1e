"""`fuota delta`."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.documents.schemas import published
from fuota_constructs.cli.root import fuota as root
from fuota_constructs.firmware.delta import apply_patch

EXAMPLE = Path(__file__).parents[3] / "firmware"
BASE, TARGET = (EXAMPLE / f"sensor-{version}.bin" for version in ("1.1.0", "1.2.0"))


def delta(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(root, ["delta", *map(str, arguments)])


def test_writes_the_patch_and_says_what_it_is_for(tmp_path: Path) -> None:
    done = delta(BASE, TARGET, "-o", tmp_path / "up.patch")
    assert done.exit_code == 0
    patch = (tmp_path / "up.patch").read_bytes()
    assert apply_patch(BASE.read_bytes(), patch) == TARGET.read_bytes()
    first, *_, last = done.stdout.splitlines()
    assert first == "up.patch: 677 bytes instead of 22,864, 33.8 times smaller"
    assert last.startswith("nothing speaks against sending it to devices that have this base; others make garbage")
    for file in (BASE, TARGET):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in done.stdout


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert delta(BASE, TARGET, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_document_has_its_schema(tmp_path: Path) -> None:
    done = delta(BASE, TARGET, "-o", tmp_path / "up.patch", "--json", "--json-file", tmp_path / "delta.json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(published("delta")))
    assert document == json.loads((tmp_path / "delta.json").read_text("utf-8"))
    patch = (tmp_path / "up.patch").read_bytes()
    assert document["patch"]["sha256"] == hashlib.sha256(patch).hexdigest()
    assert (document["patch"]["size_bytes"], document["patch"]["compression"]) == (len(patch), "heatshrink")
    assert document["base"]["descriptor"] == base64.b64encode(hashlib.sha256(BASE.read_bytes()).digest()[:4]).decode()


def test_fails_and_writes_nothing_where_there_is_no_patch(tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(b"\x7fELF\x01\x01\x01" + bytes(200))
    done = delta(BASE, tmp_path / "app.elf", "-o", tmp_path / "up.patch", "--json")
    assert done.exit_code == 1
    assert not (tmp_path / "up.patch").exists()
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(published("delta")))
    assert document["patch"] is None
    assert {finding["rule"] for finding in document["findings"]} == {"delta-files", "image-container"}
    assert delta(BASE, tmp_path / "app.elf", "-o", tmp_path / "up.patch").stdout.startswith("not written: there is no")


def test_fails_and_leaves_the_old_file_where_the_new_one_is_not_to_be_sent(tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(bytes(hashlib.shake_256(b"noise").digest(5000)))
    (tmp_path / "up.patch").write_bytes(b"mine")
    done = delta(BASE, tmp_path / "noise.bin", "-o", tmp_path / "up.patch", "--force", "--json")
    assert done.exit_code == 1
    assert (tmp_path / "up.patch").read_bytes() == b"mine"
    assert json.loads(done.stdout)["patch"]["file"] is None


def test_fails_rather_than_write_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "up.patch").write_bytes(b"mine")
    done = delta(BASE, TARGET, "-o", tmp_path / "up.patch")
    assert done.exit_code == 2
    assert "is there already: give another name, or --force" in done.output
    assert (tmp_path / "up.patch").read_bytes() == b"mine"
    assert delta(BASE, TARGET, "-o", tmp_path / "up.patch", "--force").exit_code == 0
    assert (tmp_path / "up.patch").stat().st_size == 677


@pytest.mark.parametrize("place", ["base", "target"])
def test_fails_rather_than_write_over_an_input(tmp_path: Path, place: str) -> None:
    files = {"base": tmp_path / "base", "target": tmp_path / "target"}
    files["base"].write_bytes(BASE.read_bytes())
    files["target"].write_bytes(TARGET.read_bytes())
    done = delta(files["base"], files["target"], "-o", files[place], "--force")
    assert done.exit_code == 2
    assert f"{place.upper()} and --output name the same file" in done.output


def test_fails_without_the_extra_and_says_which(tmp_path: Path) -> None:
    missing = "import sys; sys.modules.update(bsdiff4=None, heatshrink2=None)"
    code = f"{missing}; from fuota_constructs.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "delta", BASE, TARGET, "-o", tmp_path / "up.patch"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "fuota delta needs bsdiff4 and heatshrink2: pip install 'fuota-constructs[delta]'\n"


def test_a_title_or_version_that_would_colour_a_terminal_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[31m.bin"
    file.write_bytes(TARGET.read_bytes())
    assert "\x1b" not in delta(BASE, file, "-o", tmp_path / "up.patch").stdout
