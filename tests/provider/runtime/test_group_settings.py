"""`Custom::MulticastGroupSettings`: devices, gateways and default session of a group, from event to answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import group_service
import pytest
from group_rig import (
    GATEWAYS,
    PREFIX,
    SESSION,
    Lists,
    changes,
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

if TYPE_CHECKING:
    from lambda_rig import Rig
    from wireless_rig import Cloud


def test_a_create_sets_the_group_up_and_has_its_devices_join(rig: Rig, cloud: Cloud, lists: Lists) -> None:
    group, devices = cloud.group(), [cloud.device() for _ in range(3)]
    properties = given(
        group,
        devices[2:],
        DeviceList=lists.publish(devices[:2]),
        ParticipatingGateways=GATEWAYS,
        DefaultSessionParameters=SESSION,
    )
    answer = create(rig, properties)
    assert (answer.status, answer.physical_id, answer.data) == ("SUCCESS", f"{PREFIX}{group}", {})
    assert members(cloud, group) == devices
    found = lorawan(cloud, group)
    assert (found["RfRegion"], found["DlClass"]) == ("EU868", "ClassC")
    assert found["ParticipatingGateways"] == {"GatewayList": ["gateway-2", "gateway-1"], "TransmissionInterval": 500}
    assert found["DefaultSessionParameters"] == {"DlDr": 3, "DlFreq": 869_525_000}
    assert tags(cloud, group) == {}, "no mark stays"
    assert changes(cloud)[-4:] == ["UpdateMulticastGroup", *["AssociateWirelessDeviceWithMulticastGroup"] * 3]


def test_r08_the_same_create_twice_is_one(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    first = create(rig, given(group, [device]), RequestId="one")
    second = create(rig, given(group, [device]), RequestId="one")
    assert (first.status, first.physical_id) == (second.status, second.physical_id) == ("SUCCESS", f"{PREFIX}{group}")
    assert members(cloud, group) == [device]


def test_r10_r11_a_create_that_fails_halfway_is_undone_by_its_delete(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device, "missing"])
    answer = create(rig, properties)
    assert (answer.status, answer.physical_id) == ("FAILED", f"{PREFIX}{group}")
    for words in ("ResourceNotFoundException", "adding missing, device 2 of 2", group, "check that the multicast"):
        assert words in answer.reason
    assert members(cloud, group) == [device]
    assert tags(cloud, group) == {}
    assert delete(rig, group, properties).status == "SUCCESS"
    assert members(cloud, group) == []


def test_r11_a_create_that_changed_nothing_leaves_nothing_to_delete(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    into_session(cloud, group)
    properties = given(group, [device, cloud.device()])
    answer = create(rig, properties)
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert (
        f"multicast group {group} is In_session, and WirelessDeviceIds cannot change during a session" in answer.reason
    )
    assert send(rig, "Delete", answer.physical_id, properties).status == "SUCCESS"
    assert members(cloud, group) == [device], "it was there before"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "MulticastGroupId is required and was not given"),
        ({"MulticastGroupId": "nowhere"}, "multicast group nowhere cannot be set up: there is none in this account"),
        ({"MulticastGroupId": "g", "WirelessDeviceIds": "x"}, "WirelessDeviceIds must be a list, got 'x'"),
        ({"MulticastGroupId": "g", "DefaultSessionParameters": {"DlDr": " 3"}}, "DlDr must be a whole number"),
        ({"MulticastGroupId": "g", "ParticipatingGateways": "x"}, "ParticipatingGateways must be an object, got 'x'"),
        ({"MulticastGroupId": "g", "DeviceList": {"Bucket": "b"}}, "DeviceList.Key is required and was not given"),
    ],
)
def test_r27_fails_naming_the_property_that_cannot_be_read(
    rig: Rig, cloud: Cloud, properties: dict[str, Any], words: str
) -> None:
    answer = create(rig, properties)
    assert (answer.status, answer.physical_id) == ("FAILED", "fuota-constructs:create-failed")
    assert words in answer.reason
    assert cloud.requests(mutating=True) == []


def test_r26_properties_of_other_versions_are_accepted(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    answer = create(rig, given(group, [device], Colour="blue"))
    assert answer.status == "SUCCESS"
    assert [line["names"] for line in answer.at("WARNING")] == ["['Colour']"]
    broken = given(group, [device], DefaultSessionParameters=7, ParticipatingGateways={"TransmissionInterval": "x"})
    assert update(rig, group, {**broken, "DeviceList": {}}, given(group, [device])).status == "SUCCESS"
    assert delete(rig, group, broken).status == "SUCCESS"
    assert members(cloud, group) == []


def test_r14_an_update_changes_the_difference_in_place(rig: Rig, cloud: Cloud, lists: Lists) -> None:
    group, (stays, goes, comes, foreign) = cloud.group(), [cloud.device() for _ in range(4)]
    old = given(group, DeviceList=lists.publish([stays, goes]), DefaultSessionParameters=SESSION)
    create(rig, old)
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=foreign)
    cloud.forget_requests()
    new = given(group, DeviceList=lists.publish([stays, comes]), DefaultSessionParameters={**SESSION, "DlDr": "5"})
    answer = update(rig, group, old, new)
    assert (answer.status, answer.physical_id) == ("SUCCESS", f"{PREFIX}{group}")
    assert set(members(cloud, group)) == {stays, comes, foreign}
    assert lorawan(cloud, group)["DefaultSessionParameters"]["DlDr"] == 5
    assert changes(cloud) == [
        "UpdateMulticastGroup",
        "DisassociateWirelessDeviceFromMulticastGroup",
        "AssociateWirelessDeviceWithMulticastGroup",
    ]


def test_r17_the_update_of_a_rollback_restores(rig: Rig, cloud: Cloud) -> None:
    group, (one, two) = cloud.group(), [cloud.device() for _ in range(2)]
    old = given(group, [one], DefaultSessionParameters=SESSION)
    new = given(group, [two], ParticipatingGateways=GATEWAYS)
    create(rig, old)
    assert update(rig, group, old, new).status == "SUCCESS"
    assert members(cloud, group) == [two]
    assert lorawan(cloud, group)["DefaultSessionParameters"] == {}
    assert update(rig, group, new, old).status == "SUCCESS"
    assert members(cloud, group) == [one]
    found = lorawan(cloud, group)
    assert found["DefaultSessionParameters"] == {"DlDr": 3, "DlFreq": 869_525_000}
    assert found["ParticipatingGateways"] == {"GatewayList": []}, "the service chooses gateways again"


def test_r17_an_update_without_a_difference_changes_nothing(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device], ParticipatingGateways=GATEWAYS, DefaultSessionParameters=SESSION)
    create(rig, properties)
    cloud.forget_requests()
    assert update(rig, group, properties, properties).status == "SUCCESS"
    assert changes(cloud) == []


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"WirelessDeviceIds": []}, "WirelessDeviceIds"),
        ({"WirelessDeviceIds": ["{0}", "{1}"]}, "WirelessDeviceIds"),
        ({"DefaultSessionParameters": {"DlDr": "5"}}, "DlDr and DlFreq"),
        ({"ParticipatingGateways": GATEWAYS}, "GatewayList and TransmissionInterval"),
    ],
)
def test_r19_fails_when_the_group_is_in_a_session(rig: Rig, cloud: Cloud, change: dict[str, Any], names: str) -> None:
    group, devices = cloud.group(), [cloud.device(), cloud.device()]
    old = given(group, devices[:1], DefaultSessionParameters=SESSION)
    create(rig, old)
    into_session(cloud, group)
    cloud.forget_requests()
    new = json.loads(json.dumps({**old, **change}).replace("{0}", devices[0]).replace("{1}", devices[1]))
    answer = update(rig, group, old, new)
    assert (answer.status, answer.physical_id) == ("FAILED", f"{PREFIX}{group}")
    assert f"multicast group {group} is In_session, and {names} cannot change during a session. Wait" in answer.reason
    assert changes(cloud) == []
    assert tags(cloud, group) == {}
    # The rollback, and a deployment that is not about the group, find nothing to do.
    assert update(rig, group, new, old).status == "SUCCESS"
    assert update(rig, group, old, old).status == "SUCCESS"
    assert changes(cloud) == []


def test_r19_what_others_changed_waits_for_the_end_of_the_session(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device])
    create(rig, properties)
    cloud.client.disassociate_wireless_device_from_multicast_group(Id=group, WirelessDeviceId=device)
    into_session(cloud, group)
    answer = update(rig, group, properties, properties)
    assert answer.status == "SUCCESS"
    assert "the group is not as the template says" in answer.at("WARNING")[0]["message"]
    cloud.clock.time += 7200
    assert update(rig, group, properties, properties).status == "SUCCESS"
    assert members(cloud, group) == [device]


def test_r18_fails_when_the_group_is_gone(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device])
    create(rig, properties)
    cloud.client.delete_multicast_group(Id=group)
    for _ in range(2):  # being deleted, then gone
        answer = update(rig, group, properties, given(group))
        assert (answer.status, answer.physical_id) == ("FAILED", f"{PREFIX}{group}")
        assert f"multicast group {group} cannot be set up" in answer.reason
        assert delete(rig, group, properties).status == "SUCCESS"
        cloud.clock.time += 60


@pytest.mark.parametrize("clears", [True, False])
def test_r20_a_setting_that_left_the_template_is_cleared_or_the_update_fails(
    rig: Rig, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, clears: bool
) -> None:
    group = cloud.group()
    old = given(group, DefaultSessionParameters=SESSION)
    create(rig, old)
    if not clears:  # a service that keeps what is left out, which AWS does not rule out
        monkeypatch.setattr(group_service, "set_up", lambda *_: None)
    answer = update(rig, group, old, given(group))
    assert answer.status == ("SUCCESS" if clears else "FAILED")
    if clears:
        assert lorawan(cloud, group)["DefaultSessionParameters"] == {}
        return
    assert f"DlDr and DlFreq left the template, and the service keeps it at multicast group {group}" in answer.reason
    rig.sink.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    rolled_back = update(rig, group, old, given(group))
    assert rolled_back.status == "SUCCESS", "a rollback must not get stuck"
    assert rolled_back.at("WARNING")[-1]["names"] == "DlDr and DlFreq"
    gone = delete(rig, group, old)
    assert (gone.status, gone.at("WARNING")[-1]["names"]) == ("SUCCESS", "DlDr and DlFreq")
