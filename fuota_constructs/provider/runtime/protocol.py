"""CloudFormation's custom-resource protocol: the request, the answer, its delivery, and what may be logged.

Standard library only and free of business, so that it works when everything else is broken.
Contract: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mark import Mark

# The physical id of a Create that failed and left nothing behind. CloudFormation answers a failed Create with a
# Delete of the id it was told: this one says there is nothing to delete.
CREATE_FAILED = "fuota-constructs:create-failed"
# The same, with the mark of the request behind it, when the provider does not know whether the service made the task:
# the Delete then looks for what this request made.
CREATE_OUTCOME_UNKNOWN = "fuota-constructs:create-outcome-unknown"
# How long CloudFormation waits for an answer where a template does not say (its default for ServiceTimeout).
DEFAULT_SERVICE_TIMEOUT_SECONDS = 3600

MAX_ANSWER_BYTES = 4096  # "the total size of the response body can't exceed 4096 bytes"
DELIVERY_ATTEMPTS = 5
DELIVERY_TIMEOUT_SECONDS = 5
# In this order data are given up when an answer is too long: GetAtt of what is left out fails and says so.
LEAST_NEEDED_DATA = ("Key", "Bucket", "Arn", "Uri", "Id")
LOG_VALUE_CHARACTERS = 2000


class LambdaContext(Protocol):
    """What this provider needs of Lambda's context object."""

    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


class DeliveryCalls(Protocol):
    """The side effects that delivering an answer needs."""

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""

    def jitter(self, seconds: float) -> float:
        """A random share of a delay."""

    def put(self, url: str, body: bytes, *, timeout: float) -> int:
        """PUT a body and return the HTTP status."""


class ProviderError(Exception):
    """A failure whose message says all there is to say, the remedy included."""


class AnswerNotDeliveredError(Exception):
    """CloudFormation could not be told; raised so that Lambda delivers the event again (it does so twice)."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request that succeeded."""

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """One event of CloudFormation.

    `id_if_failed` is the physical id that a failure at this very moment must be answered with: whoever changes what
    exists keeps it true.
    """

    kind: str
    resource_type: str
    stack_id: str
    request_id: str
    logical_id: str
    physical_id: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    response_url: str = field(repr=False)
    mark: Mark
    id_if_failed: str = CREATE_FAILED

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Request":
        """Read an event, whatever it lacks: judging it comes later, when a failure can be answered."""

        def text(name: str) -> str:
            return str(event.get(name) or "")

        def properties(name: str) -> Mapping[str, Any]:
            value = event.get(name)
            return value if isinstance(value, Mapping) else {}

        physical_id = text("PhysicalResourceId")
        return cls(
            kind=text("RequestType"),
            resource_type=text("ResourceType"),
            stack_id=text("StackId"),
            request_id=text("RequestId"),
            logical_id=text("LogicalResourceId"),
            physical_id=physical_id,
            properties=properties("ResourceProperties"),
            old_properties=properties("OldResourceProperties"),
            response_url=text("ResponseURL"),
            mark=Mark.of(text("ResponseURL")),
            # A failed Update or Delete keeps its id: another one would make CloudFormation delete this one.
            id_if_failed=physical_id or CREATE_FAILED,
        )

    @property
    def service_timeout(self) -> int:
        """How many seconds after it was sent CloudFormation stops waiting for the answer."""
        given = str(self.properties.get("ServiceTimeout", ""))
        return int(given) if re.fullmatch("[0-9]{1,4}", given) else DEFAULT_SERVICE_TIMEOUT_SECONDS

    def without_secrets(self, text: str) -> str:
        """Take the response URL and its signature out of a text: whoever has them can answer for this resource."""
        url, _, query = self.response_url.partition("?")
        for secret in (self.response_url, query, url):
            if secret:
                text = text.replace(secret, "[response URL]")
        return text


