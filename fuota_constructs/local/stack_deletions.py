"""Deletions of stacks to which something is happening; MiniStack would delete and deploy at the same time.

CloudFormation refuses to delete a stack while it is updated, and does nothing more where it is being deleted. What is
being created it cancels: a custom resource is asked for its deletion though it has not answered yet. The texts are
those that users report from AWS. Other resources are made to their end here, and go then. Belongs to `ministack_host`,
which checks the seams below.
"""

import asyncio
import importlib
from typing import Any

from fuota_constructs.local import failed_resources, stack_refusals
from fuota_constructs.local.functions import custom_resources

_PACKAGE = "ministack.services.cloudformation"
_HANDLERS, _STACKS = f"{_PACKAGE}.handlers", f"{_PACKAGE}.stacks"
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    (_HANDLERS, "_xml", ("status", "root_tag", "inner")),
    *(seam for seam in stack_refusals.SEAMS if seam[0] == _HANDLERS),
    *(seam for seam in failed_resources.SEAMS if seam[1] in {"_stacks", "_deploy_stack_async", "_delete_stack_async"}),
)
_POLL_SECONDS = 0.05
# By the id of the stack.
_creations: set[str] = set()
_deletions: set[str] = set()


def install() -> None:
    """Let one thing happen to a stack at a time; after `failed_resources`, whose part is in each of them."""
    actions, stacks = _module(_HANDLERS)._ACTION_HANDLERS, _module(_STACKS)
    actions["DeleteStack"] = _refusing(actions["DeleteStack"])
    deploy, delete = _noting(stacks._deploy_stack_async), _after_creation(stacks._delete_stack_async)
    for module in (_STACKS, _HANDLERS):
        _module(module)._deploy_stack_async, _module(module)._delete_stack_async = deploy, delete
    _module(f"{_PACKAGE}.changesets")._deploy_stack_async = deploy


def _refusing(act: Any) -> Any:
    handlers = _module(_HANDLERS)

    def refuse_or_act(params: dict[str, Any]) -> Any:
        stack = handlers._resolve_stack(handlers._p(params, "StackName")) or {}
        if stack.get("StackId") in _deletions:
            return handlers._xml(200, "DeleteStackResponse", "")
        status = str(stack.get("StackStatus"))
        if status.startswith("UPDATE_") and status.endswith("_IN_PROGRESS"):
            said = f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
            return handlers._error("ValidationError", said)
        return act(params)

    return refuse_or_act


def _noting(deploy_before: Any) -> Any:
    async def deploy_stack(stack_name: str, stack_id: str, *given: Any, is_update: bool = False, **named: Any) -> None:
        if not is_update:
            _creations.add(stack_id)
        try:
            await deploy_before(stack_name, stack_id, *given, is_update=is_update, **named)
        finally:
            _creations.discard(stack_id)
            if stack_id in _deletions:  # nobody is to take it for what it is meanwhile
                _module(_PACKAGE)._stacks[stack_name]["StackStatus"] = "DELETE_IN_PROGRESS"

    return deploy_stack


def _after_creation(delete_before: Any) -> Any:
    async def delete_stack(stack_name: str, stack_id: str, *given: Any, **named: Any) -> None:
        _deletions.add(stack_id)
        try:
            if stack_id in _creations:
                _module(_PACKAGE)._stacks[stack_name]["StackStatus"] = "DELETE_IN_PROGRESS"
            while stack_id in _creations:
                custom_resources.cancel_creation(stack_id)
                await asyncio.sleep(_POLL_SECONDS)
            await delete_before(stack_name, stack_id, *given, **named)
        finally:
            _deletions.discard(stack_id)

    return delete_stack


def _module(name: str) -> Any:
    return importlib.import_module(name)
