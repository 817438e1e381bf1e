"""Custom resources that fail: CloudFormation sends a Delete for what they answered, MiniStack forgets them.

A Create that fails is followed by a Delete: of the rollback, of its cleanup where the stack was being updated, of the
next operation after one without a rollback, or of the deletion of the stack ("Resources without a last known stable
state will be deleted upon the next stack operation": CloudFormation User Guide, stack failure options; that it comes
before anything else there is assumed). Without an answer to name, the id is made up. An Update that fails with another
PhysicalResourceId counts as a replacement: that id is deleted, and nothing is updated back (aws/aws-cdk#22670). The
Update of a rollback may replace too: then the cleanup deletes what it replaced. RollbackStack goes back "to the last
known stable state" (API reference), however many deployments without a rollback failed since.

While a request is under way, the record of the resource says so, as `stack_records` has it for updates. Belongs to
`ministack_host`, which checks the seams below.
"""

import contextlib
import importlib
import secrets
import string
from collections.abc import Iterator
from typing import Any

from fuota_constructs.local import stack_cleanups
from fuota_constructs.local.functions.custom_resources import ResourceError
from fuota_constructs.local.stack_cleanups import Record

_PACKAGE = "ministack.services.cloudformation"
_CUSTOM_RESOURCE = f"{_PACKAGE}.custom_resource"
_STACKS, _HANDLERS, _CHANGE_SETS = f"{_PACKAGE}.stacks", f"{_PACKAGE}.handlers", f"{_PACKAGE}.changesets"
_DEPLOY = (
    *("stack_name", "stack_id", "template", "param_values", "disable_rollback", "tags", "is_update"),
    *("previous_stack", "retain_except_on_create", "imports"),
)
_REQUEST = (
    *("request_type", "logical_id", "props", "stack_name", "stack_id", "resource_type"),
    *("physical_id", "old_props"),
)
_DELETE = ("stack_name", "stack_id", "retain_resources", "force")
_REVERT = (
    *("stack_id", "stack_name", "logical_id", "rtype", "physical_id", "applied_props", "previous_props", "attrs"),
    "record",
)
_CONTINUE = ("stack_name", "stack_id", "resources_to_skip")
_ROLL_BACK = ("stack_name", "stack_id", "stack", "operation", "reason_override")
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_CUSTOM_RESOURCE, "invoke_custom_resource", _REQUEST),
    (_PACKAGE, "_stacks", None),
    *((module, "_deploy_stack_async", _DEPLOY) for module in (_STACKS, _HANDLERS, _CHANGE_SETS)),
    *((module, "_delete_stack_async", _DELETE) for module in (_STACKS, _HANDLERS)),
    *((module, "_roll_back_operation", _ROLL_BACK) for module in (_STACKS, _HANDLERS)),
    *((module, "_continue_update_rollback_async", _CONTINUE) for module in (_STACKS, _HANDLERS)),
    (_STACKS, "_revert_update", _REVERT),
    *stack_cleanups.SEAMS,
)
# On the record of a stack: what an Update that failed left, by logical id.
_REPLACEMENTS = "_failed_replacements"


def install() -> None:
    """Keep what failed, and have it deleted when CloudFormation would."""
    _keep_records()
    stacks = _module(_STACKS)
    _replace("_revert_update", _noting_replacements(stacks._revert_update), _STACKS)
    roll_back = _with_cleanup(_with_failed_ones(stacks._roll_back_operation))
    _replace("_roll_back_operation", roll_back, _STACKS, _HANDLERS)
    go_on = _with_cleanup(stacks._continue_update_rollback_async)
    _replace("_continue_update_rollback_async", go_on, _STACKS, _HANDLERS)
    _replace("_deploy_stack_async", _after_failed_ones(stacks._deploy_stack_async), _STACKS, _HANDLERS, _CHANGE_SETS)
    _replace("_delete_stack_async", _after_failed_replacements(stacks._delete_stack_async), _STACKS, _HANDLERS)


