"""Tags of bare resources, which unlike the CDK's own have no tag manager."""

from __future__ import annotations

import aws_cdk as cdk


def stack_tags(stack: cdk.Stack) -> dict[str, str]:
    """The tags a stack is made with, and those of the stacks it is nested in.

    CloudFormation puts them on every resource of the stack that can be tagged, but not on custom resources.
    """
    parent = stack.nested_stack_parent if isinstance(stack, cdk.NestedStack) else None
    return {**(stack_tags(parent) if parent else {}), **stack.tags.tag_values()}


class ResourceTags:
    """The tag manager of one construct's resources, made when the CDK first asks for it.

    It asks only where something is tagged, and every tag manager costs round trips to the CDK.
    """

    def __init__(self, *resources: cdk.CfnResource, of_type: str) -> None:
        """Render the tags as the property `Tags` of the resources."""
        self._resources, self._type = resources, of_type
        self._manager: cdk.TagManager | None = None

    @property
    def manager(self) -> cdk.TagManager:
        """What `cdk_tag_manager` answers with."""
        if self._manager is None:
            self._manager = cdk.TagManager(cdk.TagType.KEY_VALUE, self._type)
            for resource in self._resources:
                resource.add_property_override("Tags", self._manager.rendered_tags)
        return self._manager

    @property
    def values(self) -> dict[str, str]:
        """The tags by key."""
        return dict(self._manager.tag_values()) if self._manager else {}
