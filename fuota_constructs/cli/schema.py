"""`fuota schema`."""

from __future__ import annotations

import click

from fuota_constructs.cli.documents import NAMES, identity


@click.command()
@click.argument("name", required=False, type=click.Choice(list(NAMES)), metavar="[NAME]")
def schema(*, name: str | None) -> None:
    """Print the JSON Schema of what a command prints with --json; without NAME, the names of all.

    Each document says in `schema` which one it is, such as fuota/plan/1. The number is raised when a field goes away or
    changes its meaning.

    \b
    Examples:
      fuota schema
      fuota schema rehearsal > rehearsal.schema.json
    """
    if name is None:
        for each in NAMES:
            click.echo(f"{each:<14} {identity(each)}")
        return
    from fuota_constructs.cli.documents.schemas import published

    click.echo(published(name), nl=False)
