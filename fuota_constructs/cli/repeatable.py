"""A command that knows how it was typed, so that what it writes can say how to do the same again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as a shell takes it, and when it was given."""

    command: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class RepeatableCommand(click.Command):
    """Remembers its words before they are read."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read them."""
        ctx.meta[__name__] = Typed(shlex.join([*ctx.command_path.split(), *args]))
        return super().parse_args(ctx, args)


def typed(ctx: click.Context) -> Typed:
    """How the command of this context was typed."""
    found: Typed = ctx.meta[__name__]
    return found
