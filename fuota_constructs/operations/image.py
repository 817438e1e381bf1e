"""Whether the firmware image can be read: as the caller here, as the task's role as far as IAM tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of, is_denied
from fuota_constructs.operations.checks import Check, error, ok, warning

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws

_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)", re.DOTALL)
_SHA256 = re.compile("[0-9a-f]{64}")
SEEN_LATE = "the service finds out only in the session, and ends it as FuotaDone"


NOT_RECOGNISED = "unknown"
"""What a deployment writes of a file whose format it does not know."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image in S3; None where that is not known."""

    bucket: str
    key: str
    size_bytes: int | None = None
    bucket_region: str | None = None
    kms_key: str | None = None
    delta: tuple[str, str] | None = None
    """SHA-256 of base and target, where its metadata says that it is a patch, of which devices have to make the image.

    Written by the deployment of a `FirmwareImage.delta`.
    """
    version: str | None = None
    """What its metadata says of the firmware, of that which a patch makes: version, format, digest of the content."""
    format: str | None = None
    digest: str | None = None

    @property
    def arn(self) -> str:
        """The ARN of the object."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"


def read_image(aws: Aws, uri: str) -> tuple[Image | None, list[Check]]:
    """The image a URI names, and what was found about it; None where the URI names none."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None, [error("image", f"{uri!r} is no S3 URI", "use the form s3://bucket/key, in lower case `s3`")]
    bucket, key = match["bucket"], match["key"]
    region, checks = _bucket(aws, bucket)
    if any(check.outcome == "error" for check in checks):
        return Image(bucket, key, bucket_region=region), checks
    try:
        head: dict[str, Any] = aws.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as failure:
        image = Image(bucket, key, bucket_region=region, kms_key=_default_key(aws, bucket))
        return image, [*checks, _unreadable(uri, failure)]
    size = int(head["ContentLength"])
    said = head.get("Metadata", {})
    named = (said.get(f"firmware-{name}") for name in ("version", "format", "digest"))
    firmware = (word if word != NOT_RECOGNISED else None for word in named)
    base, target = (said.get(f"delta-{end}-sha256", "") for end in ("base", "target"))
    delta = (base, target) if _SHA256.fullmatch(base) and _SHA256.fullmatch(target) else None
    image = Image(bucket, key, size, region, head.get("SSEKMSKeyId"), delta, *firmware)
    return image, [*checks, ok("image", f"{uri} exists and has {size:,} bytes")]


def _bucket(aws: Aws, bucket: str) -> tuple[str | None, list[Check]]:
    try:
        answer: dict[str, Any] = aws.s3.head_bucket(Bucket=bucket)
    except ClientError as failure:
        if code_of(failure) in {"404", "NoSuchBucket"}:
            return None, [
                error("image", f"there is no bucket {bucket}; {SEEN_LATE}", "point the task at a bucket that exists")
            ]
        headers = failure.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region = headers.get("x-amz-bucket-region")
        return region, _bucket_region(aws, bucket, region)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
    return region, _bucket_region(aws, bucket, region)


def _bucket_region(aws: Aws, bucket: str, region: str | None) -> list[Check]:
    name = "bucket Region"
    if region is None:
        return [warning(name, f"could not check in which Region bucket {bucket} is", f"it must be in {aws.region}")]
    if region != aws.region:
        message = f"bucket {bucket} is in {region} and the task in {aws.region}; {SEEN_LATE}"
        return [error(name, message, f"use a bucket in {aws.region}")]
    return [ok(name, f"bucket {bucket} is in {region}, as the task")]


def _default_key(aws: Aws, bucket: str) -> str | None:
    """The KMS key an unread object is likely to have: that of its bucket's default encryption."""
    try:
        answer: dict[str, Any] = aws.s3.get_bucket_encryption(Bucket=bucket)
    except ClientError:
        return None
    [default, *_] = [
        rule.get("ApplyServerSideEncryptionByDefault", {})
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]
    ]
    return default.get("KMSMasterKeyID") or None


def _unreadable(uri: str, failure: ClientError) -> Check:
    if code_of(failure) in {"404", "NoSuchKey", "NotFound"}:
        return error("image", f"there is no object {uri}; {SEEN_LATE}", "upload it, or correct FirmwareUpdateImage")
    if is_denied(failure):
        return warning(
            "image",
            f"could not check {uri}: you may not read it yourself (s3:GetObject), or it does not exist",
            "run this as a principal that may read it",
        )
    if code_of(failure) == "400":
        message = f"could not check {uri}: S3 answers 400, as it does for a customer's own key (SSE-C)"
        return warning("image", message, "if it has one, upload it again without: the service could not read it")
    return warning("image", f"could not check {uri}: {code_of(failure)}", "try again")
