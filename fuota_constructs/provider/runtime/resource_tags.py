"""The tags of tasks and multicast groups, by their ARN."""

from collections.abc import Collection, Mapping
from typing import Any

from aws_calls import AwsCalls
from service_answers import gone_is_fine


def tags(arn: str, calls: AwsCalls) -> dict[str, str]:
    """The tags of a resource, none if there is no such resource."""
    with gone_is_fine():
        answer = calls.iotwireless.list_tags_for_resource(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
    return {}


def tag(arn: str, tags: Mapping[str, str], calls: AwsCalls) -> None:
    """Add tags to a resource, or change them."""
    if tags:
        calls.iotwireless.tag_resource(ResourceArn=arn, Tags=tag_list(tags))


def untag(arn: str, keys: Collection[str], calls: AwsCalls) -> None:
    """Take tags off a resource; none is no error."""
    if keys:
        with gone_is_fine():
            calls.iotwireless.untag_resource(ResourceArn=arn, TagKeys=list(keys))


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    """Tags in the shape of the API."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
