"""What CloudFormation refuses of an update at once, and MiniStack takes: it would say good of what cannot be deployed.

The texts are those that users report from AWS. Belongs to `ministack_host`, which checks the seams below.
"""

import contextvars
import importlib
from collections.abc import Callable
from typing import Any

from fuota_constructs.local.functions.custom_resources import is_custom

_PACKAGE = "ministack.services.cloudformation"
_HANDLERS, _CHANGE_SETS = f"{_PACKAGE}.handlers", f"{_PACKAGE}.changesets"
_STACKS, _PROVISIONERS = f"{_PACKAGE}.stacks", f"{_PACKAGE}.provisioners"
_REPLACEMENT_ERROR = ("resource_type", "old_props", "new_props", "physical_id")
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_HANDLERS, "_ACTION_HANDLERS", None),
    (_HANDLERS, "_resolve_stack", ("stack_name",)),
    (_HANDLERS, "_error", ("code", "message", "status")),
    (_HANDLERS, "_p", ("params", "key", "default")),
    (_CHANGE_SETS, "_find_change_set", ("cs_name", "stack_name")),
    *(
        (module, "validate_template_support", ("template", "conditions", "params"))
        for module in (_HANDLERS, _CHANGE_SETS)
    ),
    *((module, "_custom_named_replacement_error", _REPLACEMENT_ERROR) for module in (_STACKS, _PROVISIONERS)),
)
# What --no-rollback leaves: such a stack is updated, without a rollback again, or rolled back.
_PAUSED = ("CREATE_FAILED", "UPDATE_FAILED")
_NOT_UPDATABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED")

Params = dict[str, Any]
_updated: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("updated", default=None)


def install() -> None:
    """Refuse as CloudFormation does."""
    actions = _module(_HANDLERS)._ACTION_HANDLERS
    actions["CreateStack"] = _refusing(actions["CreateStack"], _what_is_there)
    actions["UpdateStack"] = _resuming(_refusing(actions["UpdateStack"], _state_of_an_update))
    actions["CreateChangeSet"] = _refusing(actions["CreateChangeSet"], _state_of_a_change_set)
    actions["ExecuteChangeSet"] = _refusing(actions["ExecuteChangeSet"], _state_of_an_update)
    for module in (_HANDLERS, _CHANGE_SETS):
        _module(module).validate_template_support = _refusing_other_types(_module(module).validate_template_support)
    for module in (_STACKS, _PROVISIONERS):
        refuse_before = _module(module)._custom_named_replacement_error
        _module(module)._custom_named_replacement_error = _refusing_other_tokens(refuse_before)


def _refusing(act: Any, problem: Callable[[Params, dict[str, Any]], tuple[str, str] | None]) -> Any:
    handlers = _module(_HANDLERS)

    def refuse_or_act(params: Params) -> Any:
        stack = handlers._resolve_stack(_stack_name(params)) or {}
        if stack.get("StackStatus", "DELETE_COMPLETE") == "DELETE_COMPLETE":
            return act(params)
        if found := problem(params, stack):
            return handlers._error(*found)
        before = _updated.set(stack)
        try:
            return act(params)
        finally:
            _updated.reset(before)

    return refuse_or_act


def _stack_name(params: Params) -> str:
    text, change_sets = _module(_HANDLERS)._p, _module(_CHANGE_SETS)
    if name := text(params, "StackName"):
        return str(name)
    _, change_set = change_sets._find_change_set(text(params, "ChangeSetName"), "")
    return str(change_set["StackName"]) if change_set else ""


def _resuming(update: Any) -> Any:
    # MiniStack's UpdateStack takes stacks that are complete.
    handlers = _module(_HANDLERS)

    def resume(params: Params) -> Any:
        stack = handlers._resolve_stack(handlers._p(params, "StackName")) or {}
        if (status := stack.get("StackStatus")) not in _PAUSED or _paused_without_a_word(params, stack):
            return update(params)
        stack["StackStatus"] = "UPDATE_COMPLETE"
        answer = update(params)
        if stack["StackStatus"] == "UPDATE_COMPLETE":  # it was refused
            stack["StackStatus"] = status
        return answer

    return resume


def _what_is_there(params: Params, stack: dict[str, Any]) -> tuple[str, str] | None:
    del params
    there = stack["StackStatus"] == "ROLLBACK_COMPLETE"
    return ("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists") if there else None


def _state_of_an_update(params: Params, stack: dict[str, Any]) -> tuple[str, str] | None:
    return _not_updatable(stack) or _paused_without_a_word(params, stack)


def _state_of_a_change_set(params: Params, stack: dict[str, Any]) -> tuple[str, str] | None:
    if _module(_HANDLERS)._p(params, "ChangeSetType") == "CREATE":
        return _what_is_there(params, stack)
    return _not_updatable(stack)


def _not_updatable(stack: dict[str, Any]) -> tuple[str, str] | None:
    status = stack["StackStatus"]
    under_way = status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
    if status not in _NOT_UPDATABLE and not under_way:
        return None
    return "ValidationError", f"Stack:{stack['StackId']} is in {status} state and can not be updated."


def _paused_without_a_word(params: Params, stack: dict[str, Any]) -> tuple[str, str] | None:
    without_rollback = str(_module(_HANDLERS)._p(params, "DisableRollback")).lower() == "true"
    if (status := stack["StackStatus"]) not in _PAUSED or without_rollback:
        return None
    return "ValidationError", (
        f"This stack is currently in a non-terminal [{status}] state. To update the stack from this state, please use "
        "the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the "
        "rollback-stack API"
    )


def _refusing_other_types(validate_before: Any) -> Any:
    def validate(template: dict[str, Any], conditions: Any, params: Any = None) -> None:
        validate_before(template, conditions, params=params)
        there, wanted = (_updated.get() or {}).get("_resources", {}), template.get("Resources", {})
        changed = [
            name
            for name, record in there.items()
            if name in wanted and wanted[name].get("Type") != record["ResourceType"]
        ]
        if changed:
            raise ValueError(
                "Update of resource type is not permitted. The new template modifies resource type of the following "
                f"resources: [{', '.join(changed)}]"
            )

    return validate


def _refusing_other_tokens(refuse_before: Any) -> Any:
    def refuse(resource_type: str, old_props: Any, new_props: Any, physical_id: Any = None) -> Any:
        if is_custom(resource_type) and old_props.get("ServiceToken") != new_props.get("ServiceToken"):
            return "Modifying service token is not allowed."
        return refuse_before(resource_type, old_props, new_props, physical_id)

    return refuse


def _module(name: str) -> Any:
    return importlib.import_module(name)
