"""Cleanups of stacks: what was replaced is deleted at the end of an operation, or kept, as its policy says.

What a rollback replaces, and deployments without one, is put off here until the stack is stable again. Belongs to
`ministack_host`, which checks the seams below.
"""

import importlib
from typing import Any

_PACKAGE = "ministack.services.cloudformation"
_STACKS = f"{_PACKAGE}.stacks"
_POLICY = (*("res_def", "attribute", "resources", "params", "conditions", "mappings", "stack_name", "stack_id"),)
_DELETE_RESOURCE = ("resource_type", "physical_id", "props", "stack_name", "logical_id")
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_PACKAGE, "_stack_events", None),
    (_STACKS, "_delete_resource", _DELETE_RESOURCE),
    (_STACKS, "_resource_policy", _POLICY),
    (_STACKS, "_RETAINING_POLICIES", None),
    ("ministack.core.responses", "now_iso", ()),
    (_STACKS, "run_reentrant", ("fn", "args", "thread_name")),
    (
        _STACKS,
        "_add_event",
        (
            *("stack_id", "stack_name", "logical_id", "resource_type", "status", "reason", "physical_id"),
            "detailed_status",
        ),
    ),
)
# On the record of a stack.
_REPLACED = "_replaced"
# The end of an operation, and the state of its cleanup.
_CLEANUPS = {
    "UPDATE_COMPLETE": "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE": "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "ROLLBACK_COMPLETE": "ROLLBACK_IN_PROGRESS",
}

Record = dict[str, Any]


def put_off(stack: Record, *records: Record) -> None:
    """Keep what was replaced, for a cleanup that comes."""
    stack.setdefault(_REPLACED, []).extend(records)


async def clean_up(stack: Record) -> None:
    """Delete what was replaced, at the end of an operation but for its last event: nobody has seen that yet."""
    if stack["StackStatus"] not in _CLEANUPS or not (records := _replaced(stack)):
        return
    events = _module(_PACKAGE)._stack_events[stack["StackId"]]
    status, last = stack["StackStatus"], events.pop()
    stack["StackStatus"] = _CLEANUPS[status]
    await _delete_or_keep(stack, records)
    stack["StackStatus"] = status
    events.append({**last, "Timestamp": _now()})


def _replaced(stack: Record) -> list[Record]:
    """What was replaced, but what the stack went back to."""
    current = {name: record["PhysicalResourceId"] for name, record in stack.get("_resources", {}).items()}
    records = {(each["LogicalResourceId"], each["PhysicalResourceId"]): each for each in stack.pop(_REPLACED, [])}
    return [record for (name, physical_id), record in records.items() if current.get(name) != physical_id]


async def delete_replaced(stack: Record) -> None:
    """Delete it with the stack."""
    await _delete_or_keep(stack, _replaced(stack))


async def _delete_or_keep(stack: Record, records: list[Record]) -> None:
    for record in reversed(records):  # what depends on another goes before it
        if _is_retained(stack, record):
            _tell(stack, record, "DELETE_SKIPPED")
        else:
            await delete(stack, record)


def _is_retained(stack: Record, record: Record) -> bool:
    """Whether the template that the stack has now keeps what is replaced."""
    stacks, template = _module(_STACKS), stack["_template"]
    policy = stacks._resource_policy(
        template["Resources"].get(record["LogicalResourceId"]),
        "UpdateReplacePolicy",
        stack["_resources"],
        stack["_resolved_params"],
        stack.get("_conditions", {}),
        template.get("Mappings", {}),
        stack["StackName"],
        stack["StackId"],
    )
    return policy in stacks._RETAINING_POLICIES


async def delete(stack: Record, record: Record) -> None:
    """Delete a resource, and say so; one that does not go is forgotten."""
    stacks = _module(_STACKS)
    _tell(stack, record, "DELETE_IN_PROGRESS")
    try:
        given = record["ResourceType"], record["PhysicalResourceId"], record["Properties"]
        await stacks.run_reentrant(stacks._delete_resource, *given, stack["StackName"], record["LogicalResourceId"])
    except Exception as error:  # noqa: BLE001  # as in a cleanup, which goes on
        _tell(stack, record, "DELETE_FAILED", str(error))
    else:
        _tell(stack, record, "DELETE_COMPLETE")


def _tell(stack: Record, record: Record, status: str, reason: str = "") -> None:
    ids = stack["StackId"], stack["StackName"], record["LogicalResourceId"], record["ResourceType"]
    _module(_STACKS)._add_event(*ids, status, reason, record["PhysicalResourceId"])


def record_of(logical_id: str, resource_type: str, physical_id: str | None, properties: Any, status: str) -> Record:
    """What is on record of a resource."""
    return {
        "LogicalResourceId": logical_id,
        "ResourceType": resource_type,
        "PhysicalResourceId": physical_id,
        "Properties": properties,
        "ResourceStatus": status,
        "Attributes": {},
        "Timestamp": _now(),
    }


def _now() -> str:
    return str(_module("ministack.core.responses").now_iso())


def _module(name: str) -> Any:
    return importlib.import_module(name)
