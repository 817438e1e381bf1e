"""Rollouts from the first wave to the last, in the real machines."""

import json
from types import SimpleNamespace

from ministack.services import stepfunctions as engine
from rollout_rig import DAY, HOUR, MACHINES, MINUTE, ONE_WAVE, ClockedCalls, answer_gates, outcomes
from rollout_stores import BUCKET, TABLE
from wave_record import WaveRecord
from wave_turn import Turn

from fuota_constructs.operations.rollout_evidence import read_evidence
from fuota_constructs.operations.rollouts import Rollout

ROLLOUT = Rollout("Stack/Rollout", f"{MACHINES}:Rollout", TABLE, BUCKET)


def test_good_firmware_reaches_everybody_once_and_leaves_nothing(rig) -> None:
    rig.fleet(good={"count": 20})
    output = rig.run(rig.settings())
    assert output["status"] == "SUCCEEDED"
    assert outcomes(output) == ["INCONCLUSIVE", "PASSED", "PASSED"]
    assert [wave["counts"]["delivered"] for wave in output["waves"]] == [4, 6, 10]
    assert "a canary goes on" in output["waves"][0]["reason"]
    assert rig.requests("StartFuotaTask") == 3
    assert rig.metric("RolloutAppliedDevices") == []
    assert rig.left() == []
    targets = rig.read("targets.json")
    assert rig.read("sizes.json") == targets["sizes"]
    assert sorted(targets["devices"]) == sorted(rig.devices)
    assert targets["sizes"] == [4, 6, 10]
    assert set(rig.read("wave-0/statuses-0.json")) == set(targets["devices"][:4])
    gate = rig.read("wave-1/gate.json")
    assert gate["tally"]["delivered"] == 6
    assert gate["lowerBound"] == output["waves"][1]["lowerBound"] > 0.7
    assert rig.control()["Status"] == rig.read("outcome.json")["status"] == "SUCCEEDED"


def test_bad_firmware_aborts_in_the_canary_and_nobody_else_spends_airtime(rig) -> None:
    rig.fleet(bad={"count": 17, "faults": ["corrupt-fragment"]}, good={"count": 3})
    output = rig.run(rig.settings(waves=[{"devices": 8}, {"percent": 100}]))
    assert output["status"] == "ABORTED"
    assert outcomes(output) == ["ABORTED"]
    assert "not for want of fragments" in output["reason"]
    assert rig.requests("StartFuotaTask") == 1
    assert len(rig.read("wave-0/statuses-0.json")) == 8
    assert rig.left() == []
    assert rig.control()["Reason"] == output["reason"]


def test_a_refusal_in_the_canary_aborts(rig) -> None:
    rig.fleet(small={"count": 20, "memory_bytes": 500})
    output = rig.run(rig.settings())
    assert output["status"] == "ABORTED"
    assert "4 devices of the canary refuse the image" in output["reason"]


def test_devices_that_lost_the_image_are_tried_again_in_a_group_of_their_own(rig) -> None:
    rig.fleet(near={"count": 17}, far={"count": 3, "loss": 0.5})
    output = rig.run(rig.settings(waves=ONE_WAVE, retries=1, session={**rig.settings()["session"], "plannedLoss": 0.3}))
    again = rig.read("wave-0/members-1.json")
    assert 0 < len(again) <= 3
    assert set(rig.read("wave-0/statuses-1.json")) == set(again)
    assert output["waves"][0]["attempts"] == 2
    assert rig.requests("StartFuotaTask") == 2
    counts = [rig.read(f"wave-0/counts-{attempt}.json") for attempt in (0, 1)]
    assert counts[0] == {"Successful": 20 - len(again), "MissingFrag": len(again)}
    assert counts[1] == rig.read("wave-0/gate-1.json")["statuses"]
    assert rig.left() == []


