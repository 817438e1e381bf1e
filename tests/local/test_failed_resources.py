"""Custom resources that fail: what CloudFormation asks of them afterwards, so that nothing is left."""

import json
import re

import pytest
from told_function import FAILED, HALF, ToldFunction


def test_what_a_failed_create_left_is_deleted_when_the_stack_is_taken_back(told: ToldFunction, stack: str) -> None:
    resources = {"A": told.resource(), "B": told.resource(after="A", Create=HALF)}
    assert told.deploy(stack, resources) == "ROLLBACK_COMPLETE"
    asked = [["Create", "A", None, "1"], ["Create", "B", None, "1"], ["Delete", "B", "half", "1"]]
    assert told.asked(stack) == [*asked, ["Delete", "A", "a", "1"]]
    [reason] = told.reasons(stack, "CREATE_FAILED")
    expected = (
        "Received response status [FAILED] from custom resource. Message returned: the volcano erupted (RequestId: "
    )
    assert reason.startswith(expected)
    [reason] = told.reasons(stack, "ROLLBACK_IN_PROGRESS")
    assert reason == "The following resource(s) failed to create: [B]. Rollback requested by user."


def test_what_a_failed_create_left_is_deleted_when_an_update_is_taken_back(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    status = told.deploy(stack, {"A": told.resource("2"), "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Update", "A", "a", "1"]]
    assert told.asked(stack)[1:] == [*asked, ["Delete", "B", "half", "1"]]
    assert told.physical_ids(stack) == {"A": "a"}


def test_a_create_that_names_nothing_is_deleted_under_an_id_that_is_made_up(told: ToldFunction, stack: str) -> None:
    nameless = {**FAILED, "PhysicalResourceId": None}
    assert told.deploy(stack, {"A": told.resource(Create=nameless)}) == "ROLLBACK_COMPLETE"
    kind, _, physical_id, _ = told.asked(stack)[-1]
    assert kind == "Delete"
    assert re.fullmatch(rf"{stack}-A-[A-Z0-9]{{12}}", str(physical_id))


def test_a_replacement_that_failed_is_deleted_and_nothing_is_updated_back(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    other = {**FAILED, "PhysicalResourceId": "other"}
    assert told.deploy(stack, {"A": told.resource("2", Update=other)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert told.asked(stack)[1:] == [["Update", "A", "a", "2"], ["Delete", "A", "other", "2"]]
    assert told.physical_ids(stack) == {"A": "a"}


def test_a_replacement_is_deleted_when_the_update_is_taken_back(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"})
    status = told.deploy(stack, {"A": replaced, "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Delete", "B", "half", "1"]]
    assert told.asked(stack)[1:] == [*asked, ["Delete", "A", "other", "2"]]
    assert told.physical_ids(stack) == {"A": "a"}


@pytest.mark.parametrize("then", ["delete", "roll back"])
def test_without_a_rollback_a_failed_create_waits_for_what_comes(told: ToldFunction, stack: str, then: str) -> None:
    status = told.deploy(stack, {"A": told.resource(Create=HALF)}, rollback=False)
    assert status == "CREATE_FAILED"
    assert told.asked(stack) == [["Create", "A", None, "1"]]
    assert told.physical_ids(stack) == {"A": "half"}
    if then == "delete":
        assert told.delete(stack) == "DELETE_COMPLETE"
    else:
        told.stacks.rollback_stack(StackName=stack)
        assert told.settled(stack) == "ROLLBACK_COMPLETE"
    assert told.asked(stack)[1:] == [["Delete", "A", "half", "1"]]


def test_a_stack_that_could_not_be_taken_back_is_deleted_with_what_is_left(told: ToldFunction, stack: str) -> None:
    stuck = told.resource(Create=HALF, Delete=FAILED)
    assert told.deploy(stack, {"A": stuck}) == "ROLLBACK_FAILED"
    assert told.delete(stack) == "DELETE_FAILED"
    assert told.asked(stack)[1:] == 2 * [["Delete", "A", "half", "1"]]
    assert told.delete(stack, RetainResources=["A"]) == "DELETE_COMPLETE"
    assert len(told.asked(stack)) == 3


def test_what_the_rollback_itself_replaces_is_deleted(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(Update={"PhysicalResourceId": "other"})})
    status = told.deploy(stack, {"A": told.resource("2"), "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Update", "A", "a", "1"]]
    assert told.asked(stack)[1:] == [*asked, ["Delete", "B", "half", "1"], ["Delete", "A", "a", "2"]]
    assert told.physical_ids(stack) == {"A": "other"}


def test_a_rollback_that_goes_on_deletes_what_it_replaces(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(Update={"PhysicalResourceId": "other"}), "B": told.resource(Update=FAILED)})
    failing = {"A": told.resource("2"), "B": told.resource("2", after="A"), "C": told.resource(after="B", Create=HALF)}
    assert told.deploy(stack, failing) == "UPDATE_ROLLBACK_FAILED"
    told.stacks.continue_update_rollback(StackName=stack, ResourcesToSkip=["B"])
    assert told.settled(stack) == "UPDATE_ROLLBACK_COMPLETE"
    assert told.asked(stack)[-2:] == [["Delete", "C", "half", "1"], ["Delete", "A", "a", "2"]]
    assert told.physical_ids(stack) == {"A": "other", "B": "b"}


def test_a_stack_whose_rollback_is_stuck_is_deleted_with_all_that_is_left(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(Update={"PhysicalResourceId": "other"}), "B": told.resource(Update=FAILED)})
    stuck = told.resource(after="B", Create=HALF, Delete=FAILED)
    failing = {"A": told.resource("2"), "B": told.resource("2", after="A"), "C": stuck}
    assert told.deploy(stack, failing) == "UPDATE_ROLLBACK_FAILED"
    assert told.physical_ids(stack) == {"A": "other", "B": "b", "C": "half"}
    assert told.delete(stack) == "DELETE_FAILED"
    deleted = {asked[2] for asked in told.asked(stack) if asked[0] == "Delete"}
    assert deleted == {"a", "other", "b", "half"}
    assert told.physical_ids(stack) == {"C": "half"}


def test_policies_hold_where_the_change_set_that_made_a_stack_failed(told: ToldFunction, stack: str) -> None:
    kept = told.resource(after="A", policy={"DeletionPolicy": "Retain"})
    resources = {"A": told.resource(), "K": kept, "B": told.resource(after="K", Create=HALF)}
    body = json.dumps({"Resources": resources})
    given = {"StackName": stack, "ChangeSetName": "c"}
    told.stacks.create_change_set(**given, TemplateBody=body, ChangeSetType="CREATE")
    told.stacks.execute_change_set(**given, DisableRollback=True)
    assert told.settled(stack) == "CREATE_FAILED"
    assert told.delete(stack) == "DELETE_COMPLETE"
    assert [asked[:3] for asked in told.asked(stack)[3:]] == [["Delete", "B", "half"], ["Delete", "A", "a"]]
