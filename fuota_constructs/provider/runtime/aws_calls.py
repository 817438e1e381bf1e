"""Every side effect of the provider: AWS clients, the clock, sleeping and the PUT that answers CloudFormation.

Nothing else in this folder reaches outside the process, so a test replaces the clock here and needs no mock.
"""

import functools
import os
import random
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from protocol import ProviderError

if TYPE_CHECKING:
    from mypy_boto3_iotwireless import IoTWirelessClient
    from mypy_boto3_s3 import S3Client

# An attempt ends after 15 s and a call after 5 attempts, so that even a call to a silent endpoint leaves the
# 300 s of this Lambda time to answer. "standard" retries throttling (10 requests a second per operation), 5xx and
# broken connections with jitter: https://docs.aws.amazon.com/boto3/latest/guide/retries.html
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 10
ATTEMPTS_PER_CALL = 5

# A role or policy made a moment ago is not yet effective everywhere: about 10 to 30 s, rarely more
# (aws/aws-cdk#16037, #18237; no figure is documented).
PROPAGATION_SECONDS = 90
PROPAGATION_DELAYS = (5.0, 10.0, 20.0)

Result = TypeVar("Result")


class OutOfTimeError(ProviderError):
    """The time for working is over; what is left belongs to clearing up and answering."""


class AbandonedError(Exception):
    """CloudFormation already has its answer: this invocation may change nothing any more."""


class AwsCalls:
    """The side effects of one invocation."""

    def __init__(self) -> None:
        self.work_by = float("inf")
        self.abandoned = False

    @property
    def iotwireless(self) -> "IoTWirelessClient":
        """The IoT Wireless client.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        client: IoTWirelessClient = _client("iotwireless")
        return client

    @property
    def s3(self) -> "S3Client":
        """The S3 client.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        client: S3Client = _client("s3")
        return client

    def now(self) -> float:
        """Seconds on a clock that only moves forward."""
        return time.monotonic()

    def epoch(self) -> float:
        """The time of day, in epoch seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""
        time.sleep(seconds)

    def run(self, work: Callable[[], None], *, seconds: float) -> None:
        """Do work in a thread of its own and wait for it, so long at most.

        The thread is a daemon: a call that hangs for good must not keep Lambda from ending the invocation as answered.
        """
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        worker.join(seconds)

    def jitter(self, seconds: float) -> float:
        """A random share of a delay, so that many stacks do not retry in step."""
        return random.uniform(0, seconds)  # noqa: S311 - spreads load, guards nothing

    def put(self, url: str, body: bytes, *, timeout: float) -> int:
        """PUT a body to a presigned URL and return the HTTP status.

        The content type is empty because CloudFormation signs the URL for an empty one; any other is answered with
        SignatureDoesNotMatch. Certificates are checked against the usual authorities (`SSL_CERT_FILE` included) and
        those of `AWS_CA_BUNDLE`, which boto3 honours too.
        """
        if not url.startswith(("https://", "http://")):
            raise ValueError("the response URL is neither https nor http")  # urllib would also open file: and ftp:
        authorities = ssl.create_default_context()
        if bundle := os.environ.get("AWS_CA_BUNDLE"):
            authorities.load_verify_locations(bundle)
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            url, data=body, method="PUT", headers={"Content-Type": "", "Content-Length": str(len(body))}
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=authorities) as response:  # noqa: S310
                return int(response.status)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return refusal.code

    def pause(self, seconds: float, *, until: float) -> bool:
        """Sleep, unless that would end after `until` or after the time for working; say whether it slept."""
        if self.now() + seconds > min(until, self.work_by):
            return False
        self.sleep(seconds)
        return True

    def check_time(self, doing: str) -> None:
        """Go on only while there is time left for working.

        Raises:
            OutOfTimeError: there is none; the message says what was being done.
        """
        if self.now() >= self.work_by:
            raise OutOfTimeError(f"the provider's time was up while {doing}: deploy again")

    def until_permitted(self, call: Callable[[], Result]) -> Result:
        """Make a call, again while the refusal looks like IAM that has not spread yet, for 90 s at most.

        Only for calls that are the first to use a new permission or role. An explicit deny never heals and fails
        at once.
        """
        start = self.now()
        delays = iter(PROPAGATION_DELAYS)
        while True:
            try:
                return call()
            except Exception as error:
                if not may_be_iam_propagation(error):
                    raise
                delay = next(delays, PROPAGATION_DELAYS[-1])
                if not self.pause(delay, until=start + PROPAGATION_SECONDS):
                    error.add_note(f"still refused after {self.now() - start:.0f} s of waiting for IAM to take effect")
                    raise

    def _still_wanted(self) -> None:
        if self.abandoned:
            raise AbandonedError("the time was up and CloudFormation has its answer")


def may_be_iam_propagation(error: Exception) -> bool:
    """Whether waiting can heal a refusal: access denied, or a role that cannot be assumed yet.

    That IoT Wireless reports the latter as a ValidationException speaking of assuming the role is assumed.
    """
    response: dict[str, Any] = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", "")
    message = response.get("Error", {}).get("Message", "")
    if "explicit deny" in message:
        return False
    if code in {"AccessDeniedException", "AccessDenied"}:
        return True
    return code == "ValidationException" and re.search("assume|iam:PassRole|trust", message, re.IGNORECASE) is not None


@functools.cache
def _client(service: str) -> Any:
    # Imported on first use: a broken boto3 must become an answer to CloudFormation, not a silent crash.
    import boto3
    from botocore.config import Config

    return boto3.client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS_PER_CALL},
        ),
    )
