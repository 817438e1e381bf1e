"""Every side effect of the provider: AWS clients, the clock, threads, and the PUT that answers CloudFormation.

Nothing else in this folder reaches outside the process, so a test replaces the clock here and needs no mock.
"""

import functools
import os
import random
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aws_errors import may_be_iam_propagation
from protocol import ProviderError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_iotwireless import IoTWirelessClient
    from mypy_boto3_s3 import S3Client

# An attempt ends after 15 s and a call after 5 attempts, so that even a call to a silent endpoint leaves the
# 300 s of this Lambda time to answer. "standard" retries throttling (10 requests a second per operation), 5xx and
# broken connections with jitter: https://docs.aws.amazon.com/boto3/latest/guide/retries.html
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 10
ATTEMPTS_PER_CALL = 5
# CloudFormation is only asked about itself, and there is another way where it does not answer.
ATTEMPTS_PER_QUESTION = 3

# A role or policy made a moment ago is not yet effective everywhere: about 10 to 30 s, rarely more
# (aws/aws-cdk#16037, #18237; no figure is documented).
PROPAGATION_SECONDS = 90
PROPAGATION_DELAYS = (5.0, 10.0, 20.0)

READING = ("Get", "List", "Describe")

Result = TypeVar("Result")

# Whose calls a thread makes: botocore's hooks know the client, which a warm function uses for one event after another.
_invocation = threading.local()


class OutOfTimeError(ProviderError):
    """The time for working is over; what is left belongs to clearing up and answering."""


class AbandonedError(BaseException):
    """CloudFormation already has its answer: this invocation may change nothing any more.

    No Exception: nothing that goes on after an error may go on after this one.
    """


class AwsCalls:
    """The side effects of one invocation."""

    def __init__(self) -> None:
        self.work_by = float("inf")
        self.patient_until = float("-inf")
        self.abandoned = False
        self.guard: Callable[[str], None] = _let_pass
        """Asked before each request that changes something leaves the process, boto3's own retries included."""

    @property
    def iotwireless(self) -> "IoTWirelessClient":
        """The IoT Wireless client; refusals that may be IAM spreading are waited out while patience lasts.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        return cast("IoTWirelessClient", _PatientClient(_client("iotwireless"), self))

    @property
    def s3(self) -> "S3Client":
        """The S3 client.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        client: S3Client = _client("s3")
        return client

    @property
    def cloudformation(self) -> "CloudFormationClient":
        """The CloudFormation client.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        client: CloudFormationClient = _client("cloudformation")
        return client

    @property
    def dynamodb(self) -> Any:
        """The DynamoDB client.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        return _PatientClient(_client("dynamodb"), self)

    @property
    def stepfunctions(self) -> Any:
        """The Step Functions client.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
        """
        self._still_wanted()
        return _PatientClient(_client("stepfunctions"), self)

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
        name = f"{type(self).__name__} ({work.__name__})"
        worker = threading.Thread(target=self.as_mine, args=(work,), name=name, daemon=True)
        worker.start()
        worker.join(seconds)

    def as_mine(self, work: Callable[[], None]) -> None:
        """Do work in this thread, whose requests are then this invocation's."""
        _invocation.calls = self
        work()

    def jitter(self, seconds: float) -> float:
        """A random share of a delay, so that many stacks do not retry in step."""
        return random.uniform(0, seconds)  # noqa: S311  # spreads load, guards nothing

    def put(self, url: str, body: bytes, *, timeout: float) -> int:
        """PUT a body to a presigned URL and return the HTTP status, within so many seconds in all.

        Raises:
            TimeoutError: there was no answer in time, or one that came byte by byte.
            ValueError: the URL is none of CloudFormation's.
        """
        check_response_url(url)
        outcome: list[int | Exception] = []

        def send() -> None:
            try:
                outcome.append(_put(url, body, timeout))
            except Exception as error:  # noqa: BLE001  # raised again below
                outcome.append(error)

        try:
            self.run(send, seconds=timeout)
        except RuntimeError:  # no thread can be started: then without a limit on the whole
            send()
        if not outcome:
            raise TimeoutError("the answer took longer than the time for it")
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def pause(self, seconds: float, *, until: float) -> bool:
        """Sleep, but neither past `until` nor past the time for working; say whether there was any left."""
        left = min(until, self.work_by) - self.now()
        if left <= 0:
            return False
        self.sleep(min(seconds, left))
        return True

    def check_time(self, doing: str) -> None:
        """Go on only while there is time left for working.

        Raises:
            OutOfTimeError: there is none; the message says what was being done.
        """
        if self.now() >= self.work_by:
            raise OutOfTimeError(f"the provider's time was up while {doing}: deploy again")

    def be_patient(self, seconds: float = PROPAGATION_SECONDS) -> None:
        """Wait refusals out that may be IAM spreading, for so long from now.

        Only where a permission or a role may be new: elsewhere a refusal is to be told at once.
        """
        self.patient_until = self.now() + seconds

    def until_permitted(self, call: Callable[[], Result]) -> Result:
        """Make a call, again while the refusal looks like IAM that has not spread yet and patience lasts.

        An explicit deny never heals and fails at once.
        """
        start = self.now()
        delays = iter(PROPAGATION_DELAYS)
        waited = ""
        while True:
            try:
                return call()
            except Exception as error:
                if not may_be_iam_propagation(error):
                    raise
                if not self.pause(next(delays, PROPAGATION_DELAYS[-1]), until=self.patient_until):
                    if waited:
                        error.add_note(waited)
                    raise
            waited = f"still refused after {self.now() - start:.0f} s of waiting for IAM to take effect"

    def before_send(self, operation: str) -> None:
        """Judge a request that is about to leave.

        Raises:
            AbandonedError: the answer was given without waiting for this work.
            ProviderError: the guard forbids it.
        """
        self._still_wanted()
        if not operation.startswith(READING):
            self.guard(operation)
            self._still_wanted()  # the guard asks too, and that may have been what hung

    def drop_guard(self) -> None:
        """Ask nobody any more, for clearing up what is nobody's."""
        self.guard = _let_pass

    def _still_wanted(self) -> None:
        if self.abandoned:
            raise AbandonedError("the time was up and CloudFormation has its answer")


