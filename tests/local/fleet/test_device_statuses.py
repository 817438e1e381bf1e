"""Every FuotaDeviceStatus, each for its own cause, as boto3's ListWirelessDevices tells it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from fuota_constructs.lorawan.fragmentation.messages import (
    FragSessionStatusAns,
    FragSessionStatusAnsV2,
    FragSessionStatusReq,
    decode_frame,
)

if TYPE_CHECKING:
    from conftest import FleetCloud

FAULTY = ["corrupt-fragment"]

# A session of 50 data and 20 coded fragments of 40 bytes, FragIndex 1, Descriptor AQIDBA==.
CAUSES: dict[str, tuple[str, dict[str, Any]]] = {
    "hears everything": ("Successful", {}),
    "hears too little": ("MissingFrag", {"loss": 0.6}),
    "hears nothing": ("MissingFrag", {"loss": 1}),
    "block larger than its memory": ("Not_enough_memory", {"memory_bytes": 1999}),
    "more fragments than it was built for": ("Not_enough_memory", {"max_fragments": 49}),
    "larger fragments than it was built for": ("Not_enough_memory", {"max_fragment_bytes": 39}),
    "room for just that": ("Successful", {"memory_bytes": 2000, "max_fragments": 50, "max_fragment_bytes": 40}),
    "knows unicast's session only": ("FragIndex_unsupported", {"frag_indexes": [0]}),
    "knows multicast's session": ("Successful", {"frag_indexes": [1]}),
    "no fragmentation package": ("Package_Not_Supported", {"faults": ["no-package"]}),
    "another algorithm": ("FragAlgo_unsupported", {"faults": ["no-frag-algo"]}),
    "another descriptor": ("Wrong_descriptor", {"descriptor": base64.b64encode(b"abcd").decode()}),
    "the same descriptor": ("Successful", {"descriptor": "AQIDBA=="}),
    "write to memory fails": ("MemoryError", {"faults": ["write-error"]}),
    "more lost than its decoder's matrix holds": ("MemoryError", {"loss": 0.1, "max_lost_fragments": 0}),
    "both": ("MemoryError", {"loss": 0.1, "max_lost_fragments": 0, "faults": ["corrupt-fragment"]}),
    "hears data only, and lost more than its matrix holds": ("MissingFrag", {"loss": 1, "max_lost_fragments": 0}),
    "matrix large enough": ("Successful", {"loss": 0.1, "max_lost_fragments": 20}),
    "a fragment turned over in memory": ("MICError", {"faults": ["corrupt-fragment"]}),
    "turned over, and coded fragments needed": ("MICError", {"faults": ["corrupt-fragment"], "loss": 0.1}),
}
VERSION_2_ONLY: dict[str, tuple[str, dict[str, Any]]] = {
    "session counter used before": ("SessionCnt_replay", {"session_cnt": 1}),
    "session counter is new": ("Successful", {"session_cnt": 0}),
}


@pytest.mark.parametrize("version", [1, 2])
def test_each_cause_has_its_status(cloud: FleetCloud, version: int) -> None:
    task = cloud.task(cloud.group(), Descriptor="AQIDBA==")
    causes = {**CAUSES, **(VERSION_2_ONLY if version == 2 else {})}
    cohorts = [{"name": name, "count": 3, "ts004": version, **profile} for name, (_, profile) in causes.items()]
    cloud.fleet(cohorts=cohorts, seed=2)
    before = cloud.statuses(task)
    assert before == {"Initial": 3 * len(causes)}
    cloud.run(task)
    found = {cohort["name"]: cohort["statuses"] for cohort in cloud.admin("GET", "fleet")["cohorts"]}
    assert found == {name: {status: 3} for name, (status, _) in causes.items()}
    devices = cloud.devices(task)
    assert {row["id"]: row["status"] for row in cloud.admin("GET", "fleet?devices=1")["list"]} == devices


def test_refusals_are_known_when_the_session_begins_and_not_earlier(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(cohorts=[{"name": "a", "count": 1, "frag_indexes": [0]}, {"name": "b", "count": 1}])
    cloud.client.start_fuota_task(Id=task)
    cloud.clock.time += 1799
    assert cloud.statuses(task) == {"Initial": 2}
    cloud.clock.time += 1
    assert cloud.statuses(task) == {"FragIndex_unsupported": 1, "Initial": 1}


def test_unicast_uses_the_other_frag_index(cloud: FleetCloud) -> None:
    task = cloud.task(FragmentSizeBytes=None)
    devices = cloud.fleet(
        cohorts=[{"name": "a", "count": 2, "frag_indexes": [0]}, {"name": "b", "count": 2, "frag_indexes": [1]}],
        groups=[],
    )
    for device in devices:
        cloud.client.associate_wireless_device_with_fuota_task(Id=task, WirelessDeviceId=device)
    assert cloud.run(task) == {"Successful": 2, "FragIndex_unsupported": 2}


def test_a_device_in_another_running_session_conflicts(cloud: FleetCloud) -> None:
    group = cloud.group()
    first, second = cloud.task(group), cloud.task(group)
    cloud.fleet(devices=4)
    cloud.client.start_fuota_task(Id=first)
    cloud.clock.time += 30
    cloud.client.start_fuota_task(Id=second)
    cloud.clock.time += 3600
    assert cloud.statuses(second) == {"Device_exist_in_conflict_fuota_task": 4}
    assert cloud.statuses(first) == {"Successful": 4}
    third = cloud.task(group)
    assert cloud.run(third) == {"Successful": 4}


def test_session_counters_go_on_from_session_to_session(cloud: FleetCloud) -> None:
    group = cloud.group()
    cloud.fleet(devices=2, profile={"ts004": 2, "session_cnt": 1})
    assert cloud.run(cloud.task(group)) == {"SessionCnt_replay": 2}
    assert cloud.run(cloud.task(group)) == {"Successful": 2}


def test_a_session_nobody_accepts_is_done_at_once(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(devices=2, profile={"memory_bytes": 10})
    cloud.start(task)
    assert cloud.status(task) == "FuotaDone"
    assert cloud.statuses(task) == {"Not_enough_memory": 2}


def test_a_device_without_the_class_of_its_group_hears_nothing(cloud: FleetCloud) -> None:
    task = cloud.task(cloud.group(dl_class="ClassB"), FragmentIntervalMS=4000)  # a ping slot for each
    cloud.fleet(
        cohorts=[{"name": "b", "count": 2, "dl_class": "ClassB"}, {"name": "c", "count": 2, "dl_class": "ClassC"}]
    )
    assert cloud.run(task) == {"Successful": 2, "MissingFrag": 2}


def test_a_class_c_device_listens_for_32768_seconds_at_most(cloud: FleetCloud) -> None:
    # 50 data fragments, one every 1000 s: TS005-1.0.0 has no longer SessionTimeOut than 2^15 s.
    group_b, group_c = cloud.group(dl_class="ClassB"), cloud.group(dl_class="ClassC")
    fleet = cloud.admin("POST", "fleet", {"devices": 4})
    assert fleet["groups"] == sorted([group_b, group_c])
    task = cloud.task(group_b, group_c, FragmentIntervalMS=1_000_000, RedundancyPercent=0)
    assert cloud.run(task) == {"Successful": 2, "MissingFrag": 2}
    rows = cloud.admin("GET", "fleet?devices=1")["list"]
    assert {row["received"] for row in rows if row["group_id"] == group_c} == {33}
    assert {row["missing"] for row in rows if row["group_id"] == group_c} == {17}


def test_without_a_coded_fragment_no_matrix_overflows(cloud: FleetCloud) -> None:
    group_c = cloud.group()
    fields = {"dl_class": "ClassB", "max_lost_fragments": 5}
    cloud.fleet(cohorts=[{"name": "b", "count": 2, **fields}, {"name": "f", "count": 2, **fields, "faults": FAULTY}])
    assert cloud.run(cloud.task(group_c)) == {"MissingFrag": 4}
    assert cloud.run(cloud.task(group_c, RedundancyPercent=0)) == {"MissingFrag": 4}


@pytest.mark.parametrize("faults", [[], FAULTY])
def test_a_matrix_overflows_at_the_first_coded_fragment(cloud: FleetCloud, faults: list[str]) -> None:
    task = cloud.task(cloud.group())
    cloud.fleet(devices=3, loss=0.3, seed=4, profile={"max_lost_fragments": 1, "faults": faults})
    cloud.start(task)
    cloud.clock.time += 50
    assert cloud.statuses(task) == {"Initial": 3}
    cloud.clock.time += 8
    assert cloud.statuses(task) == {"MemoryError": 3}
    cloud.clock.time += 100
    assert all(row["missing"] > 1 for row in cloud.admin("GET", "fleet?devices=1")["list"])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("loss", "faults"), [(0, []), (0.1, []), (0, FAULTY)])
def test_a_complete_device_says_how_many_fragments_it_took(
    cloud: FleetCloud, version: int, loss: float, faults: list[str]
) -> None:
    task = cloud.task(cloud.group())
    (identity,) = cloud.fleet(devices=1, loss=loss, seed=3, profile={"ts004": version, "faults": faults})
    cloud.run(task)
    device = cloud.service.sessions.enrolment.device(identity)
    assert device is not None
    answer = device.answer(FragSessionStatusReq(1, participants=True).encode())
    (said,) = decode_frame(answer, version=version, uplink=True)
    row = cloud.admin("GET", "fleet?devices=1")["list"][0]
    after = row["completed_after_fragments"]
    assert isinstance(said, (FragSessionStatusAns, FragSessionStatusAnsV2))
    assert said.missing_frag == 0
    assert (said.nb_frag_received == 50) if loss == 0 else (50 <= said.nb_frag_received < after)


def test_a_fifth_group_is_no_session(cloud: FleetCloud) -> None:
    groups = [cloud.group() for _ in range(5)]
    (device,) = cloud.fleet(devices=1, groups=groups[:1])
    for group in groups[1:]:
        cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    for group in groups[:4]:
        assert cloud.run(cloud.task(group)) == {"Successful": 1}
    fifth = cloud.task(groups[4])
    assert cloud.run(fifth) == {"Initial": 1}
    assert cloud.status(fifth) == "FuotaDone"


def test_every_status_of_the_model_is_reached_here() -> None:
    model = botocore.session.get_session().get_service_model("iotwireless").shape_for("FuotaDeviceStatus").enum
    reached = {status for status, _ in (*CAUSES.values(), *VERSION_2_ONLY.values())}
    assert reached | {"Initial", "Device_exist_in_conflict_fuota_task"} == set(model)
