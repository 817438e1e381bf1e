"""Custom resources: what is asked of their function, how often, and what becomes of the answer.

A function that ends without an answer to CloudFormation fails with the reason, not with time. On AWS Lambda runs it
twice more, one and two minutes later, and CloudFormation waits for ServiceTimeout, an hour unless the resource says
otherwise (CloudFormation User Guide, AWS::CloudFormation::CustomResource). Here the two repetitions follow at once, and
then nobody waits. Belongs to `ministack_host`, which checks the seams below.
"""

import contextvars
import importlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.functions.custom_resource_answers import LONGEST_REASON, HiddenData, HiddenText, judged
from fuota_constructs.local.functions.workers import FunctionStartError

if TYPE_CHECKING:
    from collections.abc import Callable

_CUSTOM_RESOURCE = "ministack.services.cloudformation.custom_resource"
_STACKS = "ministack.services.cloudformation.stacks"
_ARGUMENTS = ("request_type", "logical_id", "props", "stack_name", "stack_id", "resource_type")
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.services.lambda_svc", "_execute_function_with_config_scope", ("func", "event")),
    (_CUSTOM_RESOURCE, "invoke_custom_resource", (*_ARGUMENTS, "physical_id", "old_props")),
    (_CUSTOM_RESOURCE, "deliver_response", ("token", "response")),
    (_CUSTOM_RESOURCE, "_pending", None),
    (
        _STACKS,
        "_resolve_stack_outputs",
        ("outputs_defs", "conditions", "resources", "param_values", "mappings", "stack_name", "stack_id"),
    ),
    ("ministack.services.cloudformation.engine", "_unknown_attribute_message", ("res", "logical_id", "attr")),
)
ATTEMPTS = 3
LONGEST_SERVICE_TIMEOUT = 3600  # seconds; CloudFormation Template Reference, AWS::CloudFormation::CustomResource
_CANCELLED = {"Status": "FAILED", "Reason": "Resource creation cancelled"}
_ANSWER_PATH = "/_ministack/cfn-response/"

logger = logging.getLogger(__name__)


class ResourceError(Exception):
    """A request for a resource failed: with what its answer named, and whether anything was asked of it."""

    def __init__(self, reason: str, *, physical_id: str | None = None, asked: bool = True) -> None:
        """Take what the stack event says, and what a Delete has to know."""
        super().__init__(reason)
        self.physical_id = physical_id
        self.asked = asked


@dataclass
class _Request:
    """One request to a custom resource, while it is waited for."""

    event: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    cannot_start: bool = False


_request: contextvars.ContextVar[_Request | None] = contextvars.ContextVar("request", default=None)
_requests: dict[str, _Request] = {}  # those that are waited for, by the token of their ResponseURL


def install() -> None:
    """Watch the functions that CloudFormation calls, and what they answer."""
    _watch_requests()
    _watch_functions(give_up=_custom_resources().deliver_response)
    _judge_answers()
    _name_missing_attributes()
    _hide_outputs()


def cancel_creation(stack_id: str) -> None:
    """End the Create of a stack that is waited for; what its function still answers comes too late."""
    for token, request in list(_requests.items()):
        if (request.event["StackId"], request.event["RequestType"]) == (stack_id, "Create"):
            _custom_resources().deliver_response(token, _CANCELLED)


def is_custom(resource_type: str) -> bool:
    """Whether a resource of this type is one."""
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"


def _watch_requests() -> None:
    custom_resources = _custom_resources()
    invoke_before = custom_resources.invoke_custom_resource

    def invoke_custom_resource(*given: Any, **named: Any) -> tuple[str, dict[str, Any]]:
        if problem := _timeout_problem(given[2].get("ServiceTimeout")):
            raise ResourceError(problem, asked=False)
        request = _Request()
        before = _request.set(request)
        try:
            physical_id, data = invoke_before(*given, **named)
        except TimeoutError:
            reason = (
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs for "
                f"requestId [{request.event.get('RequestId')}]"
            )
            raise ResourceError(reason) from None
        except Exception as error:
            asked = bool(request.event) and not request.cannot_start
            answered = request.answer.get("PhysicalResourceId") or None
            raise ResourceError(str(error), asked=asked, physical_id=answered) from error
        finally:
            _request.reset(before)
            _requests.pop(_token(request.event) or "", None)
        return physical_id, data

    custom_resources.invoke_custom_resource = invoke_custom_resource


