"""The name and the description of a multicast group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.synth_checks import said_of_secret, unwritable
from fuota_constructs.template.dynamic_references import secret_in
from fuota_constructs.template.late_warnings import warn
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from constructs import IConstruct


def expect_group_text(name: str, value: object, most: int, at: IConstruct) -> str | None:
    """The value, if it is or may become a text of at most so many characters that people may read."""
    if service := secret_in(value):
        level, said = said_of_secret(name, service)
        if level == "error":
            raise _refusal("secret-reference", said, at)
        warn(at, "secret-reference", said)
    if isinstance(value, str) and (wrong := unwritable(value)):
        raise _refusal("text-characters", f"{name} has {wrong} in it, which no template can have: take it out", at)
    if value is None or (isinstance(value, str) and (len(value) <= most or not is_known(value))):
        return value
    what = f"{len(value)} characters long" if isinstance(value, str) else shown(value)
    rule = "description-length" if name == "description" else "name-length"
    raise _refusal(rule, f"{name} is {what}; choose a text of at most {most} characters", at)


def _refusal(rule: str, said: str, at: IConstruct) -> FuotaValidationError:
    return FuotaValidationError(rule, said, construct_path=at.node.path)
