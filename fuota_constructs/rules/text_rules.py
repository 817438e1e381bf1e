"""Rules about texts that people read: what cannot be written, and what should not be read."""

from __future__ import annotations

import re
from typing import Final

from fuota_constructs.rules.rule import Remark, Remarks, Rule, TaskPlan, error, show, text, warning

_UNWRITABLE: Final = "[\0\ud800-\udfff]"


def unwritable(value: str) -> str:
    """What of a text no template can have: NUL, and half a character (a surrogate); empty for any other text."""
    if value.isascii() and "\0" not in value:
        return ""
    return " and ".join(f"U+{ord(character):04X}" for character in sorted(set(re.findall(_UNWRITABLE, value))))


def said_of_secret(name: str, service: str) -> Remark:
    """What is to be said of an input with a secret of this service in it."""
    remedy = (
        "give the text itself, or ssm.StringParameter.value_for_string_parameter(...) of a parameter of type String"
    )
    if service == "ssm-secure":
        return error(
            f"{name} is a secure string of Parameter Store (ssm-secure), which CloudFormation does not resolve in this"
            f" resource: {remedy}"
        )
    return warning(
        f"{name} is a secret of Secrets Manager, and CloudFormation writes it there in plain text, for everybody who"
        f" may read the resource: {remedy}"
    )


def _text_characters(plan: TaskPlan) -> Remarks:
    texts = {"fuota_task_name": plan.name, "description": plan.description}
    texts |= {f"the key of tag {show(key)}": key for key in plan.tags}
    texts |= {f"the value of tag {show(key)}": value for key, value in plan.tags.items()}
    for name, value in texts.items():
        if wrong := unwritable(text(value) or ""):
            yield error(f"{name} has {wrong} in it, which no template can have: take it out")


def _secret_reference(plan: TaskPlan) -> Remarks:
    for name, service in plan.secrets.items():
        yield said_of_secret(name, service)


TEXT_RULES = (
    Rule(
        id="text-characters",
        levels=("error",),
        what="a name, a description or a tag has NUL in it, or half a character (a surrogate)",
        why="UTF-8 has no half characters, and nothing on the way to the service is known to take NUL",
        remedy="a text without them",
        source="RFC 3629, section 3; assumed: neither CloudFormation nor the service takes NUL",
        check=_text_characters,
    ),
    Rule(
        id="secret-reference",
        levels=("error", "warning"),
        what="a name, a description or the value of a tag is a secure string of Parameter Store (error), or a secret of"
        " Secrets Manager (warning)",
        why="the former is not resolved in a custom resource or a multicast group, the latter to plain text",
        remedy="the text itself, or a parameter of type String",
        source="AWS CloudFormation User Guide, secure string values of Parameter Store in dynamic references; assumed:"
        " a secret of Secrets Manager is resolved in custom resources (older editions of the guide deny it)",
        check=_secret_reference,
    ),
)
