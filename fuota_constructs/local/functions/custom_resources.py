"""Custom resources whose function ends without an answer to CloudFormation: they fail with the reason, not with time.

On AWS Lambda runs such a function twice more, one and two minutes later, and CloudFormation waits for ServiceTimeout,
an hour unless the resource says otherwise (CloudFormation User Guide, AWS::CloudFormation::CustomResource). Here the
two repetitions follow at once, and then nobody waits. Belongs to `ministack_host`, which checks the seams below.
"""

import importlib
import json
import logging
from typing import Any

from fuota_constructs.local.functions.workers import FunctionStartError

SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.services.lambda_svc", "_execute_function_with_config_scope", ("func", "event")),
    ("ministack.services.cloudformation.custom_resource", "deliver_response", ("token", "response")),
    ("ministack.services.cloudformation.custom_resource", "_pending", None),
)
ATTEMPTS = 3
MOST_ANSWER_BYTES = 4096  # CloudFormation User Guide, custom resource response objects
LONGEST_REASON = 2000
_ANSWER_PATH = "/_ministack/cfn-response/"

logger = logging.getLogger(__name__)


def install() -> None:
    """Watch the functions that CloudFormation calls."""
    functions = _module("ministack.services.lambda_svc")
    execute_before = functions._execute_function_with_config_scope

    def execute(func: Any, event: Any) -> Any:
        result = execute_before(func, event)
        token = _token(event)
        if token is None:
            return result
        for _ in range(1, ATTEMPTS):
            if not _failed(result) or _is_answered(token) or _cannot_start(result):
                break
            result = execute_before(func, event)
        if _failed(result) and not _is_answered(token):
            _answer(token, event, result)
        return result

    functions._execute_function_with_config_scope = execute
    _refuse_long_answers()


def _refuse_long_answers() -> None:
    custom_resources = _custom_resources()
    deliver_before = custom_resources.deliver_response

    def deliver_response(token: str, response: dict[str, Any]) -> bool:
        # As short as its JSON can be: what was sent is no shorter.
        size = len(json.dumps(response, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
        if size > MOST_ANSWER_BYTES:
            reason = f"Response object is too long: {size} bytes, CloudFormation takes {MOST_ANSWER_BYTES}"
            response = {"Status": "FAILED", "Reason": reason}
        return bool(deliver_before(token, response))

    custom_resources.deliver_response = deliver_response


def _token(event: Any) -> str | None:
    """The token in the ResponseURL of an event of CloudFormation; None for any other."""
    url = event.get("ResponseURL") if isinstance(event, dict) and "LogicalResourceId" in event else None
    before, found, token = str(url).partition(_ANSWER_PATH)
    return token if before and found else None


def _failed(result: Any) -> bool:
    return isinstance(result, dict) and bool(result.get("error"))


def _cannot_start(result: dict[str, Any]) -> bool:
    return _body(result).get("errorType") == FunctionStartError.__name__


def _body(result: dict[str, Any]) -> dict[str, Any]:
    body = result.get("body")
    return body if isinstance(body, dict) else {}


def _is_answered(token: str) -> bool:
    entry = _custom_resources()._pending.get(token)
    return entry is None or entry["event"].is_set()


def _answer(token: str, event: dict[str, Any], result: dict[str, Any]) -> None:
    body = _body(result)
    said = str(body.get("errorMessage") or body.get("message") or "no reason is known")
    if not _cannot_start(result):
        said = f"the function ended {ATTEMPTS} times without an answer to CloudFormation: {said}"
    logger.error("%s %s: %s", event["RequestType"], event["LogicalResourceId"], said)
    failed = {"Status": "FAILED", "Reason": said[:LONGEST_REASON]}
    _custom_resources().deliver_response(token, failed)


def _custom_resources() -> Any:
    return _module("ministack.services.cloudformation.custom_resource")


def _module(name: str) -> Any:
    return importlib.import_module(name)
