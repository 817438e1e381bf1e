"""Objects in S3, read whole."""

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
