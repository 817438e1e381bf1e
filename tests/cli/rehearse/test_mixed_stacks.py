"""A fleet of many stacks in one session of 2,084 fragments: what becomes of each, why, and what is said of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.cli.rehearse.document import as_text
from fuota_constructs.cli.rehearse.page import page_of
from fuota_constructs.cli.rehearse.record import End, Record, Request
from fuota_constructs.cli.rehearse.stack_findings import stack_findings
from fuota_constructs.local.fleet import Fleet
from fuota_constructs.local.gate import judge
from fuota_constructs.local.rehearsal import Rehearsal

from ..published import document

if TYPE_CHECKING:
    from fuota_constructs.local.cloud import LocalCloud

WIDE = {"max_fragments": 4000, "max_fragment_bytes": 240, "max_lost_fragments": 400}
HANGS = "hangs for ever from 2,040 fragments"

# cohort: stack, what else, what its devices report, whether they have the image, what is said of it
EXPECTED: dict[str, tuple[Any, dict[str, Any], str, bool, str]] = {
    "standard": (None, {}, "Successful", True, ""),
    "stm32cubewl": ("stm32cubewl", {}, "Initial", False, f"STM32CubeWL 44157b0 {HANGS}"),
    "semtech-4.5.1": ({"name": "loramac-node@4.5.1", **WIDE}, {}, "Initial", False, f"LoRaMac-node 4.5.1 {HANGS}"),
    "semtech-4.5.2": ({"name": "loramac-node@4.5.2", **WIDE}, {}, "Successful", True, ""),
    "as-it-comes": (
        "loramac-node",
        {},
        "Not_enough_memory",
        False,
        "LoRaMac-node 4.7.0 is built for 21 fragments and the session has 2,084",
    ),
    "little-room": (
        {"name": "swl2001", **WIDE, "max_lost_fragments": 50},
        {},
        "MemoryError",
        False,
        "SWL2001 (LoRa Basics Modem) 4.8.0 has room for 50 lost fragments (FRAG_MAX_REDUNDANCY), and more were lost",
    ),
    "zephyr": ("zephyr", {}, "Successful", True, ""),
    "mbed": (
        "mbed",
        {},
        "FragIndex_unsupported",
        False,
        "Mbed LoRaWAN update client da8bf49 takes FragIndex 0 only, and this session has 1",
    ),
    "says-missing": (
        {"name": "loramac-node", **WIDE},
        {"status_as": "stack"},
        "MissingFrag",
        True,
        "LoRaMac-node 4.7.0 has the image and does not report so",
    ),
    "says-successful": (
        {"name": "zephyr-lowmem", "max_lost_fragments": 50},
        {"status_as": "stack"},
        "Successful",
        False,
        (
            "Zephyr (low-memory decoder) 86c6f9e1 has room for 50 lost fragments"
            " (CONFIG_LORAWAN_FRAG_TRANSPORT_MAX_REDUNDANCY), and more were lost"
        ),
    ),
}


@pytest.fixture(scope="module")
def rehearsed(cloud: LocalCloud) -> Record:
    """The session, rehearsed."""
    service, s3, iam = cloud.client("iotwireless"), cloud.client("s3"), cloud.client("iam")
    s3.create_bucket(Bucket="mixed", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="mixed", Key="image.bin", Body=bytes(range(250)) * 400)
    trust = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="mixed", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="mixed", PolicyName="read", PolicyDocument=policy)
    radio = {"RfRegion": "EU868", "DlClass": "ClassC", "DefaultSessionParameters": {"DlDr": 2}}  # airtime for all
    group = service.create_multicast_group(LoRaWAN=radio)["Id"]
    task = service.create_fuota_task(
        Name="mixed",
        FirmwareUpdateImage="s3://mixed/image.bin",
        FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/mixed",
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=20,
        FragmentSizeBytes=48,
        FragmentIntervalMS=7000,
    )["Id"]
    service.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)
    cohorts = [
        {"name": name, "count": 5, "loss": 0.05, **({"stack": stack} if stack else {}), **more}
        for name, (stack, more, *_) in EXPECTED.items()
    ]
    fleet = Fleet.from_dict({"seed": 3, "cohorts": cohorts})
    rehearsal = Rehearsal(cloud)
    rehearsal.enrol(fleet)
    rehearsal.start()
    findings = stack_findings(rehearsal, fleet)
    for _ in rehearsal.follow():
        pass
    outcome = rehearsal.outcome()
    verdict = judge(outcome)
    request = Request(fleet, 0.99, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "app", "fleet.yaml")
    return Record(request, End.FAILED, verdict.line, outcome, verdict, findings=findings)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_stack_ends_as_is_known_of_it(rehearsed: Record, name: str) -> None:
    _, _, status, has_image, cause = EXPECTED[name]
    assert rehearsed.outcome is not None
    [cohort] = [each for each in rehearsed.outcome.cohorts if each.name == name]
    assert (cohort.statuses, cohort.succeeded) == ({status: 5}, 5 if has_image else 0)
    assert [(trouble.cause, count) for trouble, count in cohort.troubles] == ([(cause, 5)] if cause else [])


def test_rules_are_asked_for_each_stack(rehearsed: Record) -> None:
    found = {(cohort, each.finding.rule) for each in rehearsed.findings for cohort in each.cohorts}
    assert found >= {
        ("stm32cubewl", "stack-hang"),
        ("semtech-4.5.1", "stack-hang"),
        ("as-it-comes", "stack-fragment-count"),
        ("little-room", "stack-lost-fragments"),
        ("mbed", "stack-frag-index"),
        ("says-successful", "stack-lost-fragments"),
    }
    assert not {cohort for cohort, _ in found} & {"standard", "semtech-4.5.2", "zephyr", "says-missing"}
    assert next(each.finding.level for each in rehearsed.findings) == "error"
    assert str(rehearsed.findings[0]).startswith("mixed, ")


def test_verdict_page_and_json_name_stack_and_cause(rehearsed: Record) -> None:
    assert rehearsed.verdict is not None
    assert rehearsed.line.startswith("FAILED 40 % < 99 %: stm32cubewl 0/5 Initial: STM32CubeWL 44157b0 hangs for ever")
    page, causes = page_of(rehearsed), [cause for *_, cause in EXPECTED.values() if cause]
    written = document(as_text(rehearsed))
    for cause in causes:
        assert any(cause in said for said in rehearsed.verdict.causes)
        assert cause in page
    assert "stack-hang" in page
    assert {trouble["cause"] for cohort in written["cohorts"] for trouble in cohort["troubles"]} == set(causes)
    assert {finding["rule"] for finding in written["findings"]} >= {"stack-hang", "stack-frag-index"}
    assert sum(device["has_image"] for device in written["devices"]) == written["verdict"]["succeeded"] == 20
    assert any(said.startswith("stack-hang: choose larger fragments") for said in rehearsed.verdict.remedies)
    assert not any("redundancy than" in said for said in rehearsed.verdict.remedies)


def test_the_command_that_does_it_again_names_the_stack() -> None:
    fleet = Fleet.of(devices=20, loss=0.1, seed=1, stack="loramac-node,max_fragments=1000")
    again = Request(fleet, 0.99, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "app").command
    assert "--loss 10% --device-stack loramac-node@4.7.0,max_fragments=1000 --seed 1" in again
