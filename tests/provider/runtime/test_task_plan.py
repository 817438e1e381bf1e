"""The decisions of an Update, as a table."""

from __future__ import annotations

from typing import Any

import pytest
from properties import TaskProperties
from task_plan import ActualTask, Changes, Plan, plan_update
from task_tags import FIELDS

BASE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}


def task(status: str, fields: dict[str, Any] | None = None, **more: Any) -> ActualTask:
    return ActualTask("id", "arn", status, {**BASE, **(fields or {})}, **more)


def given(fields: dict[str, Any] | None = None, **more: Any) -> TaskProperties:
    return TaskProperties({**BASE, **(fields or {})}, **more)


@pytest.mark.parametrize("status", ["Pending", "FuotaSession_Waiting", "In_FuotaSession", "FuotaDone", "Unheard_Of"])
def test_nothing_to_do_in_any_status(status: str) -> None:
    assert plan_update(given(), given(), task(status)) == Plan()


@pytest.mark.parametrize("status", ["FuotaSession_Waiting", "In_FuotaSession", "Unheard_Of"])
def test_a_status_that_is_not_known_is_treated_as_a_session(status: str) -> None:
    assert plan_update(given({"Name": "b"}), given({"Name": "a"}), task(status, {"Name": "a"})).refuse == ("Name",)


def test_a_pending_task_is_brought_back_from_a_drift() -> None:
    plan = plan_update(given({"Name": "a"}), given({"Name": "a"}), task("Pending", {"Name": "by hand"}))
    assert plan == Plan(fields={"Name": "a"})


@pytest.mark.parametrize("status", ["In_FuotaSession", "FuotaDone"])
def test_a_drift_outside_pending_is_left_alone(status: str) -> None:
    named = given({"Name": "a"}, groups=("g",), devices=("d",))
    assert plan_update(named, named, task(status, {"Name": "by hand"})) == Plan()


@pytest.mark.parametrize("status", ["Pending", "FuotaDone"])
def test_a_value_the_service_filled_in_is_no_reason_to_replace(status: str) -> None:
    plan = plan_update(given(), given({"RedundancyPercent": 50}), task(status, {"RedundancyPercent": 20}))
    assert plan == Plan()


@pytest.mark.parametrize(
    ("template", "service", "same"),
    [
        (1500, 1500, True),
        (1500, 2000, True),
        (1500, 1000, True),
        (1499, 1000, True),
        (1499, 2000, False),
        (1501, 1000, False),
        (1500, 1600, False),
        (3000, None, False),
    ],
)
def test_an_interval_is_the_same_when_the_service_rounded_it(template: int, service: int | None, same: bool) -> None:
    actual = task("In_FuotaSession", {"FragmentIntervalMS": service})
    plan = plan_update(given({"FragmentIntervalMS": template}), given({"FragmentIntervalMS": 9000}), actual)
    assert (plan.refuse == ()) is same


def test_r17_an_interval_that_the_service_rounded_is_not_sent_again() -> None:
    template = given({"FragmentIntervalMS": 1500})
    rounded = task("Pending", {"FragmentIntervalMS": 2000})
    assert plan_update(template, template, rounded) == Plan()
    assert plan_update(template, given({"FragmentIntervalMS": 1600}), rounded).fields == {"FragmentIntervalMS": 1500}


def test_collections_outside_pending() -> None:
    old = given(groups=("a", "b"), devices=("d",))
    new = given(groups=("a", "c"), devices=("e",))
    actual: dict[str, Any] = {"groups": {"a", "b"}, "devices": {"d"}}
    assert plan_update(new, old, task("In_FuotaSession", **actual)).refuse == ("MulticastGroupIds", "WirelessDeviceIds")
    assert plan_update(new, old, task("FuotaDone", **actual)).replace.startswith(
        "MulticastGroupIds and WirelessDeviceIds changed and a task that is FuotaDone"
    )
    assert plan_update(new, old, task("Pending", **actual)) == Plan(
        groups=Changes(("c",), ("b",)), devices=Changes(("e",), ("d",))
    )


def test_changes_say_whether_there_are_any() -> None:
    assert not Changes()
    assert Changes(add=("a",))
    assert Changes(drop=("a",))


def test_a_removal_together_with_a_change_in_a_session_is_refused_whole() -> None:
    old, new = given({"Name": "a", "RedundancyPercent": 5}), given({"Name": "b"})
    actual = task("In_FuotaSession", {"Name": "a", "RedundancyPercent": 5})
    assert plan_update(new, old, actual).refuse == ("Name", "RedundancyPercent")


@pytest.mark.parametrize("status", ["Pending", "FuotaSession_Waiting", "FuotaDone"])
@pytest.mark.parametrize("actual", [20, None])
def test_nothing_to_do_for_the_rollback_of_an_update_that_changed_no_field(status: str, actual: int | None) -> None:
    """It gave a property the value that the service shows by default, or was refused."""
    tags = {FIELDS: given().digest_of_fields}
    shown = {"RedundancyPercent": actual} if actual else {}
    plan = plan_update(given(), given({"RedundancyPercent": 20}), task(status, shown, tags=tags))
    assert plan == Plan()


@pytest.mark.parametrize(
    "written", [{}, {FIELDS: "being written"}, {FIELDS: given({"RedundancyPercent": 20}).digest_of_fields}]
)
def test_a_property_that_an_update_may_have_written_is_taken_back(written: dict[str, str]) -> None:
    plan = plan_update(
        given(), given({"RedundancyPercent": 20}), task("Pending", {"RedundancyPercent": 20}, tags=written)
    )
    assert "RedundancyPercent left the template" in plan.replace
