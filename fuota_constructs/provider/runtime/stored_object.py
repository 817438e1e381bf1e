"""Objects in S3, read and written whole."""

from typing import Any

import aws_errors
from aws_calls import AwsCalls

REREADING_SECONDS = 30
SECONDS_BETWEEN_READS = 2


def read(bucket: str, key: str, most_bytes: int, calls: AwsCalls) -> bytes:
    """The content of an object, so many bytes at most."""
    end = calls.now() + REREADING_SECONDS
    while True:
        try:
            body: Any = calls.s3.get_object(Bucket=bucket, Key=key)["Body"]
            with body:
                content: bytes = body.read(most_bytes)
        except Exception as error:
            # A connection that breaks while the body is read; boto3 makes only requests again, not reads.
            if aws_errors.is_answer(error) or not calls.pause(SECONDS_BETWEEN_READS, until=end):
                raise
        else:
            return content


def write(body: bytes, bucket: str, key: str, calls: AwsCalls, **more: Any) -> None:
    """Write an object.

    Every object of S3 is encrypted as its bucket says, but a bucket policy may insist on a header that says so, and
    denies who sends none. Then it is sent: what the bucket's default encryption is.
    """
    try:
        calls.s3.put_object(Bucket=bucket, Key=key, Body=body, **more)
    except Exception as error:
        if not aws_errors.is_denial(error) or (default := _default_encryption(bucket, calls)) is None:
            raise
        calls.s3.put_object(Bucket=bucket, Key=key, Body=body, **more, **default)


def _default_encryption(bucket: str, calls: AwsCalls) -> dict[str, Any] | None:
    """The parameters of the default encryption of a bucket; None where it is not told."""
    try:
        rules = calls.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    except Exception as error:
        if aws_errors.is_answer(error):
            return None
        raise
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    parameters = {"ServerSideEncryption": default["SSEAlgorithm"], "SSEKMSKeyId": default.get("KMSMasterKeyID")}
    return {name: value for name, value in parameters.items() if value}
