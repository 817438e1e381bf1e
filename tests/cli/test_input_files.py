"""Files a command is to read are tried when the command line is read."""

import os
from pathlib import Path

import click
import pytest

from fuota_constructs.cli.input_files import InputFile


def test_takes_a_file_and_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(b"image")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "image.bin", tmp_path / "pipe"):
        assert InputFile().convert(str(path), None, None) == path


@pytest.mark.parametrize(
    ("value", "message"),
    [("/dev/zero", "'/dev/zero' is a device: give a file"), ("/", "is a directory"), ("", "does not exist")],
)
def test_fails_for_what_has_no_end_or_is_no_file(value: str, message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        InputFile().convert(value, None, None)
