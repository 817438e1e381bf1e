"""Every side effect of a rollout: AWS clients, the clock, sleeping.

Nothing else in this folder reaches outside the process, so a test replaces the clock here and needs no mock.
"""

import functools
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

PAGE = 250
SECONDS_BETWEEN_REQUESTS = 1.25 / float(os.environ.get("FUOTA_REQUESTS_PER_SECOND", "10"))
"""Eight a second: the service allows an account ten of each operation (AWS General Reference, quotas)."""
ATTEMPTS_PER_CALL = 10
EVENT_ATTEMPTS = 3
"""A step waits for its events no longer than some ten seconds where nobody answers."""
SECONDS_TO_FINISH = 120
"""What is left of the function's time when a step stops beginning things, and tells how far it came."""


class RolloutCalls:
    """The side effects of one step."""

    def __init__(self, context: Any) -> None:
        """`context` is what Lambda gives its handler."""
        self._context = context
        self._paced_at = math.inf

    def time_is_up(self) -> bool:
        """Whether there is only time left to tell how far the step came."""
        left: int = self._context.get_remaining_time_in_millis()
        return left < SECONDS_TO_FINISH * 1000

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""
        time.sleep(seconds)

    def say(self, line: str) -> None:
        """Print a line of JSON to the log."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def pace(self) -> None:
        """Keep below the requests that the service allows a second; the time that they take counts."""
        self.sleep(max(0.0, min(SECONDS_BETWEEN_REQUESTS, self._paced_at + SECONDS_BETWEEN_REQUESTS - self.now())))
        self._paced_at = self.now()

    @property
    def iotwireless(self) -> Any:
        """The client of AWS IoT Wireless."""
        return _client("iotwireless")

    def publish(self, event: Mapping[str, Any]) -> str:
        """Put an event on the bus; answers with what was wrong, empty where nothing was.

        What is wrong with events is never the end of a rollout, so nothing is raised.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = _client("events", EVENT_ATTEMPTS).put_events(
                Entries=[{**event, "EventBusName": os.environ["EVENT_BUS"]}]
            )
        except (BotoCoreError, ClientError) as error:
            return str(error)
        refused = [entry for entry in answer["Entries"] if "ErrorCode" in entry]
        return f"{refused[0]['ErrorCode']}: {refused[0].get('ErrorMessage', '')}" if refused else ""

    @property
    def table(self) -> str:
        """The table of the operator's word."""
        return os.environ["CONTROL_TABLE"]

    @property
    def dynamodb(self) -> Any:
        """The client of the table."""
        return _client("dynamodb")

    @property
    def refusals(self) -> Any:
        """What boto3 raises where a service says no."""
        from botocore.exceptions import ClientError

        return ClientError

    @property
    def failures(self) -> Any:
        """The same, and what it raises where a service does not answer."""
        from botocore.exceptions import BotoCoreError

        return self.refusals, BotoCoreError

    @property
    def s3(self) -> Any:
        """The client of the buckets."""
        return _client("s3")

    @property
    def iam(self) -> Any:
        """The client of IAM, which a function in a VPC may have no way to: so it is not asked for long."""
        return _client("iam", attempts=2)

    def execution(self, arn: str) -> Mapping[str, Any]:
        """An execution as DescribeExecution gives it, empty when there is none."""
        states = _client("stepfunctions")
        try:
            found: Mapping[str, Any] = states.describe_execution(executionArn=arn)
        except states.exceptions.ExecutionDoesNotExist:
            return {}
        return found

    def is_running(self, execution_arn: str) -> bool:
        """Whether an execution is under way."""
        return self.execution(execution_arn).get("status") == "RUNNING"

    def input_of(self, execution_arn: str) -> Any:
        """What an execution was started with."""
        return json.loads(self.execution(execution_arn)["input"])

    def devices(self, **of: Any) -> Iterator[Mapping[str, Any]]:
        """The wireless devices of a group, a task or a profile."""
        return self.pages(self.iotwireless.list_wireless_devices, "WirelessDeviceList", **of)

    def pages(self, operation: Any, member: str, **of: Any) -> Iterator[Mapping[str, Any]]:
        """What is in all pages of a list of AWS IoT Wireless, which has no paginators in boto3."""
        token = None
        while True:
            more: dict[str, str] = {"NextToken": token} if token else {}
            page = operation(MaxResults=PAGE, **of, **more)
            yield from page[member]
            token = page.get("NextToken")
            if not token:
                return
            self.pace()

    def text(self, key: str, bucket: str = "") -> str | None:
        """An object of a bucket, by default the firmware bucket; None when there is none."""
        try:
            answer = self.s3.get_object(Bucket=bucket or os.environ["FIRMWARE_BUCKET"], Key=key)
        except self.s3.exceptions.NoSuchKey:
            return None
        with answer["Body"] as body:
            found: bytes = body.read()
        return found.decode()

    def read(self, key: str) -> Any:
        """A document of the firmware bucket, None when there is none."""
        text = self.text(key)
        return None if text is None else json.loads(text)

    def write(self, key: str, document: Any) -> None:
        """Keep a document in the firmware bucket."""
        body = json.dumps(document, separators=(",", ":")).encode()
        bucket, s3 = os.environ["FIRMWARE_BUCKET"], _client("s3")
        write = functools.partial(s3.put_object, Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        try:
            write()
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied" or not (default := _default_encryption(s3, bucket)):
                raise
            # A bucket policy may insist on a header that names an encryption: that of the bucket, then.
            write(**default)


def _default_encryption(s3: Any, bucket: str) -> dict[str, str]:
    try:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    except s3.exceptions.ClientError:
        return {}
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    parameters = {"ServerSideEncryption": default["SSEAlgorithm"], "SSEKMSKeyId": default.get("KMSMasterKeyID")}
    return {name: value for name, value in parameters.items() if value}


def code_of(error: Any) -> str:
    """What a service calls its no; empty where it did not answer."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


@functools.cache
def _client(service: str, attempts: int = ATTEMPTS_PER_CALL) -> Any:
    import boto3
    from botocore.config import Config

    # "standard" retries throttling, 5xx and broken connections with jitter.
    return boto3.client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": attempts},
        ),
    )
