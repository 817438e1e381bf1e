"""What the events of an update say, and its cleanup: who watches a deployment sees what happens to which resource.

MiniStack calls everything an update: what is new, and what stays as it is. It deletes in the cleanup without a word,
once, and keeps on record what does not go; CloudFormation says so, tries a custom resource three times and then knows
nothing of it any more (aws-cloudformation/cloudformation-coverage-roadmap#744). Belongs to `ministack_host`, which
checks the seams below.
"""

import contextvars
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fuota_constructs.local import failed_resources
from fuota_constructs.local.functions import custom_resources

_PACKAGE = "ministack.services.cloudformation"
_STACKS = f"{_PACKAGE}.stacks"
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_PACKAGE, "_stacks", None),
    (_PACKAGE, "_stack_events", None),
    *(seam for seam in custom_resources.SEAMS if seam[1] == "_resolve_stack_outputs"),
    *(seam for seam in failed_resources.SEAMS if seam[1] in {"_add_event", "_delete_resource", "_deploy_stack_async"}),
)
ATTEMPTS = 3
_NOT_ALL = "Update successful. One or more resources could not be deleted."


@dataclass
class _Update:
    """An update of a stack that is under way."""

    stack_name: str
    before: Mapping[str, dict[str, Any]]
    phase: str = "forward"
    unchanged: set[str] = field(default_factory=set)
    stays: bool = False


_update: contextvars.ContextVar[_Update | None] = contextvars.ContextVar("update", default=None)


def install() -> None:
    """Say what CloudFormation would; before `failed_resources`, which deletes outside an update."""
    stacks = _module(_STACKS)
    stacks._add_event = _naming(stacks._add_event)
    stacks._update_resource = _noting_what_stays(stacks._update_resource)
    stacks._resolve_stack_outputs = _beginning_cleanup(stacks._resolve_stack_outputs)
    stacks._delete_resource = _cleaning_up(stacks._delete_resource)
    deploy = _watching(stacks._deploy_stack_async)
    for module in (_STACKS, f"{_PACKAGE}.handlers", f"{_PACKAGE}.changesets"):
        _module(module)._deploy_stack_async = deploy


def _watching(deploy_before: Any) -> Any:
    async def deploy_stack(stack_name: str, stack_id: str, *given: Any, is_update: bool = False, **named: Any) -> None:
        # What is imported says for itself what becomes of it.
        before = {**(named.get("previous_stack") or {}).get("_resources", {}), **(named.get("imports") or {})}
        update = _Update(stack_name, before) if is_update else None
        token = _update.set(update)
        try:
            await deploy_before(stack_name, stack_id, *given, is_update=is_update, **named)
        finally:
            _update.reset(token)
        if update and update.stays and update.phase == "cleanup":
            _forget_what_stays(stack_name, stack_id, template=given[0])

    return deploy_stack


def _forget_what_stays(stack_name: str, stack_id: str, *, template: dict[str, Any]) -> None:
    stack = _module(_PACKAGE)._stacks[stack_name]
    for logical_id in [name for name in stack["_resources"] if name not in template["Resources"]]:
        del stack["_resources"][logical_id]
    stack["StackStatusReason"] = _NOT_ALL
    _module(_PACKAGE)._stack_events[stack_id][-1]["ResourceStatusReason"] = _NOT_ALL


def _of(stack_name: str) -> _Update | None:
    # A nested stack is deployed in the context of its parent.
    update = _update.get()
    return update if update and update.stack_name == stack_name else None


def _naming(add_before: Any) -> Any:
    def add_event(stack_id: str, stack_name: str, logical_id: str, *given: Any, **named: Any) -> None:
        resource_type, status, *rest = given
        update = _of(stack_name)
        if update and logical_id == stack_name and "ROLLBACK" in status:
            update.phase = "rollback"
        if update and update.phase == "forward" and logical_id != stack_name and status.startswith("UPDATE_"):
            if logical_id not in update.before:
                status = status.replace("UPDATE_", "CREATE_", 1)
            elif status == "UPDATE_COMPLETE" and logical_id in update.unchanged:
                return
        add_before(stack_id, stack_name, logical_id, resource_type, status, *rest, **named)

    return add_event


def _noting_what_stays(update_before: Any) -> Any:
    def update_resource(*given: Any) -> Any:
        _, _, old, new, stack_name, logical_id, *_ = given
        update = _of(stack_name)
        if update and update.phase == "forward" and old == new:
            update.unchanged.add(logical_id)
            events = _module(_PACKAGE)._stack_events[_module(_PACKAGE)._stacks[stack_name]["StackId"]]
            if events and (events[-1]["LogicalResourceId"], events[-1]["ResourceStatus"]) == (
                logical_id,
                "UPDATE_IN_PROGRESS",
            ):
                events.pop()
        return update_before(*given)

    return update_resource


def _beginning_cleanup(resolve_before: Any) -> Any:
    def resolve_stack_outputs(*given: Any) -> Any:
        outputs = resolve_before(*given)
        stack_name, stack_id = given[-2:]
        if update := _of(stack_name):
            for logical_id, record in given[2].items():
                if logical_id not in update.before:
                    record["ResourceStatus"] = "CREATE_COMPLETE"
                elif logical_id in update.unchanged:
                    record["ResourceStatus"] = update.before[logical_id]["ResourceStatus"]
            stacks, status = _module(_STACKS), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            update.phase = "cleanup"
            _module(_PACKAGE)._stacks[stack_name]["StackStatus"] = status
            stacks._add_event(stack_id, stack_name, stack_name, "AWS::CloudFormation::Stack", status, "", stack_id)
        return outputs

    return resolve_stack_outputs


def _cleaning_up(delete_before: Any) -> Any:
    def delete_resource(resource_type: str, physical_id: str, props: Any, stack_name: str, logical_id: str) -> None:
        given = resource_type, physical_id, props, stack_name, logical_id
        update = _of(stack_name)
        if update is None or update.phase == "forward":
            delete_before(*given)
            return

        def tell(status: str, reason: str = "") -> None:
            if update.phase == "cleanup":
                stack_id = _module(_PACKAGE)._stacks[stack_name]["StackId"]
                _module(_STACKS)._add_event(
                    stack_id, stack_name, logical_id, resource_type, status, reason, physical_id
                )

        for attempt in range(1, ATTEMPTS + 1):
            tell("DELETE_IN_PROGRESS")
            try:
                delete_before(*given)
            except Exception as error:
                if attempt == ATTEMPTS or not custom_resources.is_custom(resource_type):
                    update.stays = True
                    raise
                tell("DELETE_FAILED", str(error))
            else:
                break
        tell("DELETE_COMPLETE")

    return delete_resource


def _module(name: str) -> Any:
    return importlib.import_module(name)