def test_rollouts_that_share_a_bucket_may_call_their_executions_alike(rig) -> None:
    """As a schedule of yours may: the second would have taken over the devices of the first."""
    rig.fleet(good={"count": 5})
    rig.run(rig.settings(waves=ONE_WAVE))
    other = Turn("choose", "one", f"{MACHINES.replace('stateMachine', 'execution')}:Other:one", {}, {})
    assert WaveRecord(other, ClockedCalls(rig)).targets() is None
    assert other.folder == "rollouts/Other/one"


def test_what_tells_how_far_a_rollout_is_reads_nothing_that_grows_with_the_fleet(rig) -> None:
    rig.fleet(good={"count": 10})
    read: list[str] = []
    seen = []

    def note(params, **_):
        read.append(params["Key"])

    def before(turn):
        if turn.step == "settle" and not seen:
            event, events = "before-parameter-build.s3.GetObject", rig.s3.meta.events
            events.register(event, note)
            seen.append(read_evidence(SimpleNamespace(s3=rig.s3), ROLLOUT, "one"))
            events.unregister(event, note)

    rig.before_step = before
    rig.run(rig.settings(waves=ONE_WAVE))
    assert (seen[0].sizes, seen[0].statuses) == ([10], {0: {"Successful": 10}})
    assert {key.removeprefix("rollouts/Rollout/one/") for key in read} == {
        "sizes.json",
        "wave-0/check-0.json",
        "wave-0/counts-0.json",
    }


def test_a_session_starts_only_where_all_of_it_is_in_the_window(rig) -> None:
    rig.fleet(good={"count": 5})
    # Berlin in winter: 22:00 on the wall is 21:00 UTC.
    window = {"startSecond": 22 * HOUR, "durationSeconds": 8 * HOUR, "offsets": [[0, HOUR]]}
    rig.run(rig.settings(waves=ONE_WAVE, window=window))
    [launched] = rig.took("launch")
    opens = 21 * HOUR
    assert (launched["startAt"] - opens) % DAY + 35 * MINUTE <= 8 * HOUR
    assert launched["startAt"] - 1_800_000_000 > 31 * MINUTE


def test_fails_where_no_window_is_long_enough(rig) -> None:
    rig.fleet(good={"count": 5})
    window = {"startSecond": 0, "durationSeconds": 30 * MINUTE, "offsets": [[0, 0]]}
    execution = rig.start(rig.settings(waves=ONE_WAVE, window=window))
    rig.join(execution)
    assert execution["error"] == "WindowTooShortError"
    assert "make the window longer, or the session shorter" in execution["cause"]


def test_bricks_abort_before_the_next_wave(rig) -> None:
    rig.fleet(good={"count": 20})

    def before(turn):
        # All but one are heard again and again.
        rig.heard = {device: rig.clock() for device in rig.devices} | dict.fromkeys(bricks, 1800000000)

    settings = rig.settings()
    from fuota_constructs.lorawan.fleet_waves import ranked

    bricks = ranked(rig.devices, "one")[1:2]
    rig.before_step = before
    output = rig.run(settings)
    assert output["status"] == "ABORTED"
    assert "1 device is silent since it has the image, 0 are accepted" in output["reason"]
    assert outcomes(output) == ["ABORTED"]


def test_a_device_that_slept_is_tried_again_once_it_was_heard(rig) -> None:
    rig.fleet(deaf={"count": 2, "faults": ["no-package"]}, good={"count": 18})
    deaf = rig.devices[:2]
    rig.run(rig.settings(waves=ONE_WAVE, retries=1))
    statuses = rig.read("wave-0/statuses-0.json")
    assert {statuses[device]["status"] for device in deaf} <= {"Initial", "Package_Not_Supported"}


def test_every_step_may_be_repeated(rig) -> None:
    rig.fleet(near={"count": 17}, far={"count": 3, "loss": 0.5})
    rig.calls_per_step = 2
    answer_gates(rig, *["resume"] * 6)
    settings = rig.settings(retries=1, session={**rig.settings()["session"], "plannedLoss": 0.3})
    output = rig.run(settings)
    assert output["status"] == "SUCCEEDED"
    started = rig.requests("StartFuotaTask")
    assert started == sum(wave["attempts"] for wave in output["waves"])
    assert rig.left() == []


