"""What was replaced goes when the stack is stable again, unless a policy keeps it."""

from typing import Any

import pytest
from told_function import HALF, ToldFunction


@pytest.mark.parametrize("cleanup", ["of a rollback", "without one"])
def test_a_cleanup_keeps_what_a_policy_retains_and_deletes_the_dependents_first(
    told: ToldFunction, stack: str, cleanup: str
) -> None:
    def resources(version: str, **told_to: Any) -> dict[str, Any]:
        kept = told.resource(version, after="B", policy={"UpdateReplacePolicy": "Retain"}, **told_to)
        return {"A": told.resource(version, **told_to), "B": told.resource(version, after="A", **told_to), "K": kept}

    failing, replace = {"C": told.resource(after="K", Create=HALF)}, {"Update": {"PhysicalResourceId": "other"}}
    if cleanup == "of a rollback":
        told.deploy(stack, resources("1", **replace))
        assert told.deploy(stack, {**resources("2"), **failing}) == "UPDATE_ROLLBACK_COMPLETE"
    else:
        told.deploy(stack, resources("1"))
        told.deploy(stack, {**resources("2", **replace), **failing}, rollback=False)
        mended = {**resources("2", **replace), "C": told.resource(after="K")}
        assert told.deploy(stack, mended, rollback=False) == "UPDATE_COMPLETE"
    deleted = [asked[1:3] for asked in told.asked(stack) if asked[0] == "Delete"]
    assert deleted == [["C", "half"], ["B", "b"], ["A", "a"]]
    assert set(told.physical_ids(stack).items()) >= {("A", "other"), ("B", "other"), ("K", "other")}


@pytest.mark.parametrize(
    ("then", "status", "deleted"),
    [
        ("deploy", "UPDATE_COMPLETE", ["second", "first"]),
        ("rollback", "ROLLBACK_COMPLETE", ["third", "second", "first"]),
        ("delete", "DELETE_COMPLETE", ["second", "first", "third"]),
    ],
)
def test_all_that_deployments_without_a_rollback_replaced_goes_in_the_end(
    told: ToldFunction, stack: str, then: str, status: str, deleted: list[str]
) -> None:
    failing = {"B": told.resource(after="A", Create=HALF)}
    first = told.resource(Create={"PhysicalResourceId": "first"})
    told.deploy(stack, {"A": first, **failing}, rollback=False)
    for name in ("second", "third"):
        last = told.resource(name, Update={"PhysicalResourceId": name})
        assert told.deploy(stack, {"A": last, **failing}, rollback=False) == "UPDATE_FAILED"
    if then == "deploy":
        assert told.deploy(stack, {"A": last, "B": told.resource(after="A")}, rollback=False) == status
    elif then == "rollback":
        told.stacks.rollback_stack(StackName=stack)
        assert told.settled(stack) == status
    else:
        assert told.delete(stack) == status
    assert [asked[2] for asked in told.asked(stack) if asked[:2] == ["Delete", "A"]] == deleted
