"""Files a command is to write are tried before the work, and nothing that is there changes by it."""

import os
import resource
from pathlib import Path

import click
import pytest

from fuota_constructs.cli.output_files import OutputFile, deliver, require_apart, write


def read(value: str) -> Path:
    return OutputFile().convert(value, None, None)


def test_a_file_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    new, old = tmp_path / "new.html", tmp_path / "old.json"
    old.write_text("as it was")
    assert read(str(new)) == new
    assert not new.exists()
    assert read(str(old)) == old
    assert old.read_text() == "as it was"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "names no file: give one"),
        ("-", "names no file: give one"),
        ("{tmp}", "is a folder: name a file in it"),
        ("{tmp}/page/", "is a folder: name a file in it"),
        ("{tmp}/no/such/page.html", "/no/such does not exist: make it first"),
        ("{tmp}/file/page.html", "/file does not exist: make it first"),
        ("/proc/page.html", "/proc/page.html cannot be written: "),
        ("{tmp}/" + "x" * 300, "cannot be written: File name too long"),
    ],
)
def test_fails_when_it_could_not_be_written(value: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(click.UsageError, match=message.replace(".", r"\.")):
        read(value.format(tmp=tmp_path))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(str(tmp_path / "pipe")) == tmp_path / "pipe"
    assert read("/dev/null") == Path("/dev/null")


def test_fails_when_two_options_name_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError, match="--html and --fleet name the same file"):
        require_apart({"--html": Path("a"), "--json-file": None, "--fleet": tmp_path / "a"})
    require_apart({"--html": Path("a"), "--json-file": Path("b"), "--fleet": None})
    require_apart({"--html": Path(os.devnull), "--json-file": Path(os.devnull)})


def test_fails_to_write_the_whole_and_leaves_no_half_of_it(tmp_path: Path) -> None:
    page, before = tmp_path / "page.html", resource.getrlimit(resource.RLIMIT_FSIZE)
    page.write_text("that of yesterday")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(click.ClickException, match=r"page\.html cannot be written: File too large"):
            write(page, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not page.exists()


def test_fails_to_write_with_a_line_and_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="cannot be written: Is a directory"):
        write(tmp_path, "text")
    write(tmp_path / "file", "text ✓")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "text ✓"


@pytest.mark.parametrize("text", ["{}", "{}\n"])
def test_what_was_asked_for_is_written_with_a_last_line_end_and_said(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    deliver(file, text)
    assert file.read_text() == "{}\n"
    assert capsys.readouterr() == ("", f"written: {file}\n")
    deliver(file, text, err=False)
    assert capsys.readouterr() == (f"written: {file}\n", "")


def test_where_no_file_was_asked_for_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(None, "{}")
    assert capsys.readouterr() == ("", "")
