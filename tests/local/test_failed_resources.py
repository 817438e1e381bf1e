"""Custom resources that fail: what CloudFormation asks of them afterwards, so that nothing is left."""

import re
import uuid

import pytest
from told_function import FAILED, ToldFunction

from fuota_constructs.local.cloud import LocalCloud

HALF = {**FAILED, "PhysicalResourceId": "half"}


@pytest.fixture(scope="module")
def told(cloud: LocalCloud) -> ToldFunction:
    return ToldFunction(cloud)


@pytest.fixture
def name() -> str:
    return f"s-{uuid.uuid4().hex}"


def test_what_a_failed_create_left_is_deleted_when_the_stack_is_taken_back(told: ToldFunction, name: str) -> None:
    resources = {"A": told.resource(), "B": told.resource(after="A", Create=HALF)}
    assert told.deploy(name, resources) == "ROLLBACK_COMPLETE"
    asked = [["Create", "A", None, "1"], ["Create", "B", None, "1"], ["Delete", "B", "half", "1"]]
    assert told.asked(name) == [*asked, ["Delete", "A", "a", "1"]]
    [reason] = told.reasons(name, "CREATE_FAILED")
    expected = (
        "Received response status [FAILED] from custom resource. Message returned: the volcano erupted (RequestId: "
    )
    assert reason.startswith(expected)
    [reason] = told.reasons(name, "ROLLBACK_IN_PROGRESS")
    assert reason == "The following resource(s) failed to create: [B]. Rollback requested by user."


def test_what_a_failed_create_left_is_deleted_when_an_update_is_taken_back(told: ToldFunction, name: str) -> None:
    told.deploy(name, {"A": told.resource()})
    status = told.deploy(name, {"A": told.resource("2"), "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Update", "A", "a", "1"]]
    assert told.asked(name)[1:] == [*asked, ["Delete", "B", "half", "1"]]
    assert told.physical_ids(name) == {"A": "a"}


def test_a_create_that_names_nothing_is_deleted_under_an_id_that_is_made_up(told: ToldFunction, name: str) -> None:
    nameless = {**FAILED, "PhysicalResourceId": None}
    assert told.deploy(name, {"A": told.resource(Create=nameless)}) == "ROLLBACK_COMPLETE"
    kind, _, physical_id, _ = told.asked(name)[-1]
    assert kind == "Delete"
    assert re.fullmatch(rf"{name}-A-[A-Z0-9]{{12}}", str(physical_id))


def test_a_replacement_that_failed_is_deleted_and_nothing_is_updated_back(told: ToldFunction, name: str) -> None:
    told.deploy(name, {"A": told.resource()})
    other = {**FAILED, "PhysicalResourceId": "other"}
    assert told.deploy(name, {"A": told.resource("2", Update=other)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert told.asked(name)[1:] == [["Update", "A", "a", "2"], ["Delete", "A", "other", "2"]]
    assert told.physical_ids(name) == {"A": "a"}


def test_a_replacement_is_deleted_when_the_update_is_taken_back(told: ToldFunction, name: str) -> None:
    told.deploy(name, {"A": told.resource()})
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"})
    status = told.deploy(name, {"A": replaced, "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Delete", "B", "half", "1"]]
    assert told.asked(name)[1:] == [*asked, ["Delete", "A", "other", "2"]]
    assert told.physical_ids(name) == {"A": "a"}


@pytest.mark.parametrize("then", ["delete", "roll back"])
def test_without_a_rollback_a_failed_create_waits_for_what_comes(told: ToldFunction, name: str, then: str) -> None:
    status = told.deploy(name, {"A": told.resource(Create=HALF)}, rollback=False)
    assert status == "CREATE_FAILED"
    assert told.asked(name) == [["Create", "A", None, "1"]]
    assert told.physical_ids(name) == {"A": "half"}
    if then == "delete":
        assert told.delete(name) == "DELETE_COMPLETE"
    else:
        told.stacks.rollback_stack(StackName=name)
        assert told.settled(name) == "ROLLBACK_COMPLETE"
    assert told.asked(name)[1:] == [["Delete", "A", "half", "1"]]


def test_a_stack_that_could_not_be_taken_back_is_deleted_with_what_is_left(told: ToldFunction, name: str) -> None:
    stuck = told.resource(Create=HALF, Delete=FAILED)
    assert told.deploy(name, {"A": stuck}) == "ROLLBACK_FAILED"
    assert told.delete(name) == "DELETE_FAILED"
    assert told.asked(name)[1:] == 2 * [["Delete", "A", "half", "1"]]
    assert told.delete(name, RetainResources=["A"]) == "DELETE_COMPLETE"
    assert len(told.asked(name)) == 3


def test_what_the_rollback_itself_replaces_is_deleted(told: ToldFunction, name: str) -> None:
    told.deploy(name, {"A": told.resource(Update={"PhysicalResourceId": "other"})})
    status = told.deploy(name, {"A": told.resource("2"), "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    asked = [["Update", "A", "a", "2"], ["Create", "B", None, "1"], ["Update", "A", "a", "1"]]
    assert told.asked(name)[1:] == [*asked, ["Delete", "B", "half", "1"], ["Delete", "A", "a", "2"]]
    assert told.physical_ids(name) == {"A": "other"}


def test_a_rollback_that_goes_on_deletes_what_it_replaces(told: ToldFunction, name: str) -> None:
    told.deploy(name, {"A": told.resource(Update={"PhysicalResourceId": "other"}), "B": told.resource(Update=FAILED)})
    failing = {"A": told.resource("2"), "B": told.resource("2", after="A"), "C": told.resource(after="B", Create=HALF)}
    assert told.deploy(name, failing) == "UPDATE_ROLLBACK_FAILED"
    told.stacks.continue_update_rollback(StackName=name, ResourcesToSkip=["B"])
    assert told.settled(name) == "UPDATE_ROLLBACK_COMPLETE"
    assert told.asked(name)[-2:] == [["Delete", "C", "half", "1"], ["Delete", "A", "a", "2"]]
    assert told.physical_ids(name) == {"A": "other", "B": "b"}
