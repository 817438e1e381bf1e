"""Files a command reads."""

from __future__ import annotations

import difflib
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    import os


class InputFile(click.Path):
    """A file that is there and can be read, or a pipe; a device such as /dev/zero has no end.

    `remedy` says what to give, where there is none of that name.
    """

    def __init__(self, remedy: str = "give the file") -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)
        self.remedy = remedy

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what cannot be read to its end."""
        path, shown = Path(value), visible(repr(str(value)))
        if not str(value):
            self.fail(f"it is empty: {self.remedy}", param, ctx)
        try:
            is_folder, is_there = path.is_dir(), path.exists()
        except OSError as error:  # its name is too long, or nobody may look into its folder
            self.fail(f"{shown} cannot be read ({error.strerror}): {self.remedy}", param, ctx)
        if is_folder:
            self.fail(f"{shown} is a folder: {self.remedy}", param, ctx)
        if not is_there:
            self.fail(f"there is no file {shown}: {_meant(path)}{self.remedy}", param, ctx)
        path = Path(str(super().convert(value, param, ctx)))
        mode = path.stat().st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            self.fail(f"{shown} is a device: {self.remedy}", param, ctx)
        return path

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str | None:  # noqa: ARG002  # click's
        """What to give, behind what is missing."""
        return f"{self.remedy[:1].upper()}{self.remedy[1:]}"


def _meant(path: Path) -> str:
    """The file beside it whose name is near, as a question; empty where none is, or nobody may look."""
    try:
        names = [each.name for each in path.parent.iterdir() if each.is_file()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    return f"did you mean {visible(str(path.parent / near[0]))}? " if near else ""
