"""The permissions of IoT Wireless under IAM: what a request needs, what was asked for, and what was denied.

MiniStack evaluates policies and knows the actions of the service from its routes, but not its resources, their tags, or
what an action needs besides. Belongs to `ministack_host`, which checks the seams below.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.guard import SERVICE
from fuota_constructs.local.iam_resources import permissions, resource_tag_keys
from fuota_constructs.local.listed_resources import first_listed

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless import IotWirelessService

_APP, _RESPONSES = "ministack.app", "ministack.core.responses"
_ACTIONS, _EVALUATOR = "ministack.core.iam_actions", "ministack.core.iam_evaluator"
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_APP, "extract_access_key_id", ("headers", "query_params")),
    (_RESPONSES, "get_account_id", ()),
    (_RESPONSES, "get_region", ()),
    (
        _ACTIONS,
        "extract_resource_arn",
        ("service", "method", "path", "headers", "body", "query_params", "region", "account_id"),
    ),
    (
        _EVALUATOR,
        "enforce",
        ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
    ),
    (_ACTIONS, "identity_denial_message", ("action", "principal_arn", "resource", "explicit_deny")),
    (_ACTIONS, "request_tag_context", ("service", "iam_action", "body", "params")),
    (_EVALUATOR, "is_root_access_key", ("access_key_id",)),
    (_EVALUATOR, "resolve_principal", None),
)

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Answer]]


def install(service: IotWirelessService, decisions: list[dict[str, Any]]) -> Handler:
    """Have IAM know the resources of the service, and say what it decides; answers the handler that asks for all."""
    _know_resources()
    _record_decisions(service, decisions)
    service.pass_role = _pass_role_denial

    async def checked(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, list[str]]
    ) -> Answer:
        # MiniStack has checked the first permission of the request; AWS asks for the others as well.
        access_key = _module(_APP).extract_access_key_id(headers, query_params)
        account, region = _module(_RESPONSES).get_account_id(), _module(_RESPONSES).get_region()
        needed = permissions(method=method, path=path, query=query_params, body=body, region=region, account=account)
        for action, resource in needed[1:]:
            # iotwireless:TagResource for the tags of a new resource has them as aws:RequestTag and aws:TagKeys, too.
            tags = _module(_ACTIONS).request_tag_context(SERVICE, needed[0].action, body, query_params)
            if denied := _module(_EVALUATOR).enforce(
                access_key, action, SERVICE, region, resource_arn=resource, service_context=tags
            ):
                headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
                return 403, headers, json.dumps({"Message": _denial(denied, action, resource)}).encode()
        return await service.handle(method, path, headers, body, query_params)

    return checked


def _know_resources() -> None:
    actions = _module(_ACTIONS)
    extract_before = actions.extract_resource_arn

    def extract_resource_arn(*arguments: Any) -> str:
        service, method, path, _, body, query_params, region, account = arguments
        if service != SERVICE:
            # AWS has no bus in the ARN of a rule on the default bus; MiniStack's own rules have none either.
            found = str(extract_before(*arguments)).replace(":rule/default/", ":rule/")
            return first_listed(service, body, region, account) or found
        needed = permissions(method=method, path=path, query=query_params, body=body, region=region, account=account)
        return needed[0].resource if needed else "*"

    actions.extract_resource_arn = extract_resource_arn


def _record_decisions(service: IotWirelessService, decisions: list[dict[str, Any]]) -> None:
    evaluator = _module(_EVALUATOR)
    enforce_before = evaluator.enforce
    signature = inspect.signature(enforce_before)

    def enforce(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        asked = bound.arguments
        if asked["service"] == SERVICE:
            tags = service.tags_of(asked.get("resource_arn", "*"))
            asked["service_context"] = {**(asked.get("service_context") or {}), **resource_tag_keys(tags)}
        denied = enforce_before(*bound.args, **bound.kwargs)
        access_key = asked["access_key_id"]
        if not evaluator.is_root_access_key(access_key):
            account = _module(_RESPONSES).get_account_id()
            decision = {
                "principal": getattr(evaluator.resolve_principal(access_key, account), "arn", "unknown"),
                "action": asked["iam_action"],
                "resource": asked.get("resource_arn", "*"),
                "allowed": denied is None,
            }
            decisions.append(decision)
        return denied

    evaluator.enforce = enforce


def _pass_role_denial(passed: Any) -> str | None:
    # Assumed: the key iam:PassedToService is all that AWS sends along for this service.
    denied = _module(_EVALUATOR).enforce(
        passed.caller.access_key_id,
        "iam:PassRole",
        "iam",
        _module(_RESPONSES).get_region(),
        resource_arn=passed.role_arn,
        service_context={"iam:PassedToService": "iotwireless.amazonaws.com"},
    )
    return None if denied is None else _denial(denied, "iam:PassRole", passed.role_arn)


def _denial(denied: Any, action: str, resource: str) -> str:
    principal, by_a_deny = getattr(denied, "principal_arn", "unknown"), getattr(denied, "decision", "") == "Deny"
    return str(_module(_ACTIONS).identity_denial_message(action, principal, resource, by_a_deny))


def _module(name: str) -> Any:
    return importlib.import_module(name)
