"""`fuota completion`."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "_FUOTA_COMPLETE"
INSTALL: Mapping[str, str] = {
    "bash": 'in ~/.bashrc: eval "$(fuota completion bash)"  (bash 4.4 or newer)',
    "zsh": 'in ~/.zshrc, below compinit: eval "$(fuota completion zsh)"',
    "fish": "once: fuota completion fish > ~/.config/fish/completions/fuota.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(INSTALL), case_sensitive=False), required=False)
@click.pass_context
def completion(ctx: click.Context, *, shell: str | None) -> None:
    """Print the script that completes `fuota` in a shell: commands, options, rules.

    SHELL is bash, zsh or fish; without it the one of the environment variable SHELL. The last line of the script says
    how to install it.

    \b
    Examples:
      eval "$(fuota completion bash)"
      eval "$(fuota completion zsh)"
      fuota completion fish > ~/.config/fish/completions/fuota.fish
    """
    from click.shell_completion import get_completion_class

    shell = shell or PurePath(os.environ.get("SHELL", "")).name
    made = get_completion_class(shell) if shell in INSTALL else None
    if made is None:
        known = ", ".join(INSTALL)
        raise click.UsageError(
            f"the shell in use is not known ({shell or 'no SHELL is set'}): give one of {known}", ctx
        )
    script = made(ctx.find_root().command, {}, "fuota", VARIABLE)
    # Not source(): for bash that starts one to see its version, and this may run where there is none.
    click.echo((script.source_template % script.source_vars()).strip())
    click.echo(f"# {INSTALL[shell]}")
