"""Files that a command reads."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import os


class InputFile(click.Path):
    """A file that is there and can be read, or a pipe; a device such as /dev/zero has no end."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what cannot be read to its end."""
        path = Path(str(super().convert(value, param, ctx)))
        mode = path.stat().st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            self.fail(f"{str(path)!r} is a device: give a file", param, ctx)
        return path
