"""The share of devices that succeed is what the planner's decode probability says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from fuota_constructs.lorawan.redundancy import decode_probability

if TYPE_CHECKING:
    from conftest import FleetCloud

DEVICES = 200
LOSSES = (0.15, 0.2, 0.22, 0.25, 0.3)
CONFIDENCE = 3.29  # standard deviations: two-sided 99.9 %, so that ten fixed draws pass together


def wilson(successes: int, of: int) -> tuple[float, float]:
    """The interval of the share behind so many successes."""
    share, square = successes / of, CONFIDENCE**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = CONFIDENCE / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return middle - half, middle + half


@pytest.mark.parametrize("version", [1, 2])
def test_success_ratios_agree_with_the_planner(cloud: FleetCloud, version: int) -> None:
    task = cloud.task(cloud.group())  # 50 data and 20 coded fragments
    cohorts = [{"name": f"{loss}", "count": DEVICES, "loss": loss, "ts004": version} for loss in LOSSES]
    cloud.fleet(cohorts=cohorts, seed=11)
    cloud.run(task)
    found = {
        cohort["name"]: cohort["statuses"].get("Successful", 0) for cohort in cloud.admin("GET", "fleet")["cohorts"]
    }
    for loss in LOSSES:
        low, high = wilson(found[f"{loss}"], DEVICES)
        assert low <= decode_probability(50, 20, loss, version=version) <= high, (loss, found)
    assert found["0.15"] > 0.75 * DEVICES  # the losses span what can happen
    assert found["0.3"] < 0.5 * DEVICES


@pytest.mark.parametrize("version", [1, 2])
def test_a_larger_session_agrees_too(cloud: FleetCloud, version: int) -> None:
    cloud.images["s3://firmware/v2.bin"] = bytes(range(250)) * 80  # 500 data fragments
    task = cloud.task(cloud.group(), RedundancyPercent=20)
    cohorts = [{"name": f"{loss}", "count": DEVICES, "loss": loss, "ts004": version} for loss in (0.13, 0.15, 0.165)]
    cloud.fleet(cohorts=cohorts, seed=12)
    cloud.run(task)
    for cohort in cloud.admin("GET", "fleet")["cohorts"]:
        low, high = wilson(cohort["statuses"].get("Successful", 0), DEVICES)
        assert low <= decode_probability(500, 100, float(cohort["name"]), version=version) <= high, cohort
