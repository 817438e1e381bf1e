"""What a list could not look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK, PASSED

if TYPE_CHECKING:
    from collections.abc import Sequence


def unread_said(problems: Sequence[tuple[str, str]]) -> int:
    """Say of each what it is and why it could not be read; answers with the exit code of the list."""
    from fuota_constructs.operations.visible_text import visible

    for what, problem in problems:
        click.echo(visible(f"fuota: could not read {what}: {problem}"), err=True)
    return COULD_NOT_LOOK if problems else PASSED
