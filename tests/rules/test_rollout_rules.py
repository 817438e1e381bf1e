"""Rules about rollouts, at their limits."""

import pytest

from fuota_constructs.firmware.formats.image_facts import facts_of
from fuota_constructs.rules import GroupPlan, RolloutPlan, TaskPlan, WavePlan, findings_in

HOUR, DAY = 3600, 86_400
CANARY, TENTH, REST = WavePlan("canary", 60, None, DAY), WavePlan("tenth", None, 10, DAY), WavePlan("rest", None, 100)
SESSION = {
    "rf_region": "EU868",
    "redundancy_percent": 30,
    "fragment_size_bytes": 112,
    "fragment_interval_ms": 30_000,
    "image_bytes": 20_000,
    "multicast_groups": (GroupPlan("", "EU868", "ClassC"),),
}


def found(rule, waves=(CANARY, TENTH, REST), **facts):
    plan = TaskPlan(**SESSION, rollout=RolloutPlan(waves=waves, **facts))
    return [(finding.level, finding.message) for finding in findings_in(plan) if finding.rule == rule]


@pytest.mark.parametrize("rule", ["rollout-waves", "rollout-window", "wave-cannot-prove"])
def test_a_sound_rollout_and_a_task_have_no_findings(rule) -> None:
    assert found(rule, devices=1000, window_seconds=8 * HOUR, silent_after_seconds=6 * HOUR) == []
    assert [finding for finding in findings_in(TaskPlan(**SESSION)) if finding.rule == rule] == []


@pytest.mark.parametrize(
    ("waves", "part"),
    [
        ((), "the rollout has 0 waves; give 1 to 100"),
        (tuple(WavePlan(str(number), None, 100) for number in range(101)), "the rollout has 101 waves"),
        ((CANARY, TENTH), "end with RolloutWave.percent(100)"),
        ((CANARY, WavePlan("b", 60), REST), "the waves reach 60, 60 devices"),
        ((TENTH, WavePlan("b", None, 9), REST), "the waves reach 10, 9, 100 percent"),
    ],
)
def test_fails_for_waves_that_do_not_grow_to_all_of_the_fleet(waves, part) -> None:
    [(level, message), *_] = found("rollout-waves", waves)
    assert level == "error"
    assert part in message


def test_fails_for_two_waves_of_one_name() -> None:
    [(level, message)] = found("rollout-waves", (CANARY, WavePlan("canary", None, 10, DAY), REST))
    assert level == "error"
    assert message.startswith("several waves have the name canary, and status, report and events say by it")


def test_waves_that_nobody_is_left_for() -> None:
    [(level, message)] = found("rollout-waves", devices=61)
    assert level == "warning"
    assert "the list has 61 devices and nobody is left for rest" in message
    assert found("rollout-waves", devices=62) == []
    [(_, alone)] = found("rollout-waves", devices=1)
    assert "the list has 1 device and nobody" in alone


def test_a_bake_that_sees_no_silence() -> None:
    [(level, message)] = found("rollout-waves", silent_after_seconds=DAY + 1)
    assert level == "warning"
    assert message.startswith("canary, tenth bake for less than silent_after")
    [(_, message)] = found("rollout-waves", silent_after_seconds=36 * HOUR)
    assert "silent_after, which is 36 h:" in message
    assert found("rollout-waves", silent_after_seconds=DAY) == []


SECONDS = 30 * 233  # 179 data fragments and 54 coded ones, one every 30 s


def test_fails_for_a_session_longer_than_the_window() -> None:
    [(level, message)] = found("rollout-window", window_seconds=SECONDS - 1)
    assert level == "error"
    assert "233 fragments" in message
    assert found("rollout-window", window_seconds=SECONDS) == []


def test_a_retry_longer_than_the_window() -> None:
    [(level, message)] = found("rollout-window", window_seconds=SECONDS, most_redundancy_percent=60)
    assert level == "warning"
    assert "a retry with 60 % redundancy takes" in message


def test_a_wave_that_can_never_prove_what_is_asked_for() -> None:
    small = WavePlan("canary", 52, None, DAY)
    [(level, message)] = found("wave-cannot-prove", (small, TENTH, REST))
    assert level == "warning"
    assert "takes 53 devices without a failure to prove, and canary (52 devices)" in message
    assert found("wave-cannot-prove", (WavePlan("canary", 53, None, DAY), TENTH, REST)) == []
    [(_, message)] = found(
        "wave-cannot-prove", (WavePlan("canary", 90, None, DAY), REST), a_gateway=25, correlation=0.05
    )
    assert "takes 99 devices (25 behind a gateway) without a failure" in message
    [(_, message)] = found("wave-cannot-prove", (WavePlan("canary", None, 1), REST), devices=1000)
    assert "canary (10 devices)" in message


def test_a_version_that_the_image_does_not_carry() -> None:
    facts = facts_of(b"image", format="mcuboot", title="an MCUboot image", version="2.4.0")
    asked = {version: RolloutPlan(waves=(REST,), applied_version=version) for version in ("2.4.0", "v2.4.0", "2.3.9")}
    messages = {
        version: [
            finding.message
            for finding in findings_in(TaskPlan(**SESSION, image_facts=facts, rollout=rollout))
            if finding.rule == "applied-version"
        ]
        for version, rollout in asked.items()
    }
    assert messages["2.4.0"] == messages["v2.4.0"] == []
    assert "applied asks for version '2.3.9', and the image says that it is 2.4.0" in messages["2.3.9"][0]
    assert found("applied-version", applied_version="2.3.9") == []  # the image says nothing
