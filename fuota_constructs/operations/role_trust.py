"""Whether a trust policy lets AWS IoT Wireless take on a role, as far as its document tells.

AWS does not document whether the service sends `aws:SourceAccount` or `aws:SourceArn` when it does. A condition on them
is sure to hold only with `...IfExists`, and only where it names the account of the task or its ARN (that the service
would send the ARN of the task is assumed).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.operations.checks import Check, error, ok, warning
from fuota_constructs.operations.image import SEEN_LATE

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE: Final = "iotwireless.amazonaws.com"
IF_EXISTS: Final = "IfExists"
ARN_PARTS: Final = 6
_NAME = "role trust"


def trust_check(role_arn: str, document: dict[str, Any], task_arn: str) -> Check:
    """What a trust policy says about the service, for a task with this ARN."""
    statements = [each for each in listed(document.get("Statement")) if _concerns_service(each)]
    allows = [each for each in statements if each.get("Effect") == "Allow"]
    denies = [each for each in statements if each.get("Effect") == "Deny"]
    if not allows:
        remedy = f"allow sts:AssumeRole to the service {SERVICE} in its trust policy"
        return error(_NAME, f"role {role_arn} does not trust {SERVICE}; {SEEN_LATE}", remedy)
    if any(not each.get("Condition") for each in denies):
        message = f"the trust policy of {role_arn} denies {SERVICE}; {SEEN_LATE}"
        return error(_NAME, message, "remove the Deny statement")
    doubts = [list(_doubts(each.get("Condition") or {}, task_arn)) for each in allows]
    if denies or all(doubts):
        said = min(doubts, key=len) or [_unsure(each) for each in denies]
        whose = "a Deny statement with" if not min(doubts, key=len) else ""
        message = f"could not check the trust of {role_arn}: it has {whose} conditions ({'; '.join(said)})"
        return warning(_NAME, " ".join(message.split()), "try it with one device first")
    return ok(_NAME, f"role {role_arn} trusts {SERVICE}")


def _unsure(statement: dict[str, Any]) -> str:
    return ", ".join(sorted({key for test in statement["Condition"].values() for key in test}))


def _doubts(condition: dict[str, Any], task_arn: str) -> Iterator[str]:
    """Why a condition may not hold, one reason a key; none where it is sure to."""
    for operator, tests in condition.items():
        for key, values in tests.items():
            sent = _as_sent(key, task_arn)
            if not operator.endswith(IF_EXISTS):
                yield f"{operator} {key}: AWS does not document whether the service sends this key"
            elif sent is None or operator.removesuffix(IF_EXISTS) not in MATCHES:
                yield f"{operator} {key}: AWS does not document what the service sends"
            elif not any(MATCHES[operator.removesuffix(IF_EXISTS)](str(value), sent) for value in listed(values)):
                yield f"{operator} {key}: its value does not fit {sent}, so it fails if the service sends this key"


def _as_sent(key: str, task_arn: str) -> str | None:
    # Keys of conditions are not case-sensitive (IAM User Guide, condition elements).
    parts = {"aws:sourceaccount": task_arn.split(":")[4:5], "aws:sourcearn": [task_arn]}.get(key.lower())
    return parts[0] if parts else None


def like(pattern: str, text: str) -> bool:
    """Whether a text has the pattern of a policy, with * and ?."""
    wild = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch(wild, text, re.DOTALL) is not None


def _arn_like(pattern: str, arn: str) -> bool:
    parts, others = pattern.split(":", ARN_PARTS - 1), arn.split(":", ARN_PARTS - 1)
    return len(parts) == len(others) and all(map(like, parts, others))


# Operators of conditions that compare texts: whether the value of a policy fits what was sent.
MATCHES: Final = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda value, sent: value.lower() == sent.lower(),
    "StringLike": like,
    "ArnEquals": _arn_like,  # the two behave identically (IAM User Guide, ARN condition operators)
    "ArnLike": _arn_like,
}


def _concerns_service(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, dict) else listed(principal)
    actions = listed(statement.get("Action"))
    return bool({SERVICE, "*"} & set(services)) and any(like(str(each).lower(), "sts:assumerole") for each in actions)


def listed(value: Any) -> list[Any]:
    """A value of a policy document, which may stand alone or in a list."""
    return value if isinstance(value, list) else [] if value is None else [value]
