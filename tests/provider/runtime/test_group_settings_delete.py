"""`Custom::MulticastGroupSettings`: another group, a delete, and what cannot be read or undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from group_rig import (
    GATEWAYS,
    PREFIX,
    SESSION,
    Lists,
    create,
    delete,
    given,
    into_session,
    lorawan,
    members,
    send,
    tags,
    update,
)
from response_sink import CLEANUP, DELETION

if TYPE_CHECKING:
    from lambda_rig import Rig
    from wireless_rig import Cloud


def test_r15_another_group_is_another_resource(rig: Rig, cloud: Cloud) -> None:
    first, second, device = cloud.group(), cloud.group(), cloud.device()
    old, new = given(first, [device]), given(second, [device])
    create(rig, old)
    answer = update(rig, first, old, new)
    assert (answer.status, answer.physical_id) == ("SUCCESS", f"{PREFIX}{second}")
    assert members(cloud, first) == members(cloud, second) == [device]
    assert delete(rig, first, old).status == "SUCCESS"  # CloudFormation's cleanup
    assert (members(cloud, first), members(cloud, second)) == ([], [device])


def test_r16_r17_the_rollback_of_a_replacement_empties_the_new_group(rig: Rig, cloud: Cloud) -> None:
    first, second, device = cloud.group(), cloud.group(), cloud.device()
    old, new = given(first, [device]), given(second, [device, "missing"])
    create(rig, old)
    answer = update(rig, first, old, new)
    assert (answer.status, answer.physical_id) == ("FAILED", f"{PREFIX}{first}")
    assert members(cloud, second) == [device]
    assert update(rig, first, new, old).status == "SUCCESS"
    assert (members(cloud, first), members(cloud, second)) == ([device], [])


def test_r17_the_rollback_of_a_replacement_is_not_stopped_by_a_session(rig: Rig, cloud: Cloud) -> None:
    first, second, device = cloud.group(), cloud.group(), cloud.device()
    old, new = given(first, [device]), given(second, [device])
    create(rig, old)
    cloud.client.associate_wireless_device_with_multicast_group(Id=second, WirelessDeviceId=device)
    into_session(cloud, second)
    answer = update(rig, first, new, old)
    assert answer.status == "SUCCESS"
    assert answer.at("WARNING")[-1]["message"] == "the group is in a session, and keeps its devices"
    assert members(cloud, second) == [device]
    assert update(rig, first, {"MulticastGroupId": 7}, old).status == "SUCCESS", "whatever the old properties are"


def test_r21_deleted_twice_is_deleted(rig: Rig, cloud: Cloud) -> None:
    group, (ours, foreign) = cloud.group(), [cloud.device() for _ in range(2)]
    properties = given(group, [ours], ParticipatingGateways=GATEWAYS, DefaultSessionParameters=SESSION)
    create(rig, properties)
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=foreign)
    for _ in range(2):
        answer = delete(rig, group, properties)
        assert (answer.status, answer.physical_id) == ("SUCCESS", f"{PREFIX}{group}")
        assert members(cloud, group) == [foreign]
    found = lorawan(cloud, group)
    assert (found["ParticipatingGateways"], found["DefaultSessionParameters"]) == ({"GatewayList": []}, {})
    assert tags(cloud, group) == {}


def test_r22_r23_the_physical_id_says_which_group_is_emptied(rig: Rig, cloud: Cloud) -> None:
    group, other, device = cloud.group(), cloud.group(), cloud.device()
    for each in (group, other):
        cloud.client.associate_wireless_device_with_multicast_group(Id=each, WirelessDeviceId=device)
    cloud.forget_requests()
    assert delete(rig, group, given(other, [device])).status == "SUCCESS"
    assert (members(cloud, group), members(cloud, other)) == ([], [device])
    cloud.forget_requests()
    for physical_id in ("fuota-constructs:create-failed", f"{PREFIX}nowhere"):
        assert send(rig, "Delete", physical_id, given(other, [device])).status == "SUCCESS"
    assert cloud.requests(mutating=True) == []


def test_r25_what_a_cut_off_create_left_is_taken_out(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    create(rig, given(group, [device]))  # the answer was not waited for
    answer = send(rig, "Delete", "Fleet-SensorsSettings-1A2B3C", given(group, [device]))
    assert (answer.status, answer.physical_id) == ("SUCCESS", "Fleet-SensorsSettings-1A2B3C")
    assert members(cloud, group) == []
    assert send(rig, "Delete", "Fleet-SensorsSettings-1A2B3C", {}).status == "SUCCESS"


@pytest.mark.parametrize(("stack_status", "status"), [(CLEANUP, "FAILED"), ("", "FAILED"), (DELETION, "SUCCESS")])
def test_r24_no_deployment_takes_devices_out_of_a_session_but_the_end_of_the_stack(
    rig: Rig, cloud: Cloud, stack_status: str, status: str
) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device], DefaultSessionParameters=SESSION)
    create(rig, properties)
    into_session(cloud, group)
    rig.sink.stack_status = stack_status
    answer = delete(rig, group, properties)
    assert (answer.status, answer.physical_id) == (status, f"{PREFIX}{group}")
    assert members(cloud, group) == ([] if status == "SUCCESS" else [device])
    assert tags(cloud, group) == {}
    if status == "FAILED":
        assert "is In_session, and WirelessDeviceIds cannot change" in answer.reason


def test_settings_that_cannot_be_undone_do_not_keep_a_stack(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device], DefaultSessionParameters=SESSION)
    create(rig, properties)
    cloud.fault("UpdateMulticastGroup", "conflict")
    answer = delete(rig, group, properties)
    assert (answer.status, members(cloud, group)) == ("SUCCESS", [])
    assert answer.at("WARNING")[-1]["message"] == "could not undo the settings of the group"


def test_fails_when_the_list_of_devices_cannot_be_read(rig: Rig, cloud: Cloud, lists: Lists) -> None:
    group, device = cloud.group(), cloud.device()
    listed = lists.publish([device])
    create(rig, given(group, DeviceList=listed))
    [place] = lists.contents
    lists.contents[place] = b"something else"
    answer = create(rig, given(group, DeviceList=listed))
    assert answer.physical_id == "fuota-constructs:create-failed"
    assert (
        f"s3://assets/{listed['Key']} is not the list of devices that was synthesised: it has SHA-256" in answer.reason
    )
    lists.contents.clear()
    answer = update(rig, group, given(group, DeviceList=listed), given(group))
    assert answer.status == "FAILED"
    assert f"reading s3://assets/{listed['Key']}, which must exist: publish the assets" in answer.reason
    assert "it is not known which devices have to leave the group" in answer.reason
    assert delete(rig, group, given(group, DeviceList=listed)).status == "FAILED"
    rig.sink.stack_status = DELETION
    assert delete(rig, group, given(group, DeviceList=listed, GroupIsImported="true")).status == "SUCCESS", "not owner"
    gone = delete(rig, group, given(group, DeviceList=listed))
    assert gone.status == "SUCCESS", "the group goes, too"
    assert gone.at("WARNING")[-1]["message"] == "could not read the list of devices: they go with the group"
    assert members(cloud, group) == [device]
    rig.sink.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert update(rig, group, given(group, DeviceList=listed), given(group)).status == "SUCCESS"