def test_answers_that_are_lost_change_nothing(rig) -> None:
    rig.fleet(near={"count": 17}, far={"count": 3, "loss": 0.5})
    rig.lost_answers = 25
    answer_gates(rig, *["resume"] * 6)
    output = rig.run(rig.settings(retries=1, session={**rig.settings()["session"], "plannedLoss": 0.3}))
    assert output["status"] == "SUCCEEDED"
    assert rig.requests("StartFuotaTask") == sum(wave["attempts"] for wave in output["waves"])
    assert rig.left() == []


def test_the_next_rollout_takes_away_what_a_dead_one_left(rig) -> None:
    rig.fleet(good={"count": 5})

    def before(turn):
        if turn.step == "look" and turn.execution == "dead":
            raise ValueError("the function breaks")

    rig.before_step = before
    dead = rig.start(rig.settings(waves=ONE_WAVE), "dead")
    rig.join(dead)
    assert dead["status"] == "FAILED"
    assert len(rig.left()) == 2
    assert rig.run(rig.settings(waves=ONE_WAVE), "next")["status"] == "SUCCEEDED"
    assert rig.left() == []


def test_fails_while_another_execution_is_under_way(rig) -> None:
    rig.fleet(good={"count": 5})
    second = []

    def before(turn):
        if turn.step == "launch" and not second:
            second.append(rig.start(rig.settings(waves=ONE_WAVE), "second"))
            rig.join(second[0])

    rig.before_step = before
    assert rig.run(rig.settings(waves=ONE_WAVE), "first")["status"] == "SUCCEEDED"
    assert second[0]["error"] == "AnotherRolloutRunsError"
    assert "abort it, or wait for its end" in second[0]["cause"]


def test_fails_when_there_is_nobody_to_update(rig) -> None:
    execution = rig.start(rig.settings(targets={"deviceProfileId": "none"}))
    rig.join(execution)
    assert execution["error"] == "NobodyToUpdateError"
    assert rig.control()["Status"] == "FAILED"


def test_targets_may_be_a_profile_or_the_members_of_groups(rig) -> None:
    rig.fleet(good={"count": 3})
    profile = rig.iotwireless.list_device_profiles()["DeviceProfileList"][0]["Id"]
    assert rig.run(rig.settings(waves=ONE_WAVE, targets={"deviceProfileId": profile}), "profile")["waves"]
    group = rig.iotwireless.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    rig.iotwireless.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=rig.devices[0])
    rig.run(rig.settings(waves=ONE_WAVE, targets={"multicastGroupIds": [group]}), "groups")
    assert rig.read("targets.json", "profile")["sizes"] == [3]
    assert rig.read("targets.json", "groups")["devices"] == rig.devices[:1]


def test_devices_the_service_does_not_know_are_left_out(rig) -> None:
    rig.fleet(good={"count": 5})
    rig.devices.append("00000000-0000-4000-8000-000000000000")
    output = rig.run(rig.settings(waves=ONE_WAVE))
    assert output["waves"][0]["counts"]["attempted"] == 5
    assert rig.read("wave-0/gate.json")["leftOut"] == 1


def test_a_fleet_smaller_than_the_plan_has_fewer_waves(rig) -> None:
    rig.fleet(good={"count": 3})
    output = rig.run(rig.settings())
    assert len(output["waves"]) == 1
    assert output["status"] == "SUCCEEDED"


def test_the_state_of_the_machines_stays_small(rig) -> None:
    rig.fleet(good={"count": 20})
    rig.run(rig.settings())
    assert max(len(json.dumps(answer)) for _, answer in rig.steps) < 2500
    assert not [device for device in rig.devices if any(device in json.dumps(answer) for _, answer in rig.steps)]
    for execution in engine._executions.values():
        assert len(execution["events"]) < 1000
    assert rig.dynamodb.scan(TableName=TABLE)["Count"] == 1
