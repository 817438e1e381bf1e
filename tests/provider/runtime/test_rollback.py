"""The Update of a rollback: it finds the task as it was, or makes it so, in a session too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lambda_rig import delete, update, without

if TYPE_CHECKING:
    from lambda_rig import Made, Rig
    from wireless_rig import Cloud


def test_r17_the_rollback_of_a_change_in_place_restores_the_task(rig: Rig, cloud: Cloud, made: Made) -> None:
    groups = [cloud.group(), cloud.group()]
    old, task_id = made(MulticastGroupIds=groups[:1])
    new = {
        **old,
        "RedundancyPercent": "50",
        "MulticastGroupIds": groups[1:],
        "Tags": [{"key": "x", "value": "y"}],
        "FirmwareUpdateImage": "s3://fleet-firmware/b.bin",
    }
    before = without(cloud.client.get_fuota_task(Id=task_id), "ResponseMetadata")
    tags = cloud.given_tags(task_id)
    assert update(rig, task_id, old, new).status == "SUCCESS"
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", task_id)
    assert without(cloud.client.get_fuota_task(Id=task_id), "ResponseMetadata") == before
    assert (cloud.groups_of(task_id), cloud.given_tags(task_id)) == (set(groups[:1]), tags)


@pytest.mark.parametrize(
    "failing", ["UpdateFuotaTask", "AssociateMulticastGroupWithFuotaTask", "DisassociateMulticastGroupFromFuotaTask"]
)
def test_r17_the_rollback_of_an_update_that_failed_midway_restores_the_task(
    rig: Rig, cloud: Cloud, made: Made, failing: str
) -> None:
    groups = [cloud.group(), cloud.group()]
    old, task_id = made(MulticastGroupIds=groups[:1])
    new = {**old, "RedundancyPercent": "50", "MulticastGroupIds": groups[1:]}
    cloud.fault(failing, "validation-error")
    failed = update(rig, task_id, old, new)
    assert (failed.status, failed.physical_id) == ("FAILED", task_id)
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.client.get_fuota_task(Id=task_id)["RedundancyPercent"] == 20
    assert cloud.groups_of(task_id) == set(groups[:1])


@pytest.mark.parametrize("bring", ["start", "into_session"])
def test_r17_the_rollback_of_an_update_refused_in_a_session_changes_nothing(
    rig: Rig, cloud: Cloud, made: Made, bring: str
) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()], RedundancyPercent=None)
    # Two changes, and one property more that the rollback "removes" though it never was there.
    new = {**old, "Name": "8", "RedundancyPercent": "30", "MulticastGroupIds": [cloud.group()]}
    getattr(cloud, bring)(task_id)
    cloud.forget_requests()
    assert update(rig, task_id, old, new).status == "FAILED"
    answer = update(rig, task_id, new, old)
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")
    assert cloud.changes() == []


def test_r17_the_rollback_succeeds_in_a_session_when_the_removed_value_is_the_service_default(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    # The service may fill in what was not given: here it has 20 where the template has nothing.
    old, task_id = made(MulticastGroupIds=[cloud.group()], RedundancyPercent="20")
    old = without(old, "RedundancyPercent")
    new = {**old, "RedundancyPercent": "20", "Name": "8"}
    cloud.into_session(task_id)
    assert update(rig, task_id, old, new).status == "FAILED"
    assert update(rig, task_id, new, old).status == "SUCCESS"
    new = {**old, "RedundancyPercent": "20", "MulticastGroupIds": [cloud.group()]}
    assert update(rig, task_id, old, new).status == "FAILED"
    assert update(rig, task_id, new, old).status == "SUCCESS"


def test_r17_a_session_is_no_obstacle_to_what_drifted(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, task_id = made(MulticastGroupIds=[cloud.group()])
    cloud.client.update_fuota_task(Id=task_id, Description="by hand")
    cloud.into_session(task_id)
    answer = update(rig, task_id, old, {**old, "Tags": []})
    assert (answer.status, answer.physical_id, answer.reason) == ("SUCCESS", task_id, "")


def test_r17_the_rollback_after_a_replacement_deletes_the_new_task_only(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, old_id = made()
    new_id = update(rig, old_id, old, without(old, "RedundancyPercent")).physical_id
    # Another resource of the stack fails: CloudFormation restores its record and deletes what this update created.
    assert delete(rig, new_id).status == "SUCCESS"
    assert list(cloud.tasks()) == [old_id]
    # The task it restored is whole, and the next deployment finds it.
    answer = update(rig, old_id, old, {**old, "RedundancyPercent": "30"})
    assert (answer.status, answer.physical_id) == ("SUCCESS", old_id)


def test_r17_a_rollback_update_of_the_replacement_takes_the_old_properties(rig: Rig, cloud: Cloud, made: Made) -> None:
    old, old_id = made()
    new = without(old, "RedundancyPercent")
    new_id = update(rig, old_id, old, new).physical_id
    answer = update(rig, new_id, new, old)
    assert (answer.status, answer.physical_id) == ("SUCCESS", new_id)
    assert cloud.tasks()[new_id]["RedundancyPercent"] == 20


def test_r17_a_rollback_in_a_session_succeeds_after_an_update_that_was_refused_while_it_wrote(
    rig: Rig, cloud: Cloud, made: Made
) -> None:
    """A later update that gives a property the value it has is known to have changed nothing."""
    old, task_id = made(RedundancyPercent=None)
    cloud.fault("UpdateFuotaTask", "validation-error")
    assert update(rig, task_id, old, {**old, "Name": "8"}).status == "FAILED"
    cloud.heal()
    assert cloud.tags_of(task_id)["fuota-constructs:fields"] == "being written"
    assert update(rig, task_id, {**old, "Name": "8"}, old).status == "SUCCESS"
    assert cloud.tags_of(task_id)["fuota-constructs:fields"] != "being written"