def _timeout_problem(given: Any) -> str | None:
    if given is None or (str(given).isdecimal() and 1 <= int(given) <= LONGEST_SERVICE_TIMEOUT):
        return None
    return f"Invalid ServiceTimeout: {given} is not an integer from 1 to {LONGEST_SERVICE_TIMEOUT}"


def _watch_functions(give_up: "Callable[[str, dict[str, Any]], bool]") -> None:
    functions = _module("ministack.services.lambda_svc")
    execute_before = functions._execute_function_with_config_scope

    def execute(func: Any, event: Any) -> Any:
        token, request = _token(event), _request.get()
        if token is None or request is None:
            return execute_before(func, event)
        request.event = event
        _requests[token] = request
        result = execute_before(func, event)
        for _ in range(1, ATTEMPTS):
            if not _failed(result) or _is_answered(token) or _cannot_start(result):
                break
            result = execute_before(func, event)
        if _failed(result) and not _is_answered(token):
            request.cannot_start = _cannot_start(result)
            give_up(token, {"Status": "FAILED", "Reason": _ending(event, result)})
        return result

    functions._execute_function_with_config_scope = execute


def _judge_answers() -> None:
    custom_resources = _custom_resources()
    deliver_before = custom_resources.deliver_response

    def deliver_response(token: str, response: Any) -> bool:
        request = _requests.get(token)
        if request is None:
            return False
        if request.answer:
            return True
        request.answer = response if response is _CANCELLED else judged(response, request.event)
        return bool(deliver_before(token, request.answer))

    custom_resources.deliver_response = deliver_response


def _name_missing_attributes() -> None:
    engine = _module("ministack.services.cloudformation.engine")
    message_before = engine._unknown_attribute_message

    def unknown_attribute_message(res: dict[str, Any], logical_id: str, attr: str) -> str:
        if not is_custom(str(res.get("ResourceType"))):
            return str(message_before(res, logical_id, attr))
        return (
            f"CustomResource attribute error: Vendor response doesn't contain {attr} attribute in object {logical_id}"
        )

    engine._unknown_attribute_message = unknown_attribute_message


def _hide_outputs() -> None:
    stacks = _module(_STACKS)
    resolve_before = stacks._resolve_stack_outputs

    def resolve_stack_outputs(outputs_defs: Any, conditions: Any, resources: dict[str, Any], *given: Any) -> Any:
        outputs, exports = resolve_before(outputs_defs, conditions, resources, *given)
        seen = {
            logical_id: {**record, "Attributes": data.masked()}
            for logical_id, record in resources.items()
            if isinstance(data := record.get("Attributes"), HiddenData)
        }
        if seen:
            shown, _ = resolve_before(outputs_defs, conditions, {**resources, **seen}, *given)
            for output, as_shown in zip(outputs, shown, strict=True):
                if (text := as_shown["OutputValue"]) != output["OutputValue"]:
                    output["OutputValue"] = HiddenText(output["OutputValue"], text)
        return outputs, exports

    stacks._resolve_stack_outputs = resolve_stack_outputs


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


def _ending(event: dict[str, Any], result: dict[str, Any]) -> str:
    body = _body(result)
    said = str(body.get("errorMessage") or body.get("message") or "no reason is known")
    if not _cannot_start(result):
        said = f"the function ended {ATTEMPTS} times without an answer to CloudFormation: {said}"
    logger.error("%s %s: %s", event["RequestType"], event["LogicalResourceId"], said)
    return said[:LONGEST_REASON]


def _custom_resources() -> Any:
    return _module(_CUSTOM_RESOURCE)


def _module(name: str) -> Any:
    return importlib.import_module(name)
