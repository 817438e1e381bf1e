"""Tags that a stack gives to a bucket are the bucket's, as on AWS."""

import json
import uuid

import pytest

from fuota_constructs.local.bucket_tags import tagging
from fuota_constructs.local.cloud import LocalCloud


def test_a_bucket_has_the_tags_of_its_stack(cloud: LocalCloud) -> None:
    stacks, s3, name = cloud.client("cloudformation"), cloud.client("s3"), f"b-{uuid.uuid4().hex}"

    def template(**tags: str) -> str:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        properties = {"BucketName": name, **({"Tags": listed} if listed else {})}
        return json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}})

    stacks.create_stack(StackName=name, TemplateBody=template(fleet="street", quoted="a <b> & c"))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    expected = [{"Key": "fleet", "Value": "street"}, {"Key": "quoted", "Value": "a <b> & c"}]
    assert sorted(s3.get_bucket_tagging(Bucket=name)["TagSet"], key=str) == expected

    stacks.update_stack(StackName=name, TemplateBody=template(fleet="meters"))
    stacks.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "fleet", "Value": "meters"}]

    stacks.update_stack(StackName=name, TemplateBody=template())
    stacks.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=name)


def test_a_number_for_a_value_is_its_text() -> None:
    assert b"<Value>7</Value>" in tagging([{"Key": "revision", "Value": 7}])
