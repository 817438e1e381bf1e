"""Nested stacks live as others do: nothing is left of what was replaced, failed or deleted, and policies hold."""

import json
import uuid
from typing import Any

import pytest
from told_function import FAILED, HALF, ToldFunction

from fuota_constructs.local.cloud import LocalCloud


@pytest.fixture
def nested(cloud: LocalCloud) -> Any:
    """Makes a nested stack of resources, with an output `Id`: that of its `A` unless another value is given."""
    s3, bucket = cloud.client("s3"), f"b-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})

    def nested(value: Any = None, **resources: Any) -> dict[str, Any]:
        key = uuid.uuid4().hex
        template = {"Resources": resources, "Outputs": {"Id": {"Value": value or {"Ref": "A"}}}}
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
        url = f"https://s3.{cloud.region}.amazonaws.com/{bucket}/{key}"
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

    return nested


def child_of(told: ToldFunction, stack: str) -> str:
    """The name of the stack that is nested in one."""
    return str(told.physical_ids(stack)["N"]).split("/")[1]


def test_what_an_update_of_a_nested_stack_replaces_is_deleted(told: ToldFunction, stack: str, nested: Any) -> None:
    told.deploy(stack, {"N": nested(A=told.resource())}, Id={"Fn::GetAtt": ["N", "Outputs.Id"]})
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"})
    status = told.deploy(stack, {"N": nested(A=replaced)}, Id={"Fn::GetAtt": ["N", "Outputs.Id"]})
    assert status == "UPDATE_COMPLETE"
    child = child_of(told, stack)
    assert told.asked(child) == [["Create", "A", None, "1"], ["Update", "A", "a", "2"], ["Delete", "A", "a", "1"]]
    [described] = told.stacks.describe_stacks(StackName=stack)["Stacks"]
    assert described["Outputs"][0]["OutputValue"] == "other"


def test_a_nested_stack_hands_on_what_is_not_to_be_echoed(told: ToldFunction, stack: str, nested: Any) -> None:
    secret = told.resource(Create={"Data": {"Key": 7}, "NoEcho": True})
    reader = told.resource({"Fn::Sub": ["key ${Key}", {"Key": {"Fn::GetAtt": ["N", "Outputs.Id"]}}]})
    told.deploy(stack, {"N": nested({"Fn::GetAtt": ["A", "Key"]}, A=secret), "B": reader})
    assert told.asked(stack) == [["Create", "B", None, "key 7"]]
    child = child_of(told, stack)
    assert told.outputs(child) == {"Id": "*****"}
    told.deploy(stack, {"N": nested(A=secret), "B": reader})
    assert told.outputs(child) == {"Id": "a"}


def test_a_nested_stack_that_fails_leaves_nothing(told: ToldFunction, stack: str, nested: Any) -> None:
    failing = nested(A=told.resource(), B=told.resource(after="A", Create=HALF))
    assert told.deploy(stack, {"N": failing}, rollback=False) == "CREATE_FAILED"
    child = child_of(told, stack)
    [reason] = told.reasons(stack, "CREATE_FAILED")[:1]
    assert "was not successfully created: B: Received response status [FAILED] from custom resource" in reason
    told.stacks.rollback_stack(StackName=stack)
    assert told.settled(stack) == "ROLLBACK_COMPLETE"
    assert told.asked(child)[2:] == [["Delete", "B", "half", "1"], ["Delete", "A", "a", "1"]]


def test_a_nested_stack_goes_back_with_its_parent(told: ToldFunction, stack: str, nested: Any) -> None:
    told.deploy(stack, {"N": nested(A=told.resource())})
    failing = nested(A=told.resource("2"), B=told.resource(after="A", Create=HALF))
    assert told.deploy(stack, {"N": failing}) == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Update", "A", "a", "1"]]
    assert told.asked(child_of(told, stack))[1:] == [*asked, ["Delete", "B", "half", "1"]]


def test_fails_to_delete_a_stack_whose_nested_one_does_not_go(told: ToldFunction, stack: str, nested: Any) -> None:
    kept = told.resource(policy={"DeletionPolicy": "Retain"})
    told.deploy(stack, {"N": nested(A=told.resource(Delete=FAILED), K=kept)})
    child = child_of(told, stack)
    assert told.delete(stack) == "DELETE_FAILED"
    [reason] = told.reasons(stack, "DELETE_FAILED")[:1]
    assert "was not successfully deleted: A: Received response status [FAILED]" in reason
    assert sorted(asked[:2] for asked in told.asked(child)) == [["Create", "A"], ["Create", "K"], ["Delete", "A"]]
