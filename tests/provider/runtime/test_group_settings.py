"""`Custom::MulticastGroupSettings`: devices, gateways and default session of a group, from event to answer."""

from __future__ import annotations

import hashlib
import json
import random
import re
import uuid
from typing import TYPE_CHECKING, Any

import group_service
import pytest
import stack_record
import stored_object
from lambda_rig import CLEANUP, DELETION, Context, event
from protocol import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_rig import Answer, Clock, Cloud, Rig

PREFIX = "fuota-constructs:settings-of:"
TYPE = {"ResourceType": "Custom::MulticastGroupSettings", "LogicalResourceId": "SensorsSettings"}
MARKS = {"ListTagsForResource", "TagResource", "UntagResource"}
GATEWAYS = {"GatewayList": ["gateway-2", "gateway-1"], "TransmissionInterval": "500"}
SESSION = {"DlDr": "3", "DlFreq": "869525000"}


def send(rig: Rig, kind: str, physical_id: str | None, properties: Mapping[str, Any], **changes: Any) -> Answer:
    """Send an event, a request of its own unless its RequestId is given."""
    request = {"RequestType": kind, "RequestId": str(uuid.uuid4()), **TYPE, "ResourceProperties": dict(properties)}
    identity = {} if physical_id is None else {"PhysicalResourceId": physical_id}
    return rig.send(event("create_fuota_task"), **{**request, **identity, **changes})


def create(rig: Rig, properties: Mapping[str, Any], **changes: Any) -> Answer:
    return send(rig, "Create", None, properties, **changes)


def update(rig: Rig, group: str, old: Mapping[str, Any], new: Mapping[str, Any], **changes: Any) -> Answer:
    return send(rig, "Update", f"{PREFIX}{group}", new, OldResourceProperties=dict(old), **changes)


def delete(rig: Rig, group: str, properties: Mapping[str, Any], **changes: Any) -> Answer:
    return send(rig, "Delete", f"{PREFIX}{group}", properties, **changes)