class _PatientClient:
    """A client whose calls are made by `until_permitted`."""

    def __init__(self, client: Any, calls: AwsCalls) -> None:
        self._client = client
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(**parameters: Any) -> Any:
            return self._calls.until_permitted(functools.partial(method, **parameters))

        return call


def check_response_url(url: str) -> None:
    """Let nothing be sent but to https, and to http only where an endpoint override shows that this is not AWS.

    Raises:
        ValueError: anything else; urllib would also open file: and ftp:.
    """
    if url.startswith("https://"):
        return
    overridden = any(name.startswith("AWS_ENDPOINT_URL") and value for name, value in os.environ.items())
    if not (url.startswith("http://") and overridden):
        raise ValueError("the response URL is not https")


def _put(url: str, body: bytes, timeout: float) -> int:
    # The content type is empty because CloudFormation signs the URL for an empty one; any other is answered with
    # SignatureDoesNotMatch. Certificates are checked against the usual authorities (SSL_CERT_FILE included) and those
    # of AWS_CA_BUNDLE, which boto3 honours too.
    authorities = ssl.create_default_context()
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        authorities.load_verify_locations(bundle)
    request = urllib.request.Request(  # noqa: S310  # the scheme is checked by the caller
        url, data=body, method="PUT", headers={"Content-Type": "", "Content-Length": str(len(body))}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=authorities) as response:  # noqa: S310  # https, as check_response_url has seen to
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code


def _let_pass(operation: str) -> None:
    """The guard of a request that needs none."""


def _judge_request(event_name: str, **_: Any) -> None:
    calls: AwsCalls | None = getattr(_invocation, "calls", None)
    if calls is not None:
        calls.before_send(event_name.rpartition(".")[2])


@functools.cache
def _client(service: str) -> Any:
    # Imported on first use: a broken boto3 must become an answer to CloudFormation, not a silent crash.
    import boto3
    from botocore.config import Config

    client: Any = boto3.client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={
                "mode": "standard",
                "total_max_attempts": ATTEMPTS_PER_QUESTION if service == "cloudformation" else ATTEMPTS_PER_CALL,
            },
        ),
    )
    # An attempt of a call that Lambda froze and thaws again, or a retry of one that was superseded, passes here too.
    client.meta.events.register_first("before-send", _judge_request)
    return client
