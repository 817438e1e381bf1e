"""What CloudFormation refuses of an update."""

import json
from typing import Any

import pytest
from told_function import HALF, ToldFunction

from fuota_constructs.local.cloud import LocalCloud


def change_set(told: ToldFunction, stack: str, resources: dict[str, Any]) -> str:
    """Create a change set for a stack that is there; answer its id."""
    body = json.dumps({"Resources": resources})
    made = told.stacks.create_change_set(StackName=stack, ChangeSetName="c", TemplateBody=body)
    return str(made["Id"])


def test_fails_to_give_a_custom_resource_another_function(told: ToldFunction, cloud: LocalCloud, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    assert told.deploy(stack, {"A": ToldFunction(cloud).resource()}) == "UPDATE_ROLLBACK_COMPLETE"
    assert told.reasons(stack, "UPDATE_FAILED") == ["Modifying service token is not allowed."]
    assert told.asked(stack) == [["Create", "A", None, "1"]]


@pytest.mark.parametrize("how", ["at once", "by change set"])
def test_fails_to_make_another_type_of_a_resource(told: ToldFunction, stack: str, how: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    other = {"A": {**told.resource(), "Type": "Custom::Other"}}
    with pytest.raises(told.stacks.exceptions.ClientError, match="resource type of the following resources: \\[A\\]"):
        told.deploy(stack, other) if how == "at once" else change_set(told, stack, other)
    assert told.settled(stack) == "CREATE_COMPLETE"


def test_fails_to_update_a_stack_that_was_taken_back(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(Create=HALF)})
    with pytest.raises(told.stacks.exceptions.ClientError, match="in ROLLBACK_COMPLETE state and can not be updated"):
        told.deploy(stack, {"A": told.resource()})
    with pytest.raises(told.stacks.exceptions.ClientError, match="in ROLLBACK_COMPLETE state and can not be updated"):
        change_set(told, stack, {"A": told.resource()})
    with pytest.raises(told.stacks.exceptions.AlreadyExistsException):
        told.stacks.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": {"A": told.resource()}}))


def test_a_stack_that_failed_without_a_rollback_goes_on(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(), "B": told.resource(after="A", Create=HALF)}, rollback=False)
    mended = {"A": told.resource(), "B": told.resource("2", after="A")}
    with pytest.raises(told.stacks.exceptions.ClientError, match="in a non-terminal \\[CREATE_FAILED\\] state"):
        told.deploy(stack, mended)
    made = change_set(told, stack, mended)
    with pytest.raises(told.stacks.exceptions.ClientError, match="in a non-terminal \\[CREATE_FAILED\\] state"):
        told.stacks.execute_change_set(ChangeSetName=made)
    assert told.deploy(stack, mended, rollback=False) == "UPDATE_COMPLETE"
    assert told.asked(stack)[2:] == [["Delete", "B", "half", "1"], ["Create", "B", None, "2"]]


def test_a_rollback_goes_back_before_all_that_failed_without_one(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    failing = {"B": told.resource(after="A", Create=HALF)}
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"})
    assert told.deploy(stack, {"A": replaced, **failing}, rollback=False) == "UPDATE_FAILED"
    assert told.deploy(stack, {"A": told.resource("3"), **failing}, rollback=False) == "UPDATE_FAILED"
    told.stacks.rollback_stack(StackName=stack)
    assert told.settled(stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert told.physical_ids(stack) == {"A": "a"}
    deleted = [asked[1:3] for asked in told.asked(stack) if asked[0] == "Delete"]
    assert sorted(deleted) == [["A", "other"], ["B", "half"], ["B", "half"]]


def test_what_was_replaced_without_a_rollback_goes_when_all_is_well(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"})
    told.deploy(stack, {"A": replaced, "B": told.resource(after="A", Create=HALF)}, rollback=False)
    assert told.deploy(stack, {"A": replaced, "B": told.resource(after="A")}, rollback=False) == "UPDATE_COMPLETE"
    assert told.asked(stack)[-1] == ["Delete", "A", "a", "1"]
    assert told.physical_ids(stack) == {"A": "other", "B": "b"}
