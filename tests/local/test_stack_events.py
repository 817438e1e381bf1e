"""The events of an update, and its cleanup, as CloudFormation has them."""

from told_function import FAILED, HALF, ToldFunction


def events(told: ToldFunction, stack: str) -> list[str]:
    """What happened since the last update began, oldest first: the resource and its status."""
    happened: list[str] = []
    pages = told.stacks.get_paginator("describe_stack_events").paginate(StackName=stack)
    for each in (event for page in pages for event in page["StackEvents"]):
        resource = each["LogicalResourceId"].replace(stack, "stack")
        happened.insert(0, f"{resource} {each['ResourceStatus']}")
        if happened[0] == "stack UPDATE_IN_PROGRESS":
            break
    return happened


def test_an_update_says_what_is_made_changed_and_deleted(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(), "B": told.resource(), "C": told.resource()})
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"})
    told.deploy(stack, {"A": replaced, "B": told.resource(), "D": told.resource(after="A")})
    assert events(told, stack) == [
        "stack UPDATE_IN_PROGRESS",
        *("A UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE"),
        *("D CREATE_IN_PROGRESS", "D CREATE_COMPLETE"),
        "stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        *("A DELETE_IN_PROGRESS", "A DELETE_COMPLETE"),
        *("C DELETE_IN_PROGRESS", "C DELETE_COMPLETE"),
        "stack UPDATE_COMPLETE",
    ]
    found = told.stacks.describe_stack_resources(StackName=stack)["StackResources"]
    statuses = {each["LogicalResourceId"]: each["ResourceStatus"] for each in found}
    assert statuses == {"A": "UPDATE_COMPLETE", "B": "CREATE_COMPLETE", "D": "CREATE_COMPLETE"}


def test_an_update_that_is_taken_back_says_what_failed(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    told.deploy(stack, {"A": told.resource("2"), "B": told.resource(after="A", Create=HALF)})
    assert events(told, stack) == [
        "stack UPDATE_IN_PROGRESS",
        *("A UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE"),
        *("B CREATE_IN_PROGRESS", "B CREATE_FAILED"),
        "stack UPDATE_ROLLBACK_IN_PROGRESS",
        *("A UPDATE_IN_PROGRESS", "A UPDATE_COMPLETE"),
        "stack UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        *("B DELETE_IN_PROGRESS", "B DELETE_COMPLETE"),
        "stack UPDATE_ROLLBACK_COMPLETE",
    ]


def test_what_does_not_go_in_the_cleanup_is_forgotten_after_three_times(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(), "B": told.resource(Delete=FAILED)})
    assert told.deploy(stack, {"A": told.resource("2")}) == "UPDATE_COMPLETE"
    assert told.asked(stack)[3:] == 3 * [["Delete", "B", "b", "1"]]
    expected = "Update successful. One or more resources could not be deleted."
    assert told.reasons(stack, "UPDATE_COMPLETE")[-1] == expected
    assert told.physical_ids(stack) == {"A": "a"}
    assert told.delete(stack) == "DELETE_COMPLETE"
    assert told.asked(stack)[6:] == [["Delete", "A", "a", "2"]]


def test_a_replacement_that_does_not_go_in_a_rollback_is_asked_three_times(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource()})
    replaced = told.resource("2", Update={"PhysicalResourceId": "other"}, Delete=FAILED)
    status = told.deploy(stack, {"A": replaced, "B": told.resource(after="A", Create=HALF)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert told.asked(stack)[4:] == 3 * [["Delete", "A", "other", "2"]]
    assert told.physical_ids(stack) == {"A": "a"}


def test_what_depends_on_a_replaced_resource_gets_the_new_one_before_the_old_goes(
    told: ToldFunction, stack: str
) -> None:
    told.deploy(stack, {"A": told.resource(), "B": told.resource({"Ref": "A"}), "C": told.resource({"Ref": "B"})})
    replaced = {
        "A": told.resource("2", Update={"PhysicalResourceId": "new-a"}),
        "B": told.resource({"Ref": "A"}, Update={"PhysicalResourceId": "new-b"}),
    }
    told.deploy(stack, {**replaced, "C": told.resource({"Ref": "B"})})
    asked = [["Update", "A", "a", "2"], ["Update", "B", "b", "new-a"], ["Update", "C", "c", "new-b"]]
    assert told.asked(stack)[3:] == [*asked, ["Delete", "B", "b", "a"], ["Delete", "A", "a", "1"]]


def test_what_a_policy_retains_is_asked_nothing(told: ToldFunction, stack: str) -> None:
    kept = {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Retain"}
    told.deploy(stack, {"A": told.resource(policy=kept), "B": told.resource(policy=kept)})
    replaced = told.resource("2", policy=kept, Update={"PhysicalResourceId": "other"})
    told.deploy(stack, {"A": replaced})
    assert told.delete(stack) == "DELETE_COMPLETE"
    assert [asked[0] for asked in told.asked(stack)] == ["Create", "Create", "Update"]
