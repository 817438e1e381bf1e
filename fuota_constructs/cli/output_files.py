"""Files that a command writes: refused before the work is done, not after it."""

from __future__ import annotations

import stat
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class OutputFile(click.ParamType[Path]):
    """A file that can be written: tried when the command line is read, without changing what is there."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse what could not be written in the end."""
        if str(value) in {"", "-"}:
            self.fail(f"{str(value)!r} names no file: give one, such as out.html or out.json", param, ctx)
        path = Path(value)
        try:
            if path.is_dir() or str(value).endswith("/"):
                self.fail(f"{str(value)!r} is a folder: name a file in it", param, ctx)
            if not (folder := path.absolute().parent).is_dir():
                self.fail(f"the folder {folder} does not exist: make it first", param, ctx)
            _try(path)
        except OSError as error:
            self.fail(f"{path} cannot be written: {error.strerror}", param, ctx)
        return path


def _try(path: Path) -> None:
    # Only opening it tells: a superuser may write where the permissions say no, but not on a read-only file system.
    there = path.exists()
    if there and not stat.S_ISREG(path.stat().st_mode):
        return  # opening a pipe waits for its reader
    with path.open("ab"):
        pass
    if not there:
        path.unlink()


def require_apart(files: Mapping[str, Path | None]) -> None:
    """Refuse options that name the same file: one would be written over the other."""
    given = [(option, path.resolve()) for option, path in files.items() if path is not None]
    for (one, path), (other, same) in combinations(given, 2):
        if path == same and not (path.exists() and not path.is_file()):
            raise click.UsageError(f"{one} and {other} name the same file, {path}: give each its own")


def write(path: Path, content: str | bytes) -> None:
    """Write a text or bytes. Raises ClickException, which is exit code 1, where that fails all the same."""
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        if path.is_file():  # what is half written might be taken for the whole
            path.unlink(missing_ok=True)
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


def deliver(path: Path | None, text: str, *, err: bool = True) -> None:
    """Write a text where an option asks for it, and say so: on stderr, unless stdout is nobody's data."""
    if path is not None:
        write(path, text.removesuffix("\n") + "\n")
        click.echo(f"written: {path}", err=err)
