"""Devices are set up for groups and sessions over their uplinks, one every two minutes, and what is shown of that."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local.fleet.multicast_server import SessionOrder, session_time_out

if TYPE_CHECKING:
    from conftest import FleetCloud

UPLINK = 120


def states(cloud: FleetCloud, group: str) -> Counter[str]:
    """How many devices of a group are in which state."""
    listed = cloud.client.list_wireless_devices(MulticastGroupId=group, MaxResults=250)["WirelessDeviceList"]
    return Counter(item["MulticastDeviceStatus"] for item in listed)


def in_group(cloud: FleetCloud, group: str) -> tuple[int, int]:
    """Devices that are to be in a group, and that are."""
    lorawan = cloud.client.get_multicast_group(Id=group)["LoRaWAN"]
    return lorawan["NumberOfDevicesRequested"], lorawan["NumberOfDevicesInGroup"]


def over_time(cloud: FleetCloud, group: str, uplinks: float) -> set[str]:
    """All states that are seen while so many uplink intervals pass."""
    seen: set[str] = set()
    for _ in range(round(4 * uplinks)):
        cloud.clock.time += UPLINK / 4
        seen |= states(cloud, group).keys()
    return seen


def test_every_documented_state_is_passed_through(cloud: FleetCloud) -> None:
    group = cloud.group()
    task = cloud.task(group)
    cloud.fleet(devices=20)
    assert states(cloud, group) == {"Package_attempting": 20}
    assert in_group(cloud, group) == (20, 0)
    seen = over_time(cloud, group, 3)
    assert seen == {"Package_attempting", "Multicast_setup_attempting", "Multicast_setup_ready"}
    assert states(cloud, group) == {"Multicast_setup_ready": 20}
    assert in_group(cloud, group) == (20, 20)
    cloud.client.start_fuota_task(Id=task)
    assert states(cloud, group) == {"Session_attempting": 20}
    cloud.clock.time += 1800
    assert states(cloud, group) == {"In_session": 20}
    cloud.clock.time += 70
    assert states(cloud, group) == {"Multicast_setup_ready": 20}
    assert cloud.statuses(task) == {"Successful": 20}


def test_uplinks_come_at_a_time_of_each_device(cloud: FleetCloud) -> None:
    group = cloud.group()
    cloud.fleet(devices=40)
    ready = []
    for _ in range(12):
        cloud.clock.time += UPLINK / 4
        ready.append(states(cloud, group)["Multicast_setup_ready"])
    assert ready[7] == 0  # nobody is ready before its third uplink
    assert 0 < ready[8] < ready[9] < ready[10] < ready[11] == 40


def test_a_device_without_the_package_is_unsupported(cloud: FleetCloud) -> None:
    group = cloud.group()
    task = cloud.task(group)
    cloud.fleet(devices=2, profile={"faults": ["no-package"]})
    assert over_time(cloud, group, 3) == {"Package_attempting", "Package_unsupported"}
    assert in_group(cloud, group) == (2, 0)
    assert cloud.run(task) == {"Package_Not_Supported": 2}
    assert states(cloud, group) == {"Package_unsupported": 2}


def test_a_fifth_group_is_refused_until_the_device_leaves_one(cloud: FleetCloud) -> None:
    groups = [cloud.group() for _ in range(5)]
    (device,) = cloud.fleet(devices=1, groups=groups[:1])
    for group in groups[1:]:
        cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    cloud.clock.time += 20 * UPLINK
    assert [dict(states(cloud, group)) for group in groups] == [{"Multicast_setup_ready": 1}] * 4 + [
        {"Multicast_setup_attempting": 1}
    ]
    listed = [cloud.client.list_wireless_devices(MulticastGroupId=group)["WirelessDeviceList"] for group in groups]
    assert [item[0].get("McGroupId") for item in listed] == [1, 2, 3, 4, None]
    cloud.client.disassociate_wireless_device_from_multicast_group(Id=groups[1], WirelessDeviceId=device)
    cloud.client.delete_multicast_group(Id=groups[2])
    cloud.client.disassociate_wireless_device_from_multicast_group(Id=groups[4], WirelessDeviceId=device)
    cloud.client.associate_wireless_device_with_multicast_group(Id=groups[4], WirelessDeviceId=device)
    cloud.clock.time += 10 * UPLINK
    (item,) = cloud.client.list_wireless_devices(MulticastGroupId=groups[4])["WirelessDeviceList"]
    assert (item["MulticastDeviceStatus"], item["McGroupId"]) == ("Multicast_setup_ready", 2)
    simulated = cloud.service.sessions.enrolment.device(device)
    assert simulated is not None
    assert sorted(simulated.multicast.groups) == [0, 1, 3]
    assert cloud.run(cloud.task(groups[4])) == {"Successful": 1}


def test_a_device_that_comes_too_late_has_no_session(cloud: FleetCloud) -> None:
    group = cloud.group()
    task = cloud.task(group)
    early = cloud.fleet(devices=2)
    cloud.client.start_fuota_task(Id=task)
    cloud.clock.time += 1800 - 8 * UPLINK
    in_time = cloud.fleet(devices=2)
    cloud.clock.time += 7 * UPLINK
    late = cloud.fleet(devices=2)
    cloud.clock.time += UPLINK + 100
    found = cloud.devices(task)
    assert [found[device] for device in (*early, *in_time, *late)] == ["Successful"] * 4 + ["Initial"] * 2
    assert states(cloud, group)["Multicast_setup_attempting"] + states(cloud, group)["Package_attempting"] == 2


@pytest.mark.parametrize("dl_class", ["ClassB", "ClassC"])
def test_a_session_of_the_group_alone(cloud: FleetCloud, dl_class: str) -> None:
    group = cloud.group(dl_class=dl_class, region="EU868")
    other = {"ClassB": "ClassC", "ClassC": "ClassB"}[dl_class]
    cloud.fleet(cohorts=[{"name": "both", "count": 2}, {"name": "other", "count": 1, "dl_class": other}])
    cloud.clock.time += 3 * UPLINK
    session = {"DlDr": 3, "DlFreq": 869_525_000, "SessionTimeout": 200, "PingSlotPeriod": 512}
    cloud.client.start_multicast_group_session(Id=group, LoRaWAN=session)
    cloud.clock.time += 1800
    assert states(cloud, group) == {"In_session": 2, "Session_attempting": 1}
    cloud.clock.time += 256
    assert states(cloud, group) == {"Multicast_setup_ready": 3}
    device = cloud.service.sessions.enrolment.fleets[0].members[0].device
    there = device.multicast.groups[0].session
    assert there is not None
    assert (there.dl_class, there.end - there.start) == (dl_class, 256)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, "Successful"),
        ({"DlFreq": 869_525_000, "DlDr": 0}, "Successful"),
        ({"DlFreq": 915_000_000}, "MissingFrag"),
        ({"DlDr": 3}, "Successful"),
    ],
)
def test_the_session_of_a_task_has_the_parameters_of_its_group(
    cloud: FleetCloud, parameters: dict[str, Any], found: str
) -> None:
    lorawan = {"RfRegion": "EU868", "DlClass": "ClassC", "DefaultSessionParameters": parameters}
    group = cloud.client.create_multicast_group(LoRaWAN=lorawan)["Id"]
    task = cloud.task(group, FragmentIntervalMS=30_000)
    cloud.fleet(devices=2)
    assert cloud.run(task) == {found: 2}


def test_a_second_task_of_a_group_in_use_has_its_own_session_later(cloud: FleetCloud) -> None:
    group = cloud.group()
    first, second = cloud.task(group), cloud.task(group)
    cloud.fleet(devices=2)
    cloud.client.start_fuota_task(Id=first)
    later = cloud.clock.time + 3600  # by then the devices no longer listen to the first session, which takes 70 s
    cloud.client.start_fuota_task(Id=second, LoRaWAN={"StartTime": later})
    cloud.clock.time = later + 1000
    assert cloud.statuses(first) == cloud.statuses(second) == {"Successful": 2}


def test_a_session_begins_where_somebody_looked_for_a_fleet_that_is_not_there(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    assert cloud.admin("GET", "fleet")["devices"] == 0
    assert cloud.run(task) == {}
    assert cloud.status(task) == "FuotaDone"


def test_frame_counts_go_on_from_session_to_session(cloud: FleetCloud) -> None:
    group = cloud.group()
    cloud.fleet(devices=1)
    cloud.run(cloud.task(group))
    cloud.run(cloud.task(group))
    cloud.fleet(devices=1)
    assert cloud.run(cloud.task(group)) == {"Successful": 2}
    counts = [
        member.device.multicast.groups[0].min_f_count
        for fleet in cloud.service.sessions.enrolment.fleets
        for member in fleet.members
    ]
    assert counts == [0, 140]


@pytest.mark.parametrize("region", ["EU868", "US915", "CN470", "AS923-1", "KR920", "IN865"])
def test_every_region_has_a_frequency_and_a_rate_that_devices_take(cloud: FleetCloud, region: str) -> None:
    groups = [cloud.group(region=region, dl_class=dl_class) for dl_class in ("ClassB", "ClassC")]
    cloud.fleet(devices=2)
    assert cloud.run(cloud.task(*groups, FragmentIntervalMS=30_000)) == {"Successful": 2}


@pytest.mark.parametrize("lorawan", [{"OtaaV1_1": {"AppKey": "07" * 16, "NwkKey": "08" * 16, "JoinEui": "0" * 16}}, {}])
def test_devices_that_are_there_are_set_up_with_their_own_keys(cloud: FleetCloud, lorawan: dict[str, Any]) -> None:
    group = cloud.group()
    device = cloud.client.create_wireless_device(
        Type="LoRaWAN", DestinationName="d", LoRaWAN={"DevEui": "0" * 16, **lorawan}
    )["Id"]
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    assert states(cloud, group) == {"Multicast_setup_ready": 1}  # assumed of devices that nobody simulates
    cloud.fleet(devices=1, device_ids=[device], account="123456789012", aws_region="eu-west-1")
    assert states(cloud, group) == {"Package_attempting": 1}
    assert cloud.run(cloud.task(group)) == {"Successful": 1}


@pytest.mark.parametrize(
    ("dl_class", "seconds", "exponent"),
    [
        ("ClassC", 1, 0),
        ("ClassC", 100, 7),
        ("ClassC", 128, 7),
        ("ClassC", 129, 8),
        ("ClassC", 50_000, 15),
        ("ClassB", 60, 0),
        ("ClassB", 128, 0),
        ("ClassB", 200, 1),
        ("ClassB", 172_800, 11),
    ],
)
def test_a_time_out_is_the_next_power_of_two(dl_class: str, seconds: float, exponent: int) -> None:
    assert session_time_out(dl_class, seconds) == exponent


def test_a_session_is_ordered_in_the_bytes_of_its_class() -> None:
    c = SessionOrder("ClassC", 1_800_000_000, 7, 869_525_000, 3)
    b = SessionOrder("ClassB", 1_800_000_000, 7, 869_525_000, 3, periodicity=4)
    assert c.request(2).hex() == "04029294745807d2ad8403"
    assert b.request(1).hex() == "05019294745847d2ad8403"
