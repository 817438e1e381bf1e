"""Files a command is to read are tried when the command line is read."""

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fuota_constructs.cli.input_files import InputFile
from fuota_constructs.cli.root import fuota


def test_takes_a_file_and_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(b"image")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "image.bin", tmp_path / "pipe"):
        assert InputFile().convert(str(path), None, None) == path


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("/dev/zero", "'/dev/zero' is a device: give the file"),
        ("/", "'/' is a folder: give the file"),
        ("", "it is empty: give the file"),
        ("nothing/like/it.bin", "there is no file 'nothing/like/it.bin': give the file"),
        ("a" * 300, r"'a{300}' cannot be read \(File name too long\): give the file"),
        ("a\0b", "there is no file .*: give the file"),
    ],
)
def test_fails_for_what_has_no_end_or_is_no_file(value: str, message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        InputFile().convert(value, None, None)


def test_fails_naming_the_file_beside_it_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "sensor-1.1.0.bin").write_bytes(b"image")
    with pytest.raises(click.UsageError) as refused:
        InputFile("give the firmware file").convert(str(tmp_path / "sensor-1.1.bin"), None, None)
    said = f"there is no file '{tmp_path}/sensor-1.1.bin': did you mean {tmp_path}/sensor-1.1.0.bin? give the firmware"
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("plan",), "Missing argument 'IMAGE'. Give the image file, or a size like 100kB"),
        (
            ("plan", "1kB"),
            "Missing option '--rf-region' / '--region'. Say where the devices are, as in --rf-region EU868",
        ),
        (("plan", "a" * 300), "cannot be read (File name too long): give the image file, or a size like 100kB"),
        (("image",), "Missing argument 'FILE'. Give the firmware file"),
        (("delta",), "Give a firmware file, BASE that the devices run and TARGET that they shall run"),
        *(
            ((name,), "Missing argument 'TASK'. Give its name; `fuota list` lists all there are")
            for name in ("preflight", "start", "status", "report", "devices", "retry")
        ),
        *(
            (("rollout", name), "Missing argument 'ROLLOUT'. Give its name; `fuota rollout list` lists all there are")
            for name in ("start", "status", "report", "approve", "hold", "resume", "skip", "abort")
        ),
        (
            ("rehearse", "--fleet", "flet.yaml"),
            "there is no file 'flet.yaml': give a fleet file; `fuota init` writes one",
        ),
    ],
)
def test_fails_saying_what_is_missing_and_where_to_find_it(arguments: tuple[str, ...], remedy: str) -> None:
    done = CliRunner().invoke(fuota, arguments, prog_name="fuota")
    assert done.exit_code == 2
    assert remedy in done.output
