"""Tags of any resource, by its ARN."""

from __future__ import annotations

from fuota_constructs.local.iotwireless.errors import ServiceError
from fuota_constructs.local.iotwireless.operations import Answer, Call, operation
from fuota_constructs.local.iotwireless.store import tags_of

MOST_TAGS = 200  # of one resource (shape TagList)


@operation("TagResource")
def tag_resource(call: Call) -> Answer:
    """Add or replace tags."""
    arn = call.request["ResourceArn"]
    resource = call.state.find_by_arn(arn)
    tags = {**resource.tags, **tags_of(call.request["Tags"])}
    if len(tags) > MOST_TAGS:
        message = f"{arn} would have {len(tags)} tags; a resource has at most {MOST_TAGS}"
        raise ServiceError("TooManyTagsException", message, ResourceName=arn)
    resource.tags = tags
    return None


@operation("UntagResource")
def untag_resource(call: Call) -> Answer:
    """Remove tags; a key the resource does not have is no error (assumed)."""
    resource = call.state.find_by_arn(call.request["ResourceArn"])
    resource.tags = {key: value for key, value in resource.tags.items() if key not in call.request["TagKeys"]}
    return None


@operation("ListTagsForResource")
def list_tags_for_resource(call: Call) -> Answer:
    """List the tags of a resource."""
    resource = call.state.find_by_arn(call.request["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in resource.tags.items()]}
