"""`Custom::MulticastGroupSettings`: quotas, requests that overlap or come again, and seeded lives with faults."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import group_service
import pytest
import stack_record
from group_rig import (
    PREFIX,
    SESSION,
    Lists,
    changes,
    create,
    delete,
    given,
    lorawan,
    members,
    tags,
    update,
)
from lambda_rig import Context
from protocol import Request
from response_sink import CLEANUP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_rig import Clock, Rig
    from wireless_rig import Cloud


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
    tag: Any = {"Key": f"fuota-constructs:changed-by:{younger}", "Value": "under way"}
    cloud.client.tag_resource(ResourceArn=arn, Tags=[tag])


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
