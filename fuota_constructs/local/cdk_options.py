"""What the pinned CDK CLI makes of its arguments: it ignores options it does not know, so somebody else has to look.

Which options there are is read from the registry that the CDK CLI brings along.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from fuota_constructs.local import cdk_cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FLAGS = ("boolean", "count")


@dataclass(frozen=True)
class Given:
    """One argument with its value: the options in it (none where it is positional), and how it was written."""

    names: tuple[str, ...]
    value: str | None
    written: tuple[str, ...]


@dataclass(frozen=True)
class CdkArguments:
    """Arguments of one command of the CDK CLI: its positional ones (stacks), and options that it does not have."""

    positional: tuple[str, ...]
    unknown: tuple[str, ...]


def look_at(arguments: Sequence[str], command: str | None = None) -> CdkArguments:
    """Tell positional arguments from options and their values, and find the options the command does not have.

    Without a command, options that any command has are known.
    """
    known = options_of(command)
    read = list(read_arguments(arguments, command))
    return CdkArguments(
        positional=tuple(str(given.value) for given in read if not given.names),
        unknown=tuple(name for given in read for name in given.names if name not in known),
    )


def read_arguments(arguments: Sequence[str], command: str | None = None) -> Iterator[Given]:
    """The arguments one by one, as the CDK CLI reads them."""
    known = options_of(command)
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            yield from (Given((), each, (each,)) for each in waiting)
        elif not argument.startswith("-") or argument == "-":
            yield Given((), argument, (argument,))
        else:
            names, value = _names_in(argument, known)
            written = [argument]
            if value is None and known.get(names[-1]):
                value = next(waiting, None)
                written += [] if value is None else [value]
            yield Given(tuple(names), value, tuple(written))


def _names_in(argument: str, known: Mapping[str, bool]) -> tuple[list[str], str | None]:
    """The options of one argument, and the value of the last where it is in there, too."""
    name, equals, value = argument.partition("=")
    if argument.startswith("--"):
        return [re.sub(r"(?<=[a-z])[A-Z]", lambda capital: f"-{capital[0].lower()}", name)], value if equals else None
    letters: list[str] = []
    for letter in name[1:]:  # -fv are two flags, -cstage is -c with its value
        letters.append(f"-{letter}")
        if known.get(letters[-1], True):
            rest = argument[len(letters) + 1 :]
            return letters, rest.removeprefix("=") if rest else None
    return letters, value if equals else None


@cache
def options_of(command: str | None) -> dict[str, bool]:
    """The options of a command (of all without one), each with whether it takes a value."""
    found = {**dict.fromkeys(("--help", "-h", "--version"), False), **options_of_every_command()}
    for name, each in _registry()["commands"].items():
        if command in {None, name}:
            found.update(_all_spellings(each.get("options") or {}))
    return found


@cache
def options_of_every_command() -> dict[str, bool]:
    """The options that each command has, each with whether it takes a value."""
    return _all_spellings(_registry()["globalOptions"])


@cache
def _registry() -> dict[str, Any]:
    text = cdk_cli.program().parents[1].joinpath("lib/cli/cli-type-registry.json").read_text("utf-8")
    registry: dict[str, Any] = json.loads(text)
    return registry


def _all_spellings(group: Mapping[str, Mapping[str, object]]) -> dict[str, bool]:
    return dict(spelling for name, facts in group.items() for spelling in _spellings(name, facts))


def _spellings(name: str, facts: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    flag = facts.get("type") in _FLAGS
    aliases = cast("str | list[str]", facts.get("alias", []))
    for each in [name, *([aliases] if isinstance(aliases, str) else aliases)]:
        yield f"-{each}" if len(each) == 1 else f"--{each}", not flag
        if flag and len(each) > 1:
            yield f"--no-{each}", False
    if "negativeAlias" in facts:
        yield f"-{facts['negativeAlias']}", False
