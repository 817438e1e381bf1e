"""A group of commands that names the one that was meant, and shows what each does in a whole sentence."""

from __future__ import annotations

import difflib

import click


class CommandGroup(click.Group):
    """A group of commands."""

    def elsewhere(self, name: str) -> list[str]:
        """Commands of that name at other places, as one types them here."""
        del name
        return []

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or fail with the nearest there is."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            name = error.command_name.lower()
            near = difflib.get_close_matches(name, self.list_commands(ctx)) or self.elsewhere(name)
            said = f"{ctx.command_path} has no command {error.command_name!r}"
            meant = " or ".join(f"{ctx.command_path} {each}" for each in near)
            remedy = f"did you mean {meant}?" if near else f"see {ctx.command_path} --help"
            raise click.UsageError(f"{said}: {remedy}", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their first sentences, which click would cut to one line."""
        rows = [(name, _summary(self.get_command(ctx, name))) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _summary(command: click.Command | None) -> str:
    text = (command.help or "") if command else ""
    return " ".join(text.partition("\n\n")[0].split())