def _keep_records() -> None:
    module = _module(_CUSTOM_RESOURCE)
    invoke_before = module.invoke_custom_resource

    def invoke_custom_resource(*given: Any, **ids: Any) -> Any:
        request = {**dict(zip(_REQUEST, given, strict=False)), **ids}
        stack = _module(_PACKAGE)._stacks.get(request["stack_name"])
        with _ON_RECORD[request["request_type"]](stack, request) if stack else contextlib.nullcontext():
            return invoke_before(*given, **ids)

    module.invoke_custom_resource = invoke_custom_resource


@contextlib.contextmanager
def creating(stack: Record, request: Record) -> Iterator[None]:
    """Have on the record of a stack what a Create is about, and what it left where it fails with a ResourceError."""
    resources, logical_id = stack.setdefault("_resources", {}), request["logical_id"]
    record = resources[logical_id] = _record_of(request, "", "CREATE_IN_PROGRESS")
    try:
        yield
    except Exception as error:
        if isinstance(error, ResourceError) and error.asked:
            record["PhysicalResourceId"] = error.physical_id or _made_up_id(request["stack_name"], logical_id)
            record |= {"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": str(error)}
        else:
            del resources[logical_id]
        raise


@contextlib.contextmanager
def _updating(stack: Record, request: Record) -> Iterator[None]:
    try:
        yield
    except ResourceError as error:
        if error.physical_id not in {None, request["physical_id"]}:
            left = _record_of(request, error.physical_id, "UPDATE_FAILED")
            stack.setdefault(_REPLACEMENTS, {})[request["logical_id"]] = left
        raise


@contextlib.contextmanager
def _deleting(stack: Record, request: Record) -> Iterator[None]:
    record = stack.get("_resources", {}).get(request["logical_id"], {})
    if record.get("PhysicalResourceId") != request["physical_id"]:
        yield
        return
    status, record["ResourceStatus"] = record.get("ResourceStatus"), "DELETE_IN_PROGRESS"
    try:
        yield
    finally:
        record["ResourceStatus"] = status


_ON_RECORD = {"Create": creating, "Update": _updating, "Delete": _deleting}


def _with_failed_ones(roll_back_before: Any) -> Any:
    async def roll_back_operation(
        stack_name: str, stack_id: str, stack: Record, operation: Record, reason_override: str = ""
    ) -> None:
        failed, resources = operation.get("failed_logical_id"), stack.setdefault("_resources", {})
        created, update = operation.get("created", []), operation.get("failed_update")
        if failed and not (operation.get("is_update") or reason_override):
            reason_override = f"The following resource(s) failed to create: [{failed}]. Rollback requested by user."
        if (left := stack.pop(_REPLACEMENTS, {}).get(failed)) and update:
            resources[failed] = left
            # Without properties there is nothing to update back.
            operation = {**operation, "created": [*created, failed], "failed_update": [*update[:3], None, None, None]}
        elif _is_failed_create(resources.get(failed, {})) and failed not in created:
            operation = {**operation, "created": [*created, failed]}
        await roll_back_before(stack_name, stack_id, stack, operation, reason_override)
        if stack["StackStatus"].endswith("ROLLBACK_FAILED"):
            # The deletion of the stack tries once more.
            for logical_id, each in stack.get("_rollback_failed", {}).items():
                if "RevertTo" not in each and logical_id not in stack["_resources"]:
                    given = each["ResourceType"], each["PhysicalResourceId"], each["Properties"]
                    stack["_resources"][logical_id] = stack_cleanups.record_of(logical_id, *given, "DELETE_FAILED")

    return roll_back_operation


