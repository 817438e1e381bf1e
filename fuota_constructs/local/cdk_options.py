"""What the pinned CDK CLI makes of its arguments: it ignores options it does not know, so somebody else has to look.

Which options there are is read from the registry that the CDK CLI brings along.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from fuota_constructs.local import cdk_cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FLAGS = ("boolean", "count")


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
    positional: list[str] = []
    unknown: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            positional += waiting
        elif not argument.startswith("-") or argument == "-":
            positional.append(argument)
        else:
            names, has_value = _names_in(argument, known)
            unknown += [name for name in names if name not in known]
            if names[-1] in known and known[names[-1]] and not has_value:
                next(waiting, None)
    return CdkArguments(tuple(positional), tuple(unknown))


def _names_in(argument: str, known: Mapping[str, bool]) -> tuple[list[str], bool]:
    """The options of one argument, and whether it has the value of the last, too."""
    name, equals, _ = argument.partition("=")
    if argument.startswith("--"):
        return [re.sub(r"(?<=[a-z])[A-Z]", lambda capital: f"-{capital[0].lower()}", name)], bool(equals)
    letters: list[str] = []
    for letter in name[1:]:  # -fv are two flags, -cstage is -c with its value
        letters.append(f"-{letter}")
        if known.get(letters[-1], True):
            return letters, bool(equals) or len(letters) < len(name) - 1
    return letters, bool(equals)


@cache
def options_of(command: str | None) -> dict[str, bool]:
    """The options of a command (of all without one), each with whether it takes a value."""
    registry = json.loads(cdk_cli.program().parents[1].joinpath("lib/cli/cli-type-registry.json").read_text("utf-8"))
    found = dict.fromkeys(("--help", "-h", "--version"), False)
    groups = [registry["globalOptions"]]
    groups += [each.get("options") or {} for name, each in registry["commands"].items() if command in {None, name}]
    for group in groups:
        for name, facts in group.items():
            found.update(_spellings(name, facts))
    return found


def _spellings(name: str, facts: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    flag = facts.get("type") in _FLAGS
    aliases = facts.get("alias", [])
    for each in [name, *([aliases] if isinstance(aliases, str) else list(aliases))]:  # type: ignore[call-overload]
        yield f"-{each}" if len(each) == 1 else f"--{each}", not flag
        if flag and len(each) > 1:
            yield f"--no-{each}", False
    if "negativeAlias" in facts:
        yield f"-{facts['negativeAlias']}", False
