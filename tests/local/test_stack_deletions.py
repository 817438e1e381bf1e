"""What becomes of a stack that is to be deleted while something is happening to it."""

import json
import re
import urllib.request

import pytest
from told_function import NONE, ToldFunction


def test_the_deletion_of_a_stack_cancels_its_creation(told: ToldFunction, stack: str) -> None:
    resources = {"A": told.resource(), "B": told.resource(after="A", Create=NONE), "C": told.resource(after="B")}
    stack_id = told.stacks.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))["StackId"]
    while len(told.asked(stack)) < 2:
        assert told.stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    for _ in range(2):  # nothing comes of the second
        told.stacks.delete_stack(StackName=stack)
    assert told.settled(stack_id) == "DELETE_COMPLETE"
    assert told.reasons(stack_id, "CREATE_FAILED") == ["Resource creation cancelled"]
    *created, [*deleted, invented, _], last = told.asked(stack)
    assert created == [["Create", "A", None, "1"], ["Create", "B", None, "1"]]
    assert (deleted, last) == (["Delete", "B"], ["Delete", "A", "a", "1"])
    assert re.fullmatch(f"{stack}-B-[A-Z0-9]{{12}}", str(invented))


def test_fails_to_delete_or_update_a_stack_that_is_being_updated(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    waits = {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "3600"},
        },
    }
    body = json.dumps({"Resources": {"A": told.resource("2"), **waits}})
    told.stacks.update_stack(StackName=stack, TemplateBody=body)
    failure = told.stacks.exceptions.ClientError
    with pytest.raises(failure, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        told.stacks.delete_stack(StackName=stack)
    with pytest.raises(failure, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        told.stacks.update_stack(StackName=stack, TemplateBody=body)
    with pytest.raises(failure, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        told.stacks.create_change_set(StackName=stack, ChangeSetName="c", TemplateBody=body)
    while "Handle" not in told.physical_ids(stack):
        assert told.stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "UPDATE_IN_PROGRESS"
    signal = json.dumps({"Status": "SUCCESS", "UniqueId": "1", "Data": "", "Reason": ""}).encode()
    request = urllib.request.Request(told.physical_ids(stack)["Handle"], data=signal, method="PUT")
    request.add_header("Content-Type", "")
    urllib.request.urlopen(request).close()
    assert told.settled(stack) == "UPDATE_COMPLETE"
    assert told.delete(stack) == "DELETE_COMPLETE"