def _noting_replacements(revert_before: Any) -> Any:
    async def revert_update(*given: Any) -> None:
        await revert_before(*given)
        revert = dict(zip(_REVERT, given, strict=False))
        if (revert.get("record") or {}).get("PhysicalResourceId") in {None, revert["physical_id"]}:
            return
        ids = revert["logical_id"], revert["rtype"], revert["physical_id"]
        replaced = stack_cleanups.record_of(*ids, revert["applied_props"], "UPDATE_COMPLETE")
        stack_cleanups.put_off(_module(_PACKAGE)._stacks[revert["stack_name"]], replaced)

    return revert_update


def _with_cleanup(roll_back_before: Any) -> Any:
    async def roll_back(stack_name: str, stack_id: str, *given: Any, **named: Any) -> None:
        await roll_back_before(stack_name, stack_id, *given, **named)
        stack = _module(_PACKAGE)._stacks[stack_name]
        if stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE":
            for logical_id in set(stack["_resources"]) - set(stack["_template"]["Resources"]):
                del stack["_resources"][logical_id]
        await stack_cleanups.clean_up(stack)

    return roll_back


def _after_failed_ones(deploy_before: Any) -> Any:
    async def deploy_stack(stack_name: str, stack_id: str, *given: Any, is_update: bool = False, **named: Any) -> None:
        stack = _module(_PACKAGE)._stacks[stack_name]
        before = (named.get("previous_stack") or {}).get("_resources", {})
        if not is_update:
            # What a change set creates gets them when it is through: failed, its deletion would know no policy.
            stack["_template"], stack["_resolved_params"] = given[:2]
        else:
            resources = stack.get("_resources", {})
            for logical_id in [each for each, record in resources.items() if _is_failed_create(record)]:
                before.pop(logical_id, None)
                await stack_cleanups.delete(stack, resources.pop(logical_id))
            await _delete_replacements(stack)
        paused = stack.get("_failed_operation") if is_update else None
        await deploy_before(stack_name, stack_id, *given, is_update=is_update, **named)
        if failed := stack.get("_failed_operation"):
            stack_cleanups.put_off(stack, *(before[name] for name in failed["replaced_ids"]))
            stack["_failed_operation"] = _since_stable(paused, failed)
        else:
            await stack_cleanups.clean_up(stack)

    return deploy_stack


def _since_stable(paused: Record | None, failed: Record) -> Record:
    """What the deployments since the last stable state did, for a rollback to that."""
    if paused is None:
        return failed
    lists = {key: list(dict.fromkeys([*paused[key], *failed[key]])) for key in ("created", "replaced_ids")}
    return {**failed, **{key: paused[key] for key in ("is_update", "previous_stack")}, **lists}


def _after_failed_replacements(delete_before: Any) -> Any:
    async def delete_stack(stack_name: str, stack_id: str, *given: Any, **named: Any) -> None:
        if stack := _module(_PACKAGE)._stacks.get(stack_name):
            stack["StackStatus"] = "DELETE_IN_PROGRESS"
            await _delete_replacements(stack)
            await stack_cleanups.delete_replaced(stack)
        await delete_before(stack_name, stack_id, *given, **named)

    return delete_stack


async def _delete_replacements(stack: Record) -> None:
    for record in stack.pop(_REPLACEMENTS, {}).values():
        await stack_cleanups.delete(stack, record)


def _is_failed_create(record: Record) -> bool:
    return record.get("ResourceStatus") == "CREATE_FAILED"


def _record_of(request: Record, physical_id: str | None, status: str) -> Record:
    return stack_cleanups.record_of(
        request["logical_id"], request["resource_type"], physical_id, request["props"], status
    )


def _made_up_id(stack_name: str, logical_id: str) -> str:
    # What users see of such ids (aws-cloudformation/cloudformation-coverage-roadmap#1814).
    suffix = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(12))
    return f"{stack_name}-{logical_id}-{suffix}"


def _replace(name: str, made: Any, *modules: str) -> None:
    for module in modules:
        setattr(_module(module), name, made)


def _module(name: str) -> Any:
    return importlib.import_module(name)
