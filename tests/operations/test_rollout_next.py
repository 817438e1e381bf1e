"""What happens next in a rollout."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_next import next_of
from fuota_constructs.operations.rollout_status import RolloutStatus
from fuota_constructs.operations.rollout_waves import WaveStatus
from fuota_constructs.operations.rollouts import Rollout


def status(targets: int, **control: str) -> RolloutStatus:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    rollout = Rollout("Fleet/Rollout", "arn:aws:states:eu-west-1:000000000000:stateMachine:r", "table", "bucket")
    waves = (WaveStatus("rest", "RUNNING", targets),)
    return RolloutStatus(rollout, "one", "RUNNING", "", waves, {}, Evidence(), dict(control), now, now, None)


@pytest.mark.parametrize(
    ("targets", "control", "more"),
    [
        (30, {"Step": "check"}, ""),
        (90_000, {"Step": "check"}, "; on AWS eight join in a second"),
        (90_000, {"Step": "gather", "Joined": "6 of 90"}, ", 6 of 90 have by now; on AWS eight join in a second"),
    ],
)
def test_a_large_wave_says_how_many_have_joined(targets: int, control: dict[str, str], more: str) -> None:
    assert next_of(status(targets, **control)).text == f"the devices of wave rest join a group of their own{more}"


@pytest.mark.parametrize(
    ("attempt", "bake", "until"), [("0", 86_400, 87_400), ("1", 86_400, 22_600), ("1", 600, 1_600), ("0", 0, 1_060)]
)
def test_a_retry_bakes_until_it_shows_who_is_silent_and_no_longer_than_its_wave(
    attempt: str, bake: int, until: int
) -> None:
    settings = {"waves": [{"bakeSeconds": bake}], "gate": {"silentAfterSeconds": 21_600}}
    baking = status(9, Step="settle", Attempt=attempt, DoneAt="1000", Until="1060")
    found = next_of(replace(baking, settings=settings))
    assert found.text == "wave rest has baked, and its gate judges it"
    assert found.at == datetime.fromtimestamp(until, UTC)
