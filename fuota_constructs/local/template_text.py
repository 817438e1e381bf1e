"""The texts of a CloudFormation template, as far as they are known before it is deployed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN: Final = "\0"
"""Stands in a text for what only the deployment knows. No name, ARN or id has such a character."""

_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")


class TemplateText:
    """A template whose pseudo parameters and parameter defaults are filled in."""

    def __init__(self, template: dict[str, Any], account: str, region: str) -> None:
        """The account and Region are those of its stack."""
        self._known = {
            "AWS::AccountId": account,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::URLSuffix": "amazonaws.com",
        }
        for name, parameter in template.get("Parameters", {}).items():
            self._known[name] = str(parameter.get("Default", UNKNOWN))

    def of(self, value: Any) -> str:
        """A value as a text: UNKNOWN for what is not known, empty where there is none."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, dict) and len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref":
                return self._known.get(argument, UNKNOWN)
            if function == "Fn::Join" and isinstance(argument[1], list):
                return str(argument[0]).join(map(self.of, argument[1]))
            if function == "Fn::Sub":
                return self._substituted(argument)
        return UNKNOWN

    def strings(self, value: Any) -> Iterator[str]:
        """Every text somewhere in a value."""
        text = self.of(value) if isinstance(value, str | dict) else UNKNOWN
        if text != UNKNOWN:
            yield text
        elif isinstance(value, dict):
            for each in value.values():
                yield from self.strings(each)
        elif isinstance(value, list):
            for each in value:
                yield from self.strings(each)

    def _substituted(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})
        given = {**self._known, **{name: self.of(value) for name, value in own.items()}}
        return _PLACEHOLDER.sub(lambda found: given.get(found[1], UNKNOWN), text)
