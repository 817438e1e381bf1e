"""Whether the service can read the image through the FirmwareUpdateRole.

Nobody but the service can take on a service role, so its policies are asked about: the trust policy is read, and IAM
simulates what the role's own policies allow. What IAM does not let the caller see is said to be unchecked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of, is_denied
from fuota_constructs.operations.checks import Check, error, ok, warning
from fuota_constructs.operations.image import SEEN_LATE
from fuota_constructs.operations.image_key import DECRYPT, key_checks
from fuota_constructs.operations.role_trust import trust_check

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.image import Image
    from fuota_constructs.operations.image_key import Decision

_ARN = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")
_ASK = "have it checked by somebody who may"


def role_checks(aws: Aws, role_arn: str, image: Image | None, task_arn: str) -> list[Check]:
    """Existence, trust and rights of a role, for a task with this ARN."""
    account = "".join(task_arn.split(":")[4:5])
    match = _ARN.fullmatch(role_arn)
    if match is None:
        return [error("role", f"{role_arn!r} is no ARN of a role", "use the form arn:aws:iam::<account>:role/<name>")]
    if account and match["account"] != account:
        message = f"role {role_arn} is in another account than the task, {account}"
        return [error("role", message, "use a role of the task's account")]
    try:
        role: dict[str, Any] = aws.iam.get_role(RoleName=match["name"])["Role"]
    except ClientError as failure:
        if code_of(failure) == "NoSuchEntity":
            return [
                error("role", f"there is no role {role_arn}; {SEEN_LATE}", "create it, or correct FirmwareUpdateRole")
            ]
        return [_unchecked("role", f"role {role_arn}", "iam:GetRole", failure)]
    trust = trust_check(role_arn, role.get("AssumeRolePolicyDocument") or {}, task_arn)
    return [trust, *(_rights(aws, role_arn, image) if image else [])]


def _rights(aws: Aws, role_arn: str, image: Image) -> list[Check]:
    try:
        read = _allowed(aws, role_arn, "s3:GetObject", image.arn)
        lists = _allowed(aws, role_arn, "s3:ListBucket", f"arn:aws:s3:::{image.bucket}")
        keys = _key_checks(aws, role_arn, image)
    except ClientError as failure:
        return [_unchecked("role rights", f"what {role_arn} may read", "iam:SimulatePrincipalPolicy", failure)]
    checks = [_may_read(aws, role_arn, image, allowed=read)]
    if not lists:
        checks.append(
            warning(
                "role rights",
                f"the policies of {role_arn} do not allow s3:ListBucket on {image.bucket}, which AWS documents",
                "allow s3:ListBucket and s3:ListBucketVersions on the bucket",
            )
        )
    return [*checks, *keys]


def _key_checks(aws: Aws, role_arn: str, image: Image) -> list[Check]:
    if image.kms_key is None:
        return []
    sent = {"kms:ViaService": f"s3.{aws.region}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": image.arn}
    checks = key_checks(
        aws, image.kms_key, role_arn, lambda arn: _decision(aws, role_arn, DECRYPT, arn, tuple(sent.items()))
    )
    if image.size_bytes is not None:
        return checks
    # The object could not be read: it may be older than the key its bucket has now.
    return [
        check._replace(outcome="warning", message=f"if it has its bucket's key: {check.message}")
        for check in checks
        if check.outcome != "ok"
    ]


def _may_read(aws: Aws, role_arn: str, image: Image, *, allowed: bool) -> Check:
    name, uri = "role rights", f"s3://{image.bucket}/{image.key}"
    if allowed:
        return ok(
            name, f"the policies of {role_arn} allow s3:GetObject on {uri} (simulated; a bucket policy can still deny)"
        )
    remedy = f"allow s3:GetObject on {image.arn} to the role"
    try:
        aws.s3.get_bucket_policy(Bucket=image.bucket)
    except ClientError as failure:
        if code_of(failure) == "NoSuchBucketPolicy":
            return error(name, f"{role_arn} may not read {uri}; {SEEN_LATE}", remedy)
    return warning(
        name,
        f"could not check: the policies of {role_arn} do not allow s3:GetObject on {uri}, but the bucket's policy may",
        remedy,
    )


def _allowed(aws: Aws, role_arn: str, action: str, resource: str) -> bool:
    return _decision(aws, role_arn, action, resource) == "allowed"


def _decision(aws: Aws, role_arn: str, action: str, resource: str, sent: tuple[tuple[str, str], ...] = ()) -> Decision:
    context = [
        {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"} for name, value in sent
    ]
    answer: dict[str, Any] = aws.iam.simulate_principal_policy(
        PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource], ContextEntries=context
    )
    found = {str(result["EvalDecision"]) for result in answer["EvaluationResults"]}
    order: tuple[Decision, ...] = ("explicitDeny", "implicitDeny", "allowed")
    return next((decision for decision in order if decision in found), "implicitDeny")


def _unchecked(name: str, what: str, action: str, failure: ClientError) -> Check:
    why = f"you may not call {action}" if is_denied(failure) else f"{action} answered {code_of(failure)}"
    return warning(name, f"could not check {what}: {why}", _ASK)
