"""Whether the service can read the image through its role: asked before anything is made, as far as AWS tells.

Nobody but the service can take on its role. So the object is looked at by this function, and IAM is asked what the
policies of the role allow. A bucket policy or a key policy may allow what those do not: that cannot be told.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rollout_calls import RolloutCalls, code_of
from wave_record import WaveRecord
from wave_turn import Turn

SERVICE = "iotwireless.amazonaws.com"
DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden"}
SERVER_SIDE_KEY = "400"
"""What S3 answers to a look at an object with a key of its owner (SSE-C), which has no body to say so."""
GONE = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}


@dataclass(frozen=True)
class ImageAccess:
    """`refusal` says why nobody can read it, `unknown` what could not be told; both empty where all is well."""

    refusal: str = ""
    unknown: str = ""


class _RefusedError(Exception):
    """The image cannot be read."""


def image_access(turn: Turn, calls: RolloutCalls, record: WaveRecord) -> ImageAccess:
    """Ask for object, role and rights."""
    image = turn.settings["image"]
    bucket, _, key = str(image["uri"]).removeprefix("s3://").partition("/")
    try:
        head, unknown = _object(turn, calls, record, bucket, key)
        unknown += [*_trust(calls, image["role"])]
        unknown += [*_rights(calls, image["role"], bucket, key, head)]
    except _RefusedError as refused:
        return ImageAccess(refusal=f"{refused}: nothing is sent until that is put right")
    if not unknown:
        return ImageAccess()
    return ImageAccess(unknown=f"could not tell whether the role can read the image: {'; '.join(unknown)}")


def _object(
    turn: Turn, calls: RolloutCalls, record: WaveRecord, bucket: str, key: str
) -> tuple[dict[str, Any], list[str]]:
    """The object must be there, of the size that was planned, and the one that the waves before got."""
    uri, planned = f"s3://{bucket}/{key}", int(turn.settings["image"]["sizeBytes"])
    try:
        head: dict[str, Any] = calls.s3.head_object(Bucket=bucket, Key=key)
    except calls.refusals as error:
        code = code_of(error)
        if code in GONE:
            raise _RefusedError(f"there is no image {uri}") from None
        if code in DENIED or code == SERVER_SIDE_KEY:
            return {}, [f"this function may not look at {uri} ({code})"]
        raise
    if head["ContentLength"] != planned:
        raise _RefusedError(f"the image {uri} has {head['ContentLength']} bytes, and {planned} were planned")
    if record.image_of_first_wave(head["ETag"]) != head["ETag"]:
        raise _RefusedError(f"the image {uri} is another one than the waves before got (its ETag changed)")
    return head, []


def _trust(calls: RolloutCalls, role: str) -> Iterator[str]:
    try:
        found = calls.iam.get_role(RoleName=role.rpartition("/")[2])["Role"]
    except calls.failures as error:
        yield _unanswered(error, role)
        return
    document = found.get("AssumeRolePolicyDocument") or {}
    if not any(_trusts(each) for each in _statements(document)):
        raise _RefusedError(f"the role {role} does not trust {SERVICE}")


def _trusts(statement: Any) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service", ()) if isinstance(principal, dict) else principal or ()
    return statement.get("Effect") == "Allow" and (SERVICE in _listed(services) or "*" in _listed(services))


def _rights(calls: RolloutCalls, role: str, bucket: str, key: str, head: dict[str, Any]) -> Iterator[str]:
    bucket_arn = f"arn:{role.split(':')[1]}:s3:::{bucket}"
    image_arn = f"{bucket_arn}/{key}"
    needed: list[tuple[str, str, dict[str, str]]] = [("s3:GetObject", image_arn, {})]
    if kms_key := head.get("SSEKMSKeyId"):
        # What S3 sends to KMS (Amazon S3 User Guide, SSE-KMS): with a bucket key it is the bucket that is named.
        named = bucket_arn if head.get("BucketKeyEnabled") else image_arn
        via = f"s3.{calls.s3.meta.region_name}.amazonaws.com"
        needed.append(("kms:Decrypt", kms_key, {"kms:ViaService": via, "kms:EncryptionContext:aws:s3:arn": named}))
    for action, resource, sent in needed:
        context = [
            {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for name, value in sent.items()
        ]
        try:
            answer = calls.iam.simulate_principal_policy(
                PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource], ContextEntries=context
            )
        except calls.failures as error:
            yield _unanswered(error, role)
            return
        decisions = {str(result["EvalDecision"]) for result in answer["EvaluationResults"]}
        if decisions == {"allowed"}:
            continue
        if any(result.get("MissingContextValues") for result in answer["EvaluationResults"]):
            yield f"{action} hangs on conditions that only the service's request meets or not"
            continue
        if "explicitDeny" in decisions:
            raise _RefusedError(f"a policy of the role {role} denies {action} on {resource}")
        if action == "s3:GetObject" and not _may_allow(calls, bucket):
            raise _RefusedError(f"no policy allows the role {role} {action} on {resource}")
        yield f"the policies of the role do not allow {action}; a policy of {resource} may"


def _unanswered(error: Exception, role: str) -> str:
    """What IAM not answering means: no right to ask, or no way to it out of a VPC. Other troubles pass."""
    code = code_of(error)
    if code == "NoSuchEntity":
        raise _RefusedError(f"there is no role {role}") from None
    if code and code not in DENIED:
        raise error
    return "this function may not ask IAM about the role" if code else f"IAM does not answer ({type(error).__name__})"


def _may_allow(calls: RolloutCalls, bucket: str) -> bool:
    """Whether the policy of the bucket allows anybody anything; one that cannot be looked at may."""
    try:
        text = calls.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    except calls.refusals as error:
        return code_of(error) != "NoSuchBucketPolicy"
    return any(statement.get("Effect") == "Allow" for statement in _statements(json.loads(text)))


def _statements(document: Any) -> list[Any]:
    return list(_listed(document.get("Statement") or []))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