class Log:
    """JSON lines on standard output, one per happening.

    JSON escapes line breaks, so a value cannot forge a line (CWE-117); only what is passed by name is written.
    """

    def __init__(self, request: Request) -> None:
        self._request = request

    def info(self, message: str, **details: Any) -> None:
        """Write what happened."""
        self._write("INFO", message, details)

    def warning(self, message: str, **details: Any) -> None:
        """Write what went on but needs a look."""
        self._write("WARNING", message, details)

    def error(self, message: str, **details: Any) -> None:
        """Write why the request failed."""
        self._write("ERROR", message, details)

    def _write(self, level: str, message: str, details: Mapping[str, Any]) -> None:
        request = self._request
        line: dict[str, Any] = {
            "level": level,
            "message": message,
            "requestType": request.kind,
            "resourceType": request.resource_type,
            "logicalResourceId": request.logical_id,
            "physicalResourceId": request.physical_id,
            "stackId": request.stack_id,
            "requestId": request.request_id,
            **details,
        }
        shown = {name: self._shown(value) for name, value in line.items() if value not in ("", None)}
        sys.stdout.write(json.dumps(shown, ensure_ascii=True) + "\n")
        sys.stdout.flush()

    def _shown(self, value: Any) -> str | int | float:
        if isinstance(value, int | float):
            return value
        return shortened(self._request.without_secrets(str(value)), LOG_VALUE_CHARACTERS)


def shortened(text: str, characters: int) -> str:
    """A text of at most so many characters, of which both ends are kept: the cause is first, the remedy last."""
    if len(text) <= characters:
        return text
    mark = " ... "
    if characters <= len(mark):
        return text[: max(characters, 0)]
    tail = (characters - len(mark)) // 3
    head = characters - len(mark) - tail
    return text[:head] + mark + text[len(text) - tail :]


def answer_body(request: Request, *, outcome: Outcome | None, reason: str = "") -> bytes:
    """The answer as CloudFormation wants it: a failure with its reason when there is no outcome, 4096 bytes at most."""
    answer: dict[str, Any] = {
        "Status": "SUCCESS" if outcome else "FAILED",
        "PhysicalResourceId": (outcome.physical_id if outcome else "") or request.id_if_failed,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_id,
    }
    if outcome:
        answer["Data"] = dict(outcome.data)
        for name in LEAST_NEEDED_DATA:
            if len(_encoded(answer)) <= MAX_ANSWER_BYTES:
                break
            answer["Data"].pop(name, None)
        return _encoded(answer)
    # Reason is "required if Status is FAILED".
    full = request.without_secrets(reason) or "the provider failed without saying why"
    length = min(len(full), MAX_ANSWER_BYTES)
    answer["Reason"] = shortened(full, length)
    while (excess := len(_encoded(answer)) - MAX_ANSWER_BYTES) > 0 and length:
        # A character takes 6 bytes at most (an escaped control character), so this never cuts more than it must.
        length = max(length - max(excess // 6, 1), 0)
        answer["Reason"] = shortened(full, length)
    return _encoded(answer)


def deliver(request: Request, body: bytes, calls: DeliveryCalls) -> None:
    """PUT the answer until CloudFormation has taken it, five times at most.

    Raises:
        AnswerNotDeliveredError: it was never taken. The message and its causes do not show the URL.
    """
    problem = ""
    for attempt in range(DELIVERY_ATTEMPTS):
        if attempt:
            calls.sleep(calls.jitter(2.0 ** (attempt - 1)))
        try:
            status = calls.put(request.response_url, body, timeout=DELIVERY_TIMEOUT_SECONDS)
        except Exception as error:  # noqa: BLE001  # whatever broke the connection, the answer is still owed
            problem = type(error).__name__  # its text may show the URL
            continue
        if 200 <= status < 300:  # noqa: PLR2004  # 2xx
            return
        problem = f"HTTP {status}"
    raise AnswerNotDeliveredError(
        f"the answer for {request.logical_id} was not taken in {DELIVERY_ATTEMPTS} attempts: {problem}"
    )


def _encoded(answer: Mapping[str, Any]) -> bytes:
    # "replace": a lone surrogate, which JSON can carry and UTF-8 cannot, must not lose the answer.
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
