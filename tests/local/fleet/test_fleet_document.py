"""A fleet as it is written: files, options, and what is wrong with it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local.fleet import Fleet, FleetError
from fuota_constructs.lorawan.device_stack import DeviceStack

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import FleetCloud

YAML = """
seed: 4
cohorts:
  - name: meters
    count: 100
    loss: 10%
    region: EU868
  - name: valves
    count: 20
    ts004: 2
    loss: {kind: gilbert, mean: 10%, burst: 4}
    memory_bytes: 200000
    faults: [write-error]
"""


def test_a_yaml_file(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(YAML)
    fleet = Fleet.from_file(tmp_path / "fleet.yaml")
    assert (fleet.devices, fleet.seed, fleet.groups) == (120, 4, None)
    meters, valves = fleet.cohorts
    assert (meters.region, meters.loss.figures) == ("EU868", {"mean": 0.1})
    assert (valves.ts004, valves.loss.kind, valves.loss.figures) == (2, "gilbert", {"mean": 0.1, "burst": 4})
    assert Fleet.from_dict(fleet.as_dict()) == fleet


STACKS = """
cohorts:
  - {name: st, count: 10, stack: stm32cubewl, ts004: 2, status_as: stack, late: 1%}
  - {name: own, count: 10, stack: "loramac-node@4.6.0,max_fragments=1000", max_lost_fragments: 30}
  - {name: object, count: 10, stack: {name: zephyr, max_lost_fragments: 200}, repeated: 2%}
  - {name: mbed, count: 10, stack: mbed}
