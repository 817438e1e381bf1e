"""The devices of a rollout one by one: what is said of each adds up to what is said of the waves."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from rollout_rig import MACHINES, Rig
from rollout_stores import BUCKET, TABLE

from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.rollout_devices import RolloutDevice, rollout_devices
from fuota_constructs.operations.rollout_evidence import read_evidence
from fuota_constructs.operations.rollout_status import RolloutStatus
from fuota_constructs.operations.rollout_waves import wave_statuses
from fuota_constructs.operations.rollouts import Rollout

ROLLOUT = Rollout("Stack/Rollout", f"{MACHINES}:Rollout", TABLE, BUCKET)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = ROLLOUT.evidence_of("one")


def read(settings: dict[str, Any], status: str = "SUCCEEDED") -> tuple[RolloutStatus, tuple[RolloutDevice, ...]]:
    aws = Aws(region="eu-west-1")
    evidence = read_evidence(aws, ROLLOUT, "one")
    waves = wave_statuses(settings, evidence, {}, status)
    found = RolloutStatus(ROLLOUT, "one", status, "", waves, settings, evidence, {}, NOW, NOW, None)
    return found, rollout_devices(aws, found)


def test_they_add_up_to_the_waves(rig: Rig) -> None:
    rig.fleet(near={"count": 14}, far={"count": 3, "loss": 0.9}, small={"count": 3, "memory_bytes": 500})
    settings = rig.settings(
        waves=[{"name": "most", "devices": 15, "bakeSeconds": 600}, {"name": "rest", "percent": 100}],
        retries=1,
        gate={**rig.settings()["gate"], "success": 0.3},
    )
    status, devices = read(settings, rig.run(settings)["status"])
    assert [device.id for device in devices] == rig.read("targets.json")["devices"]
    for wave in status.waves:
        own = [device for device in devices if device.wave == wave.name]
        assert len(own) == wave.targets
        assert Counter(device.status for device in own if device.status) == wave.devices_by_status
        assert sum(device.kind == "updated" for device in own) == wave.successful
    assert {device.status for device in devices} >= {"Successful", "MissingFrag", "Not_enough_memory"}
    assert {device.heard_at is None for device in devices if device.status == "Successful"} == {False}


@pytest.fixture
def keep(rig: Rig) -> Any:
    def keep(**documents: Any) -> None:
        for name, content in documents.items():
            key = f"{FOLDER}{name.replace('__', '/').replace('_', '-')}.json"
            rig.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(content).encode())

    return keep


WAVES = {"waves": [{"name": "canary"}, {"name": "rest"}]}


def test_of_several_sessions_the_latest_counts(keep: Any) -> None:
    keep(
        targets={"sizes": [5, 1], "devices": ["a", "b", "c", "d", "e", "f"]},
        wave_0__checked_0={"members": ["a", "b"], "already": ["c"], "conflicting": {"d": "task"}, "unknown": []},
        wave_0__statuses_0={
            "a": {"status": "Successful", "heard": 0.0, "silent": True},
            "b": {"status": "MissingFrag"},
        },
        wave_0__checked_1={"members": ["d"], "already": ["b"], "conflicting": {}, "unknown": []},
        wave_0__statuses_1={"d": {"status": "Initial", "heard": None}},
    )
    assert read(WAVES)[1] == (
        RolloutDevice("a", "canary", "updated", "Successful", datetime(1970, 1, 1, tzinfo=UTC), silent=True),
        RolloutDevice("b", "canary", "updated", "MissingFrag", already=True),
        RolloutDevice("c", "canary", "updated", already=True),
        RolloutDevice("d", "canary", "open", "Initial"),
        RolloutDevice("e", "canary", "open"),  # could not join the group
        RolloutDevice("f", "rest", "open"),  # not begun
    )


def test_where_a_version_is_asked_for_only_who_reports_it_is_updated(keep: Any) -> None:
    told = {"applied": {"applied": "applied"}, "other": {"applied": "other_version", "version": "1.0"}, "open": {}}
    told["none"] = {"applied": "unreported"}
    keep(
        targets={"sizes": [4], "devices": list(told)},
        wave_0__statuses_0={device: {"status": "Successful", **said} for device, said in told.items()},
    )
    found = {device.id: device for device in read({**WAVES, "applied": {"version": "2.0"}})[1]}
    assert {name: device.kind for name, device in found.items()} == {
        "applied": "updated",
        "other": "failed",
        "open": "open",
        "none": "failed",
    }
    assert found["other"].version == "1.0"


def test_nobody_is_there_before_the_devices_are_chosen(rig: Rig) -> None:
    assert read(WAVES, "RUNNING")[1] == ()


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_fails_where_the_evidence_is_gone(keep: Any, status: str) -> None:
    keep(sizes=[1])
    with pytest.raises(OperationError, match=f"is not in s3://{BUCKET}/{FOLDER}: it ended before"):
        read(WAVES, status)


def test_fails_where_nobody_can_tell_whether_devices_were_chosen(rig: Rig) -> None:
    with pytest.raises(OperationError, match="or a rule of the bucket took that away"):
        read(WAVES, "FAILED")
