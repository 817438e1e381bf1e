"""About how long a policy is once CloudFormation has written ids and names into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from fuota_constructs.template.tokens import known_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import IConstruct

_UUID = 36
_ARN = len(f"arn:aws:iotwireless:ap-southeast-2:{'0' * 12}:FuotaTask/") + _UUID
_SUFFIX = len("-0123456789AB")
_MOST_OF_A_RULE_NAME = 64
_TYPICAL = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "0" * 12}


def characters_of(scope: IConstruct, document: Mapping[str, object]) -> int:
    """About how many of the 10,240 characters of all inline policies of a role this one takes."""
    stack = cdk.Stack.of(scope)
    region = known_text(stack.region) or _TYPICAL["AWS::Region"]
    written = _Written(len(known_text(stack.stack_name) or ""), {**_TYPICAL, "AWS::Region": region})
    rendered = written.value(stack.resolve(dict(document)))
    return len(json.dumps(rendered, separators=(",", ":")))


class _Written:
    """What CloudFormation makes of the intrinsics that the policy of the monitors has."""

    def __init__(self, stack_name_characters: int, pseudo: dict[str, str]) -> None:
        self._stack_name_characters, self._pseudo = stack_name_characters, pseudo

    def value(self, value: Any, *, characters: int = _ARN) -> Any:
        """`characters`: about how many it has where that is known only at deployment."""
        match value:
            case {"Fn::Join": [str(delimiter), [*parts]]}:
                return delimiter.join(self.value(part, characters=_UUID) for part in parts)
            case {"Fn::GetAtt": [str(name), _]}:
                # A rule has the name CloudFormation makes up; other ARNs here end with an id no longer than that.
                made_up = min(_MOST_OF_A_RULE_NAME, self._stack_name_characters + 1 + len(name) + _SUFFIX)
                return f"arn:aws:events:{self._pseudo['AWS::Region']}:{'0' * 12}:rule/{'0' * max(made_up, _UUID)}"
            case dict() if any(name == "Ref" or name.startswith("Fn::") for name in value):
                return self._pseudo.get(value.get("Ref", ""), "0" * characters)
            case dict():
                return {key: self.value(each) for key, each in value.items()}
            case list():
                return [self.value(each) for each in value]
            case _:
                return value
