"""A task through its life: made, changed, replaced, protected while it is sent, destroyed. With the real CDK CLI."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

ACCOUNT, REGION = "210987654321", "us-east-1"  # as in the app
HALF_AN_HOUR_AND_A_BIT = 31 * 60


@dataclass
class Life:
    """What the service held, and what the commands said, after each step."""

    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusal: str = ""
    refusal_code: int = 0
    groups_at_the_end: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def life(cloud: LocalCloud, app_on: Callable[[LocalCloud, str], Any]) -> Life:
    app = app_on(cloud, "lifecycle")
    service = cloud.client("iotwireless", account=ACCOUNT, region=REGION)
    cloudformation = cloud.client("cloudformation", account=ACCOUNT, region=REGION)
    life = Life()
    # 500 fragments: the service reads the image when the session begins, and this one is to last while we deploy.
    (app.folder / "firmware.bin").write_bytes(bytes(range(250)) * 200)

    def note(step: str) -> None:
        life.tasks[step] = app.tasks()
        [life.stacks[step]] = cloudformation.describe_stacks(StackName="Lifecycle")["Stacks"]

    app.succeeds("deploy", "-c", "redundancy=30", "-c", "description=first")
    note("made")
    app.succeeds("deploy", "-c", "redundancy=40", "-c", "description=first")
    note("changed")
    app.succeeds("deploy", "-c", "description=first")
    note("replaced")
    [task] = life.tasks["replaced"]
    service.start_fuota_task(Id=task["id"])
    cloud.admin("clock", method="POST", content={"advance_seconds": HALF_AN_HOUR_AND_A_BIT})
    note("in session")
    refused = app.fuota("deploy", "-c", "description=second")
    life.refusal, life.refusal_code = refused.output, refused.code
    note("refused")
    app.succeeds("destroy")
    life.tasks["destroyed"] = app.tasks()
    life.groups_at_the_end = service.list_multicast_groups()["MulticastGroupList"]
    return life


def without_tags(task: dict[str, Any]) -> dict[str, Any]:
    """A task but for its tags."""
    return {name: value for name, value in task.items() if name.lower() != "tags"}


def test_deploy_makes_the_task_with_all_its_parameters(life: Life) -> None:
    [task] = life.tasks["made"]
    assert (task["account"], task["region"]) == (ACCOUNT, REGION)
    assert task["redundancy_percent"] == 30
    assert task["fragment_size_bytes"] == 100
    assert task["fragment_interval_ms"] == 5000
    assert task["descriptor"] == "AQIDBA=="
    assert task["description"] == "first"
    assert task["status"] == "Pending"
    assert len(task["multicast_group_ids"]) == 1
    assert task["image"].endswith("/firmware.bin")
    assert life.stacks["made"]["Outputs"][0]["OutputValue"] == task["id"]


def test_a_changed_redundancy_changes_the_same_task(life: Life) -> None:
    [before], [after] = life.tasks["made"], life.tasks["changed"]
    assert after["id"] == before["id"]
    assert after["redundancy_percent"] == 40


def test_a_removed_redundancy_makes_a_new_task_and_deletes_the_old(life: Life) -> None:
    [before], [after] = life.tasks["changed"], life.tasks["replaced"]
    assert after["id"] != before["id"]
    assert after["redundancy_percent"] is None
    assert after["fragment_size_bytes"] == 100
    assert after["multicast_group_ids"] == before["multicast_group_ids"]


def test_fails_to_change_a_task_in_session_and_says_what_to_do(life: Life) -> None:
    [task] = life.tasks["in session"]
    assert task["status"] == "In_FuotaSession"
    assert life.refusal_code == 1
    assert task["id"] in life.refusal
    assert "In_FuotaSession" in life.refusal
    assert "UPDATE_FAILED" in life.refusal


def test_a_refused_change_rolls_back_and_leaves_the_session_alone(life: Life) -> None:
    assert life.stacks["refused"]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert life.stacks["refused"]["Outputs"] == life.stacks["in session"]["Outputs"]
    # Each update says on the task that it is in charge now, so that an older one that still runs lets go of it.
    assert [without_tags(task) for task in life.tasks["refused"]] == [
        without_tags(task) for task in life.tasks["in session"]
    ]


def test_destroy_leaves_nothing_in_the_service(life: Life) -> None:
    assert life.tasks["destroyed"] == []
    assert life.groups_at_the_end == []
