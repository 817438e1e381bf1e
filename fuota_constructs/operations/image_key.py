"""Whether the role may decrypt an image that a KMS key encrypts: by its own policies and what the key says.

Within an account the key's policy has to name the role, or to leave the decision to IAM by naming the account; across
accounts both sides have to allow it (AWS KMS Developer Guide, key policies).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of, is_denied
from fuota_constructs.operations.checks import Check, error, ok, warning
from fuota_constructs.operations.image import SEEN_LATE
from fuota_constructs.operations.role_trust import IF_EXISTS, MATCHES, like, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.operations.aws import Aws

DECRYPT: Final = "kms:Decrypt"
_NAME: Final = "image key"
_ASK: Final = "have it checked by somebody who may"
_TRUSTED: Final = ("names the role", "leaves it to IAM")
_CONDITIONS: Final = "the key's policy has conditions that cannot be judged from here"
Decision = Literal["allowed", "explicitDeny", "implicitDeny"]
# What a key's policy says of a role, the strongest first: "may" where a condition cannot be judged from here.
Said = Literal["denies", "may deny", "names the role", "leaves it to IAM", "may allow", "says nothing"]


def key_checks(aws: Aws, key: str, role_arn: str, decide: Callable[[str], Decision]) -> list[Check]:
    """What stands between the role and a key; `decide` answers what the role's own policies say of the key's ARN."""
    arn, checks = _described(aws, key, role_arn)
    if arn is None or any(check.outcome == "error" for check in checks):
        return checks
    own = decide(arn)
    if own == "explicitDeny":
        return [_refused(arn, role_arn, f"the policies of {role_arn} deny {DECRYPT} on it", "remove that Deny")]
    said, unread = _policy(aws, arn, role_arn)
    checks += unread
    if said is None:
        if own != "allowed":
            checks.append(_doubt(arn, f"the policies of {role_arn} do not allow {DECRYPT} on it; its own policy may"))
        return checks
    return [*checks, _judged(aws, arn, role_arn, said, own)]


def _described(aws: Aws, key: str, role_arn: str) -> tuple[str | None, list[Check]]:
    """The ARN of a key that the role's right has to be looked at for."""
    try:
        found: dict[str, Any] = aws.kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as failure:
        if code_of(failure) == "NotFoundException":
            message = f"the image is encrypted with {key}, and there is no such key; {SEEN_LATE}"
            return None, [error(_NAME, message, "upload the image again, with a key that exists")]
        return key, [_unchecked(f"the state of {key}", "kms:DescribeKey", failure)]
    arn, state = str(found["Arn"]), str(found["KeyState"])
    if (
        found.get("KeyManager") == "AWS"
    ):  # aws/s3: its policy lets S3 use it for everybody of its account, and nobody else
        if _account(arn) == _account(role_arn):
            return None, [ok(_NAME, f"the image is encrypted with {arn}, which S3 uses for all of its account")]
        message = (
            f"the image is encrypted with {arn}, an AWS managed key of another account than the role's; {SEEN_LATE}"
        )
        return None, [error(_NAME, message, "encrypt it with a key that can be shared")]
    if state != "Enabled":
        message = f"the image is encrypted with {arn}, which is {state}; {SEEN_LATE}"
        return arn, [error(_NAME, message, "enable the key, or upload the image again with another")]
    return arn, []


