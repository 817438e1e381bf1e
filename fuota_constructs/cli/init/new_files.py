"""Files that must not be there yet: all of them are written, or none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by their path in a folder. Raises ClickException, which is exit code 1, and leaves nothing."""
    there = [path for path in contents if os.path.lexists(folder / path)]
    if there:
        names = visible(", ".join(there))
        raise click.ClickException(
            f"{names} {'is' if len(there) == 1 else 'are'} there already, so nothing was written:"
            " move what you want to keep, or give another --folder"
        )
    made: list[Path] = []
    try:
        for path, content in contents.items():
            _make_folders((folder / path).parent, made)
            with (folder / path).open("xb") as file:
                made.append(folder / path)
                file.write(content)
    except BaseException as error:
        for each in reversed(made):
            each.rmdir() if each.is_dir() else each.unlink()
        if not isinstance(error, OSError):
            raise
        name = visible(str(error.filename or folder))
        raise click.ClickException(f"{name} cannot be written ({error.strerror}), so nothing was written") from error


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, and note each that was not there."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        made.append(each)