def given(group: str, devices: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """Properties as CloudFormation delivers them."""
    named = {"WirelessDeviceIds": list(devices)} if devices else {}
    return {"ServiceToken": "arn", "ServiceTimeout": "330", "MulticastGroupId": group, **named, **more}


def members(cloud: Cloud, group: str) -> list[str]:
    answer = cloud.client.list_wireless_devices(MulticastGroupId=group, MaxResults=250)
    return [device["Id"] for device in answer["WirelessDeviceList"]]


def lorawan(cloud: Cloud, group: str) -> dict[str, Any]:
    return dict(cloud.client.get_multicast_group(Id=group)["LoRaWAN"])


def tags(cloud: Cloud, group: str) -> dict[str, str]:
    arn = cloud.client.get_multicast_group(Id=group)["Arn"]
    return {tag["Key"]: tag["Value"] for tag in cloud.client.list_tags_for_resource(ResourceArn=arn)["Tags"]}


def changes(cloud: Cloud) -> list[str]:
    """What changed something, the marks aside."""
    return [operation for operation in cloud.requests(mutating=True) if operation not in MARKS]


def into_session(cloud: Cloud, group: str) -> None:
    cloud.client.start_multicast_group_session(Id=group, LoRaWAN={"SessionTimeout": 3600})
    cloud.clock.time += 31 * 60
    assert cloud.client.get_multicast_group(Id=group)["Status"] == "In_session"


class Lists:
    """Lists of devices among the assets."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str], bytes] = {}

    def publish(self, devices: Sequence[str]) -> dict[str, str]:
        """Publish a list; gives the property that names it."""
        content = "".join(f"{device}\n" for device in devices).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents["assets", f"{sha256}.txt"] = content
        return {"Bucket": "assets", "Key": f"{sha256}.txt", "Sha256": sha256}

    def read(self, bucket: str, key: str, most: int, _: object) -> bytes:
        if (bucket, key) not in self.contents:
            raise OSError(f"no {key}")
        return self.contents[bucket, key][:most]


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    lists = Lists()
    # S3 itself, with its permissions, is in the tests of firmware objects, which read by the same module.
    monkeypatch.setattr(stored_object, "read", lists.read)
    return lists


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


@pytest.mark.usefixtures("impatient_boto3")
def test_r32_a_throttled_device_is_tried_again_while_there_is_time(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    group, device = cloud.group(), cloud.device()
    cloud.fault("AssociateWirelessDeviceWithMulticastGroup", "throttle", times=12)
    assert create(rig, given(group, [device])).status == "SUCCESS"
    cloud.fault("AssociateWirelessDeviceWithMulticastGroup", "throttle", times=1000)
    answer = create(rig, given(group, [cloud.device()]), context=Context(milliseconds=100_000))
    assert answer.status == "FAILED"
    assert "ThrottlingException" in answer.reason
    assert "adding" in answer.reason
    assert clock.elapsed < 300


def test_r02_r32_two_thousand_devices_join_at_the_quota_and_in_time(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    group, devices = cloud.group(), [cloud.device() for _ in range(120)]
    properties = given(group, devices)
    assert create(rig, properties).status == "SUCCESS"
    assert clock.elapsed == pytest.approx(0.1 * 119), "2,000 take 200 s of the 260"
    assert set(members(cloud, group)) == set(devices)
    # A deployment that has less time fails and says how far it got.
    other = cloud.group()
    answer = create(rig, given(other, devices), context=Context(milliseconds=45_000))
    assert answer.status == "FAILED"
    assert re.search(f"time was up while moving device 5. of 120 of multicast group {other} ", answer.reason)


def test_a_list_is_swapped_at_the_quota_of_each_operation(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    group, devices = cloud.group(), [cloud.device() for _ in range(20)]
    create(rig, given(group, devices[:10]))
    before = clock.elapsed
    assert update(rig, group, given(group, devices[:10]), given(group, devices[10:])).status == "SUCCESS"
    assert clock.elapsed - before == pytest.approx(0.9)
    assert set(members(cloud, group)) == set(devices[10:])


def overtake(rig: Rig, cloud: Cloud, group: str) -> None:
    """A younger request takes charge of the group."""
    younger = Request.of({"ResponseURL": rig.sink.signed("young", cloud.clock())}).mark
    arn = cloud.client.get_multicast_group(Id=group)["Arn"]
    tag = {"Key": f"fuota-constructs:changed-by:{younger}", "Value": "under way"}
    cloud.client.tag_resource(ResourceArn=arn, Tags=[tag])  # type: ignore[list-item]


def test_a_request_that_is_superseded_stops_and_the_next_one_tidies(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    """The Update of a rollback comes while the one that it takes back still runs."""
    group, devices = cloud.group(), [cloud.device() for _ in range(60)]
    old, new = given(group, devices[:1]), given(group, devices)
    create(rig, old)
    clock.time += 60
    clock.after(2, lambda: overtake(rig, cloud, group))
    late = update(rig, group, old, new)
    assert late.status == "FAILED"
    assert "a younger request of CloudFormation is in charge" in late.reason
    joined = len(members(cloud, group))
    assert 20 < joined <= 32, "it looks once a second"
    assert clock.slept[-1] <= 0.1
    rollback = update(rig, group, new, old)
    assert rollback.status == "SUCCESS"
    assert 12 in clock.slept, "until nothing that the former one began can arrive any more"
    assert (members(cloud, group), tags(cloud, group)) == (devices[:1], {})


@pytest.mark.parametrize("during", ["moving", "undoing"])
def test_a_delete_that_is_superseded_stops(
    rig: Rig, cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch, during: str
) -> None:
    group, devices = cloud.group(), [cloud.device() for _ in range(20)]
    properties = given(group, devices, DefaultSessionParameters=SESSION)
    create(rig, properties)
    clock.time += 60
    if during == "moving":
        clock.after(0.5, lambda: overtake(rig, cloud, group))
    else:
        set_up = group_service.set_up

        def late(*arguments: Any) -> None:
            clock.time += 5
            overtake(rig, cloud, group)
            set_up(*arguments)

        monkeypatch.setattr(group_service, "set_up", late)
    answer = delete(rig, group, properties)
    assert answer.status == "FAILED"
    assert "a younger request of CloudFormation is in charge" in answer.reason
    assert bool(members(cloud, group)) == (during == "moving")
    assert lorawan(cloud, group)["DefaultSessionParameters"] == {"DlDr": 3, "DlFreq": 869_525_000}


def test_an_old_event_that_comes_again_changes_nothing(rig: Rig, cloud: Cloud, clock: Clock) -> None:
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device])
    create(rig, properties, RequestId="first")
    delete(rig, group, properties, RequestId="second")
    clock.time += 60
    rig.sink.record = ("", "")  # the resource is deleted
    assert "does not wait for this any more" in create(rig, properties, RequestId="first").reason
    assert members(cloud, group) == []
    rig.sink.record = (f"{PREFIX}{group}", "CREATE_IN_PROGRESS")
    create(rig, properties)
    clock.time += 60
    rig.sink.record = (f"{PREFIX}{group}", "CREATE_COMPLETE")
    assert delete(rig, group, properties, RequestId="second").status == "SUCCESS"
    assert members(cloud, group) == [device], "made again since"
    clock.time += 60
    rig.sink.record = (f"{PREFIX}{group}", "DELETE_IN_PROGRESS")
    assert delete(rig, group, properties, RequestId="second").status == "SUCCESS"
    assert members(cloud, group) == []


def test_an_imported_group_belongs_to_who_set_it_up_last(rig: Rig, cloud: Cloud) -> None:
    """A resource under another logical id is made before the former one is deleted."""
    group, device = cloud.group(), cloud.device()
    properties = given(group, [device], GroupIsImported="true")
    create(rig, properties)
    assert tags(cloud, group)["fuota-constructs:logical-id"] == "SensorsSettings"
    create(rig, properties, LogicalResourceId="RenamedSettings")
    assert update(rig, group, properties, properties, LogicalResourceId="RenamedSettings").status == "SUCCESS"
    answer = delete(rig, group, properties)
    assert answer.at("WARNING")[-1]["message"] == "another resource has set the group up since: its devices stay"
    assert members(cloud, group) == [device]
    delete(rig, group, properties, LogicalResourceId="RenamedSettings")
    assert (members(cloud, group), tags(cloud, group)) == ([], {})


def test_a_group_that_goes_meanwhile_is_no_error(rig: Rig, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    group = cloud.group()
    answers = [cloud.client.get_multicast_group(Id=group), None]
    monkeypatch.setattr(group_service, "get", lambda *_: answers.pop(0))
    assert delete(rig, group, given(group, ["device"])).status == "SUCCESS"


def test_marks_that_cannot_be_taken_off_are_no_failure(rig: Rig, cloud: Cloud) -> None:
    group, device = cloud.group(), cloud.device()
    cloud.fault("UntagResource", "conflict")
    answer = create(rig, given(group, [device]))
    assert answer.status == "SUCCESS"
    assert answer.at("WARNING")[-1]["message"] == "could not take the marks of this request off again"


def test_a_repeat_that_the_service_calls_a_conflict_is_fine(
    rig: Rig, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, device = cloud.group(), cloud.device()
    create(rig, given(group, [device]))
    listed = group_service.members
    looks = [set[str]()]
    monkeypatch.setattr(group_service, "members", lambda *given: looks.pop() if looks else listed(*given))
    assert create(rig, given(group, [device])).status == "SUCCESS"
    assert members(cloud, group) == [device]


def test_lists_of_many_pages_are_read_whole(rig: Rig, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    group, devices = cloud.group(), [cloud.device() for _ in range(5)]
    monkeypatch.setattr(group_service, "PAGE_SIZE", 2)
    create(rig, given(group, devices))
    cloud.forget_requests()
    assert update(rig, group, given(group, devices), given(group, devices)).status == "SUCCESS"
    assert (changes(cloud), cloud.requests().count("ListWirelessDevices")) == ([], 3)


def test_whether_the_stack_rolls_back_is_asked_only_where_it_matters(
    rig: Rig, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_record, "is_rolling_back", None)
    group, device = cloud.group(), cloud.device()
    create(rig, given(group, [device]))
    assert update(rig, group, given(group, [device]), given(group)).status == "SUCCESS"


DISTURBED = (
    "AssociateWirelessDeviceWithMulticastGroup",
    "DisassociateWirelessDeviceFromMulticastGroup",
    "UpdateMulticastGroup",
    "ListWirelessDevices",
    "TagResource",
)
FAULTS = ("internal-error", "lost-answer", "conflict", "throttle", "validation-error")


class Life:
    """A resource and what becomes of it, by a seed; a device in each group is none of its business."""

    def __init__(self, cloud: Cloud, lists: Lists, seed: int) -> None:
        self.cloud, self.lists = cloud, lists
        self.chance = random.Random(seed)
        self.groups, self.foreign = [cloud.group(), cloud.group()], cloud.device()
        self.devices = [cloud.device() for _ in range(6)]
        for group in self.groups:
            cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=self.foreign)

    def wanted(self) -> dict[str, Any]:
        chance = self.chance
        chosen = chance.sample(self.devices, chance.randint(1, 5))
        cut = chance.randint(0, len(chosen))
        more: dict[str, Any] = {"DeviceList": self.lists.publish(chosen[:cut])} if cut else {}
        if chance.random() < 0.5:
            more["DefaultSessionParameters"] = {"DlDr": str(chance.randint(0, 5))}
        return given(chance.choice(self.groups), chosen[cut:], **more)

    def disturb(self) -> None:
        if self.chance.random() < 0.8:
            times = self.chance.choice([1, 3, 1000])
            self.cloud.fault(self.chance.choice(DISTURBED), self.chance.choice(FAULTS), times=times)

    def check(self, properties: Mapping[str, Any]) -> None:
        chosen = set(properties.get("WirelessDeviceIds", ()))
        if listed := properties.get("DeviceList"):
            chosen |= set(self.lists.contents["assets", listed["Key"]].decode().split())
        for group in self.groups:
            expected = chosen if group == properties["MulticastGroupId"] else set[str]()
            assert set(members(self.cloud, group)) == expected | {self.foreign}
            assert tags(self.cloud, group) == {}
        session = lorawan(self.cloud, properties["MulticastGroupId"]).get("DefaultSessionParameters", {})
        rate = properties.get("DefaultSessionParameters", {}).get("DlDr")
        assert session.get("DlDr") == (None if rate is None else int(rate))


@pytest.mark.usefixtures("impatient_boto3")
@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_the_rollback_restores_and_the_delete_leaves_nothing(
    rig: Rig, cloud: Cloud, lists: Lists, seed: int
) -> None:
    life = Life(cloud, lists, seed)
    present = life.wanted()
    assert create(rig, present).status == "SUCCESS"
    for _ in range(6):
        cloud.clock.time += 400
        following, group = life.wanted(), present["MulticastGroupId"]
        life.disturb()
        answer = update(rig, group, present, following)
        cloud.heal()
        if answer.status == "FAILED":
            assert answer.physical_id == f"{PREFIX}{group}"
            rig.sink.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
            assert update(rig, group, following, present).status == "SUCCESS"
            rig.sink.stack_status = CLEANUP
        else:
            if answer.physical_id != f"{PREFIX}{group}":
                assert delete(rig, group, present).status == "SUCCESS"
            present = following
        life.check(present)
    assert delete(rig, present["MulticastGroupId"], present).status == "SUCCESS"
    for group in life.groups:
        assert members(cloud, group) == [life.foreign]