def _policy(aws: Aws, arn: str, role_arn: str) -> tuple[Said | None, list[Check]]:
    try:
        document = json.loads(aws.kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    except ClientError as failure:
        return None, [_unchecked(f"the policy of {arn}", "kms:GetKeyPolicy", failure)]
    facts = {
        "kms:viaservice": f"s3.{aws.region}.amazonaws.com",
        "kms:calleraccount": _account(role_arn),
        "aws:principalaccount": _account(role_arn),
        "aws:principalarn": role_arn,
    }
    statements = listed(document.get("Statement"))
    found = {said for each in statements if _concerns(each) for said in _of_statement(each, role_arn, facts)}
    return next((said for said in get_args(Said) if said in found), "says nothing"), []


def _judged(aws: Aws, arn: str, role_arn: str, said: Said, own: Decision) -> Check:
    if said == "denies":
        return _refused(arn, role_arn, "the key's policy denies it", "remove that Deny from the key's policy")
    if said == "may deny":
        return _doubt(arn, _CONDITIONS)
    if said in _TRUSTED and own == "allowed":
        return ok(_NAME, f"{role_arn} may decrypt with {arn}, by its own policies (simulated) and the key's")
    if said == "names the role" and _account(arn) == _account(role_arn):
        return ok(_NAME, f"{role_arn} may decrypt with {arn}, by the key's policy")
    return _judged_by_grants(aws, arn, role_arn, said)


def _judged_by_grants(aws: Aws, arn: str, role_arn: str, said: Said) -> Check:
    granted, trusted = _granted(aws, arn, role_arn), said in _TRUSTED
    if granted:
        return ok(_NAME, f"{role_arn} may decrypt with {arn}, by a grant")
    if said == "may allow":
        return _doubt(arn, _CONDITIONS)
    own = f"the policies of {role_arn} do not allow {DECRYPT} on it"
    why = own if trusted else "the key's policy names neither the role nor its account"
    if granted is None:
        return _doubt(arn, f"{why}, and you may not see the key's grants (kms:ListGrants)")
    where = "to the role" if trusted else "to the role in the key's policy"
    return _refused(arn, role_arn, why, f"allow {DECRYPT} on {arn} {where}")


def _granted(aws: Aws, arn: str, role_arn: str) -> bool | None:
    try:
        pages = aws.kms.get_paginator("list_grants").paginate(KeyId=arn)
        return any(
            grant.get("GranteePrincipal") == role_arn and "Decrypt" in grant["Operations"]
            for page in pages
            for grant in page["Grants"]
        )
    except ClientError:
        return None


def _concerns(statement: dict[str, Any]) -> bool:
    if "NotAction" in statement:
        return not any(like(str(each).lower(), DECRYPT.lower()) for each in listed(statement["NotAction"]))
    return any(like(str(each).lower(), DECRYPT.lower()) for each in listed(statement.get("Action")))


def _of_statement(statement: dict[str, Any], role_arn: str, facts: dict[str, str]) -> Iterator[Said]:
    who = _principal(statement, role_arn)
    if who is None:
        return
    holds = _holds(statement.get("Condition") or {}, facts)
    if holds is False:
        return
    unsure, denial = holds is None or who == "unclear", statement.get("Effect") == "Deny"
    if denial:
        yield "may deny" if unsure else "denies"
    elif unsure:
        yield "may allow"
    else:
        yield "names the role" if who == "role" else "leaves it to IAM"


def _principal(statement: dict[str, Any], role_arn: str) -> Literal["role", "account", "unclear"] | None:
    if "NotPrincipal" in statement:
        return "unclear"
    principal = statement.get("Principal")
    names = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
    account = _account(role_arn)
    if "*" in names or role_arn in names:
        return "role"
    return "account" if {account, f"arn:aws:iam::{account}:root"} & set(names) else None


def _holds(condition: dict[str, Any], facts: dict[str, str]) -> bool | None:
    """Whether a condition holds for the service's request; None where that is not known."""
    known = True
    for operator, tests in condition.items():
        match = MATCHES.get(operator.removesuffix(IF_EXISTS))
        for name, values in tests.items():
            sent = facts.get(name.lower())
            if sent is None or match is None:
                known = False
            elif not any(match(str(value), sent) for value in listed(values)):
                return False
    return True if known else None


def _account(arn: str) -> str:
    return "".join(arn.split(":")[4:5])


def _refused(arn: str, role_arn: str, why: str, remedy: str) -> Check:
    message = f"the image is encrypted with {arn}, and {role_arn} may not decrypt with it: {why}; {SEEN_LATE}"
    return error(_NAME, message, remedy)


def _doubt(arn: str, why: str) -> Check:
    message = f"could not check whether the role may decrypt the image with {arn}: {why}"
    return warning(_NAME, message, f"allow {DECRYPT} on that key to the role")


def _unchecked(what: str, action: str, failure: ClientError) -> Check:
    why = f"you may not call {action}" if is_denied(failure) else f"{action} answered {code_of(failure)}"
    return warning(_NAME, f"could not check {what}, with which the image is encrypted: {why}", _ASK)
