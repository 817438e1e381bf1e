"""Records of stack resources: while one is being changed its record says so, as CloudFormation's does.

MiniStack's says it at the end only, and the provider asks whether its answer is still waited for. Belongs to
`ministack_host`, which checks the seams below.
"""

import functools
import importlib
from typing import Any

_STACKS = "ministack.services.cloudformation.stacks"
_ARGUMENTS = ("resource_type", "physical_id", "old_props", "new_props", "stack_name", "logical_id", "old_attrs")
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.services.cloudformation", "_stacks", None),
    (_STACKS, "_update_resource", _ARGUMENTS),
)


def install() -> None:
    """Keep the records while a resource is updated, a rollback's included."""
    stacks: Any = importlib.import_module(_STACKS)
    records: Any = importlib.import_module("ministack.services.cloudformation")
    update = stacks._update_resource

    @functools.wraps(update)
    def update_on_record(*given: Any) -> Any:
        named = dict(zip(_ARGUMENTS, given, strict=False))
        stack = records._stacks.get(named["stack_name"]) or {}
        record = stack.get("_resources", {}).get(named.get("logical_id"))
        if record is None:
            return update(*given)
        before = record.get("ResourceStatus")
        record["ResourceStatus"] = "UPDATE_IN_PROGRESS"
        try:
            return update(*given)
        finally:
            record["ResourceStatus"] = before

    stacks._update_resource = update_on_record
