"""Commands that hand arguments on to the CDK CLI: behind `--` only.

The CDK CLI ignores options it does not know. An option of ours with a letter too many must not become one of those: a
gate that nobody heard of passes everything.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli.nearest_option import DASHES, nearest_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEPARATOR = "--"
_STACK = re.compile(r"[A-Za-z0-9*?!\[{][\w*?!/\[\]{},.@+:-]*", re.ASCII)


class CdkCommand(click.Command):
    """A command whose parameter `cdk_arguments` is for the CDK CLI: words such as stack names, and all behind `--`.

    `cdk_command` is the command of the CDK CLI that gets them; None where they begin with one.
    """

    def __init__(self, *arguments: Any, cdk_command: str | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cdk_command = cdk_command

    def long_options(self, ctx: click.Context) -> dict[str, bool]:
        """The options of ours, each with whether it takes a value."""
        return {
            name: not (isinstance(parameter, click.Option) and parameter.is_flag)
            for parameter in self.get_params(ctx)
            for name in parameter.opts
            if name.startswith("--")
        }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what is before the separator and neither an option of ours nor a word."""
        place = args.index(SEPARATOR) if SEPARATOR in args else len(args)
        own, behind = args[:place], args[place + 1 :]
        if self.cdk_command is not None and {"-h", "--help"} & set(behind):
            own = ["--help"]  # the CDK CLI would be asked for it when everything is started
        try:
            rest = super().parse_args(ctx, list(own))
        except click.NoSuchOption as error:
            raise click.UsageError(self._no_option(ctx, _as_typed(error.option_name, own), own), ctx) from None
        words: tuple[str, ...] = ctx.params["cdk_arguments"]
        for word in words:
            if word[:1] in DASHES:
                raise click.UsageError(self._no_option(ctx, word, own), ctx)
            if self.cdk_command is not None and not _STACK.fullmatch(word):
                near = nearest_option(word, self.long_options(ctx)) if word[:1].isalpha() else ""
                remedy = f"did you mean {near}?" if near else "give the name of a stack of the app, or options with --"
                raise click.UsageError(f"{word!r} is no stack name: {remedy}", ctx)
        ctx.params["cdk_arguments"] = (*words, *behind)
        return rest

    def _no_option(self, ctx: click.Context, typed: str, own: list[str]) -> str:
        said = f"{ctx.command_path} has no option {typed!r}"
        near = nearest_option(typed, self.long_options(ctx))
        after = own[own.index(typed) + 1 :] if typed in own else []
        values = itertools.takewhile(lambda word: word[:1] not in DASHES, after)  # of it, or names of stacks
        hint = f"options of the CDK CLI go behind --, as in: {ctx.command_path} -- {shlex.join((typed, *values))}"
        if near and not self._is_of_the_cdk(typed):
            return f"{said}: did you mean {near}?"
        return f"{said}; {hint}"

    def _is_of_the_cdk(self, typed: str) -> bool:
        from fuota_constructs.local import cdk_cli, cdk_options

        name = typed.partition("=")[0]
        return cdk_cli.program().is_file() and name in cdk_options.options_of(self.cdk_command)


def cdk_arguments(metavar: str = "[STACK]... [-- CDK ARGUMENTS]") -> Callable[[Any], Any]:
    """The parameter for what goes to the CDK CLI."""
    return click.argument("cdk_arguments", nargs=-1, metavar=metavar)


def require_known(ctx: click.Context, arguments: Sequence[str]) -> None:
    """Refuse options behind `--` that the CDK CLI does not have. Installs it on first use, and says so."""
    from fuota_constructs.local import cdk_cli, cdk_options

    command = ctx.command
    if not isinstance(command, CdkCommand):
        raise TypeError(f"{ctx.command_path} hands nothing on to the CDK CLI")
    cdk_cli.ensure(lambda text: click.echo(text, err=True))
    unknown = cdk_options.look_at(arguments, command.cdk_command).unknown
    if not unknown:
        return
    own, name = command.long_options(ctx), unknown[0]
    said = f"{name!r} is no option of the CDK CLI, which would ignore it"
    if name in own:
        raise click.UsageError(f"{said}: it is one of {ctx.command_path}, so give it before the --", ctx)
    near = nearest_option(name, {**dict.fromkeys(cdk_options.options_of(command.cdk_command), False), **own})
    where = " before the --" if near in own else ""
    raise click.UsageError(f"{said}: " + (f"did you mean {near}{where}?" if near else "leave it out"), ctx)


def _as_typed(name: str, arguments: Sequence[str]) -> str:
    """The argument that click found an option in: of `-requires` it names only the letter."""
    long = name.startswith("--")
    return next(
        (each for each in arguments if (each.partition("=")[0] if long else each[:1] + each[1:2]) == name), name
    )
