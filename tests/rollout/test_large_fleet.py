"""100,000 devices keep within the limits of AWS, and what they cost grows as their number does.

The service here throttles by its quota and takes time for each request, so a step that asks too fast, or does too much
at a time, fails the rollout.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from large_fleet import LIMIT_BYTES, LIMIT_EVENTS, LargeRollout, device_ids
from rollout_calls import SECONDS_BETWEEN_REQUESTS, SECONDS_TO_FINISH
from rollout_rig import HOUR
from rollout_stores import BUCKET

if TYPE_CHECKING:
    from fuota_constructs.local.cloud import LocalCloud

SIZE, PART = 100_000, 10_000
WAVES = [{"name": "tenth", "percent": 10}, {"name": "rest", "percent": 100}]
SETUP = {"share": 0.9, "deadlineSeconds": HOUR}
"""Less than the devices of the last wave take to join its group: the time counts from then on."""


class Done:
    """A rollout that is over."""

    def __init__(self, cloud: LocalCloud, size: int, **targets: str) -> None:
        self.rollout = LargeRollout(cloud, device_ids(size))
        asked = {"targets": targets} if targets else {}
        self.settings = self.rollout.settings(waves=WAVES, setup=SETUP, **asked)
        self.output: dict[str, Any] = self.rollout.run(self.settings)
        self.requests = self.rollout.service.requests


@pytest.fixture(scope="module")
def all_of_them(cloud: LocalCloud) -> Done:
    return Done(cloud, SIZE)


@pytest.fixture(scope="module")
def part_of_them(cloud: LocalCloud) -> Done:
    text = "".join(f"{device}\n" for device in device_ids(PART))
    cloud.client("s3").put_object(Bucket=BUCKET, Key="assets/list.txt", Body=text.encode())
    return Done(cloud, PART, listBucket=BUCKET, listKey="assets/list.txt")


def test_everybody_is_asked_once_and_who_lost_the_image_once_more(all_of_them: Done) -> None:
    assert all_of_them.output["status"] == "SUCCEEDED"
    waves = all_of_them.output["waves"]
    assert [wave["counts"]["delivered"] for wave in waves] == [10_000, 90_000]
    assert max(wave["attempts"] for wave in waves) == 2
    lost = sum(int(device[-8:], 16) % all_of_them.rollout.lose_every == 0 for device in all_of_them.rollout.devices)
    assert lost > 0
    for operation in ("AssociateWirelessDeviceWithMulticastGroup", "DisassociateWirelessDeviceFromMulticastGroup"):
        assert all_of_them.requests[operation] == SIZE + lost
    assert not any(all_of_them.rollout.service.groups)


def test_no_step_outlasts_the_function(all_of_them: Done) -> None:
    longest = {step: cost.longest_seconds for step, cost in all_of_them.rollout.costs.items()}
    assert max(longest.values()) < 900 - SECONDS_TO_FINISH + 1
    # Only those that can be called again take long.
    assert {step for step, seconds in longest.items() if seconds > 60} == {"gather", "clean"}


def test_devices_join_as_fast_as_the_quota_lets_them(all_of_them: Done) -> None:
    last_wave = all_of_them.rollout.seconds["gather", 1, 0]
    assert HOUR < 90_000 * SECONDS_BETWEEN_REQUESTS < last_wave < 1.05 * 90_000 * SECONDS_BETWEEN_REQUESTS


def test_no_execution_comes_near_its_most_events(all_of_them: Done) -> None:
    assert len(all_of_them.rollout.events) == 1 + len(WAVES)
    assert max(all_of_them.rollout.events) < LIMIT_EVENTS / 10


def test_what_the_machines_carry_does_not_grow_with_the_fleet(all_of_them: Done, part_of_them: Done) -> None:
    assert all_of_them.rollout.largest_bytes < part_of_them.rollout.largest_bytes + 100
    # With as many waves as a rollout may have, and as many changes of the clock as its window is told of.
    wave = {"name": "w" * 60, "percent": 99.999, "bakeSeconds": 2_592_000, "approval": True}
    window = {"startSecond": 79_200, "durationSeconds": 28_800, "offsets": [[1_800_000_000, -36_000]] * 80}
    settings = json.dumps({**all_of_them.settings, "waves": [wave] * 100, "window": window})
    results = 100 * max(len(json.dumps(result)) for result in all_of_them.output["waves"])
    assert len(settings) + results < LIMIT_BYTES / 2


def test_ten_times_the_devices_cost_ten_times_the_requests(all_of_them: Done, part_of_them: Done) -> None:
    ratio = all_of_them.requests.total() / part_of_them.requests.total()
    assert ratio < 1.05 * SIZE / PART
    # Who has joined is listed by each call anew; what that costs is little.
    assert all_of_them.requests["ListWirelessDevices"] < 0.05 * all_of_them.requests.total()
