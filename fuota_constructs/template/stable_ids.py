"""Short texts for construct ids that tell constructs from one another and are the same in every synth and Stage."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

if TYPE_CHECKING:
    from constructs import IConstruct


def path_below_stack(scope: IConstruct, id: str) -> str:
    """The path of a construct to be, as the CDK CLI names assets: below the stack that is deployed."""
    if isinstance(scope, cdk.Stack) and not isinstance(scope, cdk.NestedStack):
        return id
    return f"{cdk.Names.stack_relative_construct_path(scope)}/{id}"


class StableIds:
    """The ids that constructs of one stack use for others.

    As in the CDK's own logical ids, the path of a construct counts from its stack, so that the same stack has the same
    ids in every Stage. That of a construct in another stack counts from the Stage when it is the same one, and else
    from the app.
    """

    def __init__(self, stack: cdk.Stack) -> None:
        """Ids for constructs of this stack."""
        self._stack = stack

    def of(self, construct: IConstruct) -> str:
        """Eight hexadecimal digits."""
        path = construct.node.path
        for ancestor, mark in self._ancestors:
            if path.startswith(ancestor):
                path = mark + path.removeprefix(ancestor)
                break
        return hashlib.sha256(path.encode()).hexdigest()[:8]

    @functools.cached_property
    def _ancestors(self) -> list[tuple[str, str]]:
        # The marks keep a path from the Stage apart from the same path from the stack. The path of an app is empty.
        top = self._stack
        while parent := top.nested_stack_parent:
            top = parent
        stage = cast("cdk.Stage", cdk.Stage.of(top)).node.path
        return [(f"{top.node.path}/", ""), (f"{stage}/" if stage else "", "../")]