"""


def test_stacks_of_cohorts(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(STACKS)
    fleet = Fleet.from_file(tmp_path / "fleet.yaml")
    st, own, spelled, mbed = fleet.cohorts
    assert (st.ts004, st.status_as, st.late, st.build) == (2, "stack", 0.01, st.stack)
    assert own.build == DeviceStack.of("loramac-node@4.6.0", max_fragments=1000, max_lost_fragments=30)
    assert spelled.build is not None
    assert (spelled.build.most_lost_fragments(500), spelled.repeated) == (200, 0.02)
    assert mbed.frag_indexes == (0,)
    assert Fleet.from_dict(json.loads(json.dumps(fleet.as_dict()))) == fleet


def test_a_json_file(tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_text(json.dumps({"devices": 7, "loss": "5%", "groups": ["a"]}))
    fleet = Fleet.from_file(tmp_path / "fleet.json")
    assert fleet == Fleet.of(devices=7, loss=0.05, groups=["a"])
    assert fleet.as_dict() == {"seed": 0, "cohorts": [{"name": "devices", "count": 7, "loss": 0.05}], "groups": ["a"]}


@pytest.mark.parametrize(
    "loss",
    [
        0.25,
        {"kind": "gilbert", "mean": 0.1, "burst": 4.0},
        {"kind": "beta", "mean": 0.1, "spread": 0.05},
        {"kind": "link", "margin_db": 5.0, "spread_db": 2.0, "fading_db": 3.0},
        {"kind": "by-data-rate", "data_rates": {"0": 0.1, "5": 0.4}},
        {"kind": "listed", "lost": [1, 7, 90]},
    ],
)
def test_a_fleet_is_the_same_after_a_journey_as_json(loss: Any) -> None:
    fleet = Fleet.of(devices=3, loss=loss, seed=9, ts004=2, frag_indexes=[1], descriptor="AQIDBA==")
    document = json.loads(json.dumps(fleet.as_dict()))
    assert document["cohorts"][0]["loss"] == loss
    assert Fleet.from_dict(document) == fleet


WRONG: list[tuple[Any, str]] = [
    ([], "a fleet is an object with devices or cohorts"),
    ({}, "the fleet has neither devices nor cohorts; say how many"),
    ({"devices": 0}, "devices is 0; give a whole number from 1 to 100000"),
    ({"devices": 1.5}, "devices is 1.5; give a whole number"),
    ({"devices": True}, "devices is True; give a whole number"),
    ({"devices": 5, "lose": 1}, "unknown field lose; allowed are devices, loss, seed"),
    ({"devices": 5, "loss": "110%"}, "fleet.loss is '110%'; give a number from 0 to 1, such as 0.1 or '10%'"),
    ({"devices": 5, "loss": 10}, "fleet.loss is 10; give a number from 0 to 1"),
    ({"devices": 5, "loss": "much"}, "fleet.loss is 'much'; give a number"),
    ({"devices": 5, "loss": {"kind": "rain"}}, "fleet.loss.kind is 'rain'; it must be one of iid, gilbert, beta"),
    ({"devices": 5, "loss": {"kind": "gilbert"}}, "fleet.loss.mean is missing; gilbert needs it, 0 to 0.95"),
    ({"devices": 5, "loss": {"kind": "gilbert", "mean": 0.1, "burst": 0}}, "loss.burst is 0; give a number from 1"),
    ({"devices": 5, "loss": {"kind": "gilbert", "mean": 0.9, "burst": 2}}, "with mean 0.9 it must be 9 or more"),
    ({"devices": 5, "loss": {"kind": "beta", "mean": 0.1, "spread": 0.4}}, "with mean 0.1 it must be under 0.3"),
    ({"devices": 5, "loss": {"kind": "iid", "mean": 0.1, "burst": 1}}, "unknown field burst; iid takes mean"),
    ({"devices": 5, "loss": {"kind": "by-data-rate"}}, "needs data_rates"),
    ({"devices": 5, "loss": {"kind": "by-data-rate", "data_rates": {"16": 0}}}, "give a whole number from 0 to 15"),
    ({"devices": 5, "seed": -1}, "seed is -1; give a whole number from 0"),
    ({"devices": 5, "groups": "all"}, "groups is 'all'; give a list of multicast group ids"),
    ({"devices": 5, "profile": {"ts004": 3}}, "profile.ts004 is 3; give a whole number from 1 to 2"),
    ({"devices": 5, "profile": {"color": 1}}, "profile has unknown field color; allowed are name, count, loss"),
    ({"devices": 5, "profile": [1]}, "give an object with fields of a cohort"),
    ({"devices": 5, "cohorts": []}, "the fleet has cohorts and devices; say that in each cohort"),
    ({"cohorts": []}, "cohorts is not a list of objects"),
    ({"cohorts": [{"name": "a"}]}, "cohorts[0].count is missing; say how many devices, 1 to 100000"),
    ({"cohorts": [{"name": "", "count": 1}]}, "cohorts[0].name is ''"),
    ({"cohorts": [{"name": "a", "count": 1}] * 2}, "cohorts has the name a twice"),
    ({"cohorts": [{"count": 60_000}, {"count": 60_000}]}, "the fleet has 120000 devices; at most 100000 in all"),
    ({"cohorts": [{"count": 1, "region": "MARS"}]}, "cohorts[0].region is 'MARS'; it must be one of"),
    ({"cohorts": [{"count": 1, "dl_class": "ClassA"}]}, "cohorts[0].dl_class is 'ClassA'; it must be one of ClassB"),
    ({"cohorts": [{"count": 1, "frag_indexes": [4]}]}, "cohorts[0].frag_indexes is [4]"),
    ({"cohorts": [{"count": 1, "group": 7}]}, "cohorts[0].group is 7; give the name or id of a multicast group"),
    ({"cohorts": [{"count": 1, "group": ""}]}, "cohorts[0].group is ''; give the name or id of a multicast group"),
    ({"cohorts": [{"count": 1, "descriptor": "AQID"}]}, "cohorts[0].descriptor is 'AQID'; give the base64 of 4 bytes"),
    ({"devices": 1, "loss": {"kind": "listed", "lost": 7}}, "loss needs lost, and only that: the fragments that"),
    ({"devices": 1, "loss": {"kind": "listed", "lost": [0]}}, "loss.lost is 0; give a whole number from 1 to 16383"),
    (
        {"devices": 1, "profile": {"stack": "stm32"}},
        "profile.stack: no device stack is called 'stm32': did you mean 'stm32cubewl'?",
    ),
    ({"devices": 1, "profile": {"stack": 7}}, "profile.stack is 7; give a name such as 'loramac-node', or {'name'"),
    ({"devices": 1, "profile": {"stack": {"name": "mbed", "colour": 1}}}, "profile.stack is {'name': 'mbed', 'colour'"),
    (
        {"devices": 1, "profile": {"stack": {"name": "mbed", "max_fragments": 0}}},
        "profile.stack: max_fragments is 0; choose a whole number from 1 to 16383",
    ),
    (
        {"devices": 1, "profile": {"stack": "zephyr", "ts004": 2}},
        "profile.ts004 is 2; Zephyr (decoder of LoRaMac-",
    ),
    ({"devices": 1, "profile": {"status_as": "stack"}}, "profile.status_as is 'stack' and no stack is given; name it"),
    ({"devices": 1, "profile": {"late": 2}}, "profile.late is 2; give a number from 0 to 1"),
    ({"cohorts": [{"count": 1, "faults": ["rust"]}]}, "cohorts[0].faults is ['rust']; give a list of no-package"),
]


@pytest.mark.parametrize(("document", "reason"), WRONG)
def test_fails_on_what_cannot_be(cloud: FleetCloud, document: Any, reason: str) -> None:
    with pytest.raises(FleetError) as caught:
        Fleet.from_dict(document)
    assert reason in str(caught.value)
    if isinstance(document, dict):
        answer = cloud.admin("POST", "fleet", document)
        assert answer == {"status": 400, "error": str(caught.value)}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("f.yaml", "devices: [", "is not YAML"),
        ("f.json", "{", "is not JSON"),
        ("f.yaml", "devices: none", "f.yaml: devices is 'none'"),
        ("f.yaml", "cohorts: [{name: a, count: 1}]\ncohorts: [{name: b, count: 1}]", "f.yaml has cohorts twice"),
        ("f.yaml", "cohorts: [{name: a, count: 1, loss: 10%, loss: 1%}]", "f.yaml has loss twice: give it once"),
        ("f.json", '{"devices": 1, "devices": 2}', "f.json has devices twice"),
    ],
)
def test_fails_naming_the_file(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FleetError, match=reason):
        Fleet.from_file(tmp_path / name)


def test_fails_where_there_is_no_group(cloud: FleetCloud) -> None:
    answer = cloud.admin("POST", "fleet", {"devices": 5})
    assert "there is no multicast group to put the devices into" in answer["error"]
    group = cloud.group()
    answer = cloud.admin("POST", "fleet", {"devices": 5, "groups": ["nothing"]})
    assert answer["error"] == f"groups has nothing, which does not exist; there are {group}"
    answer = cloud.admin("POST", "fleet", {"cohorts": [{"count": 5, "region": "EU868"}]})
    assert "cohort cohort-0 is for RfRegion EU868, and no multicast group of the fleet is" in answer["error"]
    assert cloud.client.list_wireless_devices()["WirelessDeviceList"] == []


def test_devices_are_dealt_over_the_groups_of_their_region(cloud: FleetCloud) -> None:
    europe, america, more = (cloud.group(region=each) for each in ("EU868", "US915", "EU868"))
    cloud.fleet(cohorts=[{"name": "e", "count": 10, "region": "EU868"}, {"name": "u", "count": 3, "region": "US915"}])

    def members(group: str) -> int:
        return len(cloud.client.list_wireless_devices(MulticastGroupId=group)["WirelessDeviceList"])

    assert (members(europe), members(more), members(america)) == (5, 5, 3)


def test_devices_are_real_wireless_devices(cloud: FleetCloud) -> None:
    cloud.group()
    (device_id,) = cloud.fleet(cohorts=[{"name": "meter", "count": 1, "dl_class": "ClassC"}])
    device = cloud.client.get_wireless_device(Identifier=device_id, IdentifierType="WirelessDeviceId")
    assert device["Name"] == "meter-1"
    assert device["LoRaWAN"]["FPorts"] == {"Fuota": 201, "Multicast": 200, "ClockSync": 202}
    profile = cloud.client.get_device_profile(Id=device["LoRaWAN"]["DeviceProfileId"])["LoRaWAN"]
    assert (profile["RfRegion"], profile["SupportsClassB"], profile["SupportsClassC"]) == ("US915", False, True)


def test_fails_saying_what_is_missing_without_numpy(cloud: FleetCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.group()
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert cloud.admin("POST", "fleet", {"devices": 1}) == {
        "status": 400,
        "error": "fleets need numpy in the local cloud's Python: pip install 'fuota-constructs[local]'",
    }
