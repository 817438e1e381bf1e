"""A session with a fleet from start to end, as clients and the admin routes see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fuota_constructs.lorawan.fragments import interval_seconds

if TYPE_CHECKING:
    from conftest import FleetCloud


def test_devices_receive_the_image_of_the_session(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(devices=30, loss="10%", seed=1)
    assert cloud.statuses(task) == {"Initial": 30}
    cloud.client.start_fuota_task(Id=task)
    assert (cloud.status(task), cloud.session(task)["fragments_total"]) == ("FuotaSession_Waiting", None)
    cloud.clock.time += 1800
    session = cloud.session(task)
    assert session["status"] == cloud.status(task) == "In_FuotaSession"
    assert (session["data_fragments"], session["coded_fragments"], session["fragments_sent"]) == (50, 20, 0)
    assert (session["seconds_left"], session["interval_seconds"], session["image_bytes"]) == (70, 1, 2000)
    cloud.clock.time += 49
    assert cloud.statuses(task) == {"Initial": 30}
    cloud.clock.time += 11
    halfway = cloud.statuses(task)
    assert 0 < halfway["Successful"] < 30
    assert halfway.keys() == {"Successful", "Initial"}
    assert cloud.session(task)["fragments_sent"] == 60
    cloud.clock.time += 10
    assert cloud.status(task) == "FuotaDone"
    assert cloud.statuses(task)["Initial"] == 0
    fleet = cloud.admin("GET", "fleet?devices=1")
    assert fleet["statuses"] == dict(cloud.statuses(task))
    assert {row["id"]: row["status"] for row in fleet["list"]} == cloud.devices(task)
    assert 0.05 < fleet["lost_share"] < 0.15
    assert cloud.clock.time - 20 <= fleet["completed_at"]["first"] <= fleet["completed_at"]["last"] <= cloud.clock.time


def test_devices_without_loss_have_the_image_with_the_last_data_fragment(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(devices=3)
    cloud.start(task)
    cloud.clock.time += 49
    assert cloud.statuses(task) == {"Initial": 3}
    cloud.clock.time += 1
    assert cloud.statuses(task) == {"Successful": 3}
    assert cloud.status(task) == "In_FuotaSession"


def test_devices_no_fleet_made_receive_everything(cloud: FleetCloud) -> None:
    group = cloud.group()
    task = cloud.task(group)
    device = cloud.client.create_wireless_device(Type="LoRaWAN", DestinationName="d")["Id"]
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    cloud.fleet(devices=5, loss=1)
    assert cloud.run(task) == {"Successful": 1, "MissingFrag": 5}
    assert cloud.devices(task)[device] == "Successful"


def test_the_image_is_read_once_when_the_session_begins(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(devices=2)
    cloud.client.start_fuota_task(Id=task)
    assert cloud.reads == []
    cloud.clock.time += 1800
    for _ in range(3):
        cloud.devices(task)
    role = "arn:aws:iam::123456789012:role/fuota"
    assert cloud.reads == [("s3://firmware/v2.bin", role, "123456789012", "eu-west-1")]


def test_an_image_that_cannot_be_read_ends_the_session_and_nobody_succeeds(cloud: FleetCloud) -> None:
    group = cloud.group()
    task = cloud.task(group, FirmwareUpdateImage="s3://firmware/gone.bin")
    device = cloud.client.create_wireless_device(Type="LoRaWAN", DestinationName="d")["Id"]
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    cloud.fleet(devices=3)
    cloud.client.start_fuota_task(Id=task)
    cloud.clock.time += 1799
    assert cloud.status(task) == "FuotaSession_Waiting"
    cloud.clock.time += 1
    assert cloud.status(task) == "FuotaDone"
    assert cloud.statuses(task) == {"Initial": 4}
    assert "gone.bin" in cloud.session(task)["problem"]
    assert "gone.bin" not in str({**cloud.client.get_fuota_task(Id=task), "FirmwareUpdateImage": ""})


def test_the_clock_runs_at_a_speed(cloud: FleetCloud) -> None:
    before = cloud.admin("GET", "clock")
    assert before["speed"] == 1
    assert cloud.admin("POST", "clock", {"speed": 600})["now"] == before["now"]
    cloud.clock.time += 10
    after = cloud.admin("GET", "clock")
    assert (after["now"] - before["now"], after["advanced_seconds"], after["speed"]) == (6000, 5990, 600)
    cloud.admin("POST", "clock", {"speed": 1, "advance_seconds": 5})
    cloud.clock.time += 10
    assert cloud.admin("GET", "clock")["now"] - before["now"] == 6015
    cloud.admin("POST", "reset", {})
    assert cloud.admin("GET", "clock") == {
        "now": cloud.clock.time,
        "advanced_seconds": 0,
        "speed": 1,
        "next_wait": None,
    }


@pytest.mark.parametrize("speed", [0, -1, "fast", 1e9])
def test_fails_on_a_speed_that_is_none(cloud: FleetCloud, speed: object) -> None:
    answer = cloud.admin("POST", "clock", {"speed": speed})
    assert answer["status"] == 400
    assert "speed is" in answer["error"]


def test_losses_in_bursts_hurt_more_than_as_many_apart(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cohorts = [
        {"name": "apart", "count": 200, "loss": 0.15},
        {"name": "bursts", "count": 200, "loss": {"kind": "gilbert", "mean": 0.15, "burst": 10}},
    ]
    cloud.fleet(cohorts=cohorts, seed=3)
    cloud.run(task)
    apart, bursts = cloud.admin("GET", "fleet")["cohorts"]
    assert abs(apart["lost_share"] - bursts["lost_share"]) < 0.03
    assert apart["statuses"]["Successful"] > 180 > bursts["statuses"]["Successful"]


def test_larger_fragments_go_faster_and_not_as_far(cloud: FleetCloud) -> None:
    group = cloud.group(region="EU868")
    cloud.fleet(devices=50, loss={"kind": "link", "margin_db": 8, "spread_db": 1, "fading_db": 2}, seed=1)
    near = cloud.task(group, FragmentSizeBytes=48, RedundancyPercent=50, FragmentIntervalMS=28_000)
    assert cloud.run(near)["Successful"] == 50
    assert cloud.session(near)["data_rate"] == 0
    far = cloud.task(group, FragmentSizeBytes=200, RedundancyPercent=50, FragmentIntervalMS=28_000)
    assert cloud.run(far)["MissingFrag"] == 50
    assert cloud.session(far)["data_rate"] == 4


@pytest.mark.parametrize(
    ("defaults", "own", "rate", "problem"),
    [
        ([None], {}, 0, None),
        ([{"DlDr": 3}], {}, 3, None),
        ([{"DlFreq": 869_525_000}], {}, 0, None),
        ([{"DlDr": 5}, {"DlDr": 3}, None], {}, 3, None),
        ([{"DlDr": 3}], {"DlDr": 5}, 5, None),
        ([{"DlDr": 12}], {}, None, "DlDr of the multicast group is 12, which is no downlink data rate of EU868"),
    ],
)
def test_the_data_rate_of_the_group_is_that_of_the_session(
    cloud: FleetCloud, *, defaults: list[dict[str, int] | None], own: dict[str, int], rate: int, problem: str
) -> None:
    groups = [cloud.group(region="EU868") for _ in defaults]
    for group, session in zip(groups, defaults, strict=True):
        if session:
            cloud.client.update_multicast_group(Id=group, LoRaWAN={"DefaultSessionParameters": session})
    task = cloud.task(*groups, FragmentIntervalMS=30_000)
    cloud.fleet(devices=3)
    if own:
        start = {**own, "SessionTimeout": 60}
        cloud.client.start_multicast_group_session(Id=groups[0], LoRaWAN=start)
        cloud.clock.time += 3600
    statuses = cloud.run(task)
    assert (cloud.session(task)["data_rate"], cloud.session(task)["problem"]) == (rate, problem)
    assert statuses == ({"Initial": 3} if problem else {"Successful": 3})


def test_fails_at_once_where_the_rate_of_the_group_is_too_slow_for_the_fragments(cloud: FleetCloud) -> None:
    group = cloud.group(region="EU868")
    cloud.client.update_multicast_group(Id=group, LoRaWAN={"DefaultSessionParameters": {"DlDr": 0}})
    task = cloud.task(group, FragmentSizeBytes=112)
    cloud.fleet(devices=3)
    assert cloud.run(task) == {"Initial": 3}
    problem = cloud.session(task)["problem"]
    assert problem == "FragmentSizeBytes is 112; EU868 DR0 (SF12/125 kHz), DlDr of the multicast group, carries 48"


@pytest.mark.parametrize(("milliseconds", "seconds"), [(499, 1), (1499, 1), (1500, 2), (2499, 2), (2500, 3), (4500, 5)])
def test_an_interval_is_rounded_as_the_plan_rounds_it(cloud: FleetCloud, milliseconds: int, seconds: int) -> None:
    task = cloud.task(cloud.group(), FragmentIntervalMS=milliseconds)
    cloud.fleet(devices=1)
    cloud.run(task)
    assert cloud.session(task)["interval_seconds"] == max(1, interval_seconds(milliseconds)) == seconds


@pytest.mark.parametrize(("period", "interval", "heard"), [(128, 3, 52), (128, 4, 70), (4096, 64, 35), (4096, 128, 70)])
def test_a_ping_slot_carries_one_fragment(cloud: FleetCloud, period: int, interval: int, heard: int) -> None:
    group = cloud.group(dl_class="ClassB")
    task = cloud.task(group, FragmentIntervalMS=1000 * interval)
    cloud.fleet(devices=1)
    cloud.client.start_multicast_group_session(Id=group, LoRaWAN={"SessionTimeout": 60, "PingSlotPeriod": period})
    cloud.clock.time += 3600
    statuses = cloud.run(task)
    assert statuses == {"Successful" if heard >= 50 else "MissingFrag": 1}
    [row] = cloud.admin("GET", f"fleet?devices=1&task={task}")["list"]
    assert row["received"] == heard
    trouble = row["trouble"] or {}
    assert trouble.get("rule", "") == ("ping-slot-interval" if heard < 50 else "")
    assert trouble.get("remedy", "").endswith("s or more; coded fragments find theirs taken, too") == (heard < 50)


@pytest.mark.parametrize(
    ("region", "settings", "interval", "heard", "unsent"),
    [
        ("EU868", {}, 25, 70, 0),  # 2.47 s on the air at 10 %
        ("EU868", {}, 24, 35, 35),
        ("EU868", {"DlFreq": 868_100_000}, 124, 35, 35),  # 1 %
        ("AS923-1", {"DlDr": 2}, 1, 70, None),  # whether there is one depends on the country
        ("US915", {}, 1, 70, 0),
    ],
)
def test_a_gateway_keeps_the_duty_cycle(
    cloud: FleetCloud, *, region: str, settings: dict[str, int], interval: int, heard: int, unsent: int | None
) -> None:
    group = cloud.group(region=region)
    cloud.client.update_multicast_group(Id=group, LoRaWAN={"DefaultSessionParameters": settings})
    task = cloud.task(group, FragmentIntervalMS=1000 * interval)
    cloud.fleet(devices=1)
    assert cloud.run(task) == {"MissingFrag" if unsent else "Successful": 1}
    [row] = cloud.admin("GET", f"fleet?devices=1&task={task}")["list"]
    air = cloud.session(task)["air"]
    if not unsent:
        assert (row["received"], row["trouble"], bool(air)) == (heard, None, unsent is None)
        assert air is None or (air["fragments_unsent"] == 0 and air["cause"].endswith("(it depends on the country)"))
        return
    assert (row["received"], row["trouble"]["rule"], air["rule"]) == (heard, "duty-cycle", "duty-cycle")
    assert (row["trouble"]["cause"], air["fragments_unsent"]) == (air["cause"], unsent)
    assert f" takes {unsent} of 70 fragments: one every {interval} s, and a gateway may send one every " in air["cause"]
    assert row["trouble"]["remedy"].startswith(f"{air['remedy']}; redundancy does not help")


def test_groups_of_one_gateway_leave_a_doubt(cloud: FleetCloud) -> None:
    groups = [cloud.group(region="EU868") for _ in range(3)]
    task = cloud.task(*groups, FragmentIntervalMS=30_000)
    cloud.fleet(devices=3)
    assert cloud.run(task) == {"Successful": 3}
    air = cloud.session(task)["air"]
    assert air["fragments_unsent"] == 0
    assert "to each of 3 groups" in air["cause"]
    assert air["remedy"] == "choose a fragment_interval of 74 s or more, or be sure of it"
    for number, group in enumerate(groups):
        sending = {"GatewayList": [f"00000000-0000-0000-0000-00000000000{number}"], "TransmissionInterval": 0}
        cloud.client.update_multicast_group(Id=group, LoRaWAN={"ParticipatingGateways": sending})
    alone = cloud.task(*groups, FragmentIntervalMS=30_000)
    assert cloud.run(alone) == {"Successful": 3}
    assert cloud.session(alone)["air"] is None


def test_a_deleted_task_sends_no_more(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(devices=3)
    cloud.start(task)
    cloud.clock.time += 20
    cloud.client.delete_fuota_task(Id=task)
    cloud.clock.time += 1000
    rows = cloud.admin("GET", "fleet?devices=1")["list"]
    assert [(row["status"], row["received"]) for row in rows] == [("Initial", 20)] * 3


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"FragmentSizeBytes": 256}, "FragmentSizeBytes is 256; no LoRaWAN data rate carries more than 239"),
        ({"FragmentSizeBytes": 240}, "no LoRaWAN data rate carries more than 239"),
        ({"FragmentSizeBytes": 1, "FirmwareUpdateImage": "s3://firmware/large.bin"}, "the session has 22400 fragments"),
        ({"FirmwareUpdateImage": "s3://firmware/empty.bin"}, "s3://firmware/empty.bin is empty"),
    ],
)
def test_a_session_that_cannot_be_sent_is_done_at_once(
    cloud: FleetCloud, fields: dict[str, object], problem: str
) -> None:
    cloud.images |= {"s3://firmware/large.bin": bytes(16_000), "s3://firmware/empty.bin": b""}
    task = cloud.task(cloud.group(), **fields)
    cloud.fleet(devices=2)
    cloud.start(task)
    assert cloud.status(task) == "FuotaDone"
    assert cloud.statuses(task) == {"Initial": 2}
    assert problem in cloud.session(task)["problem"]
