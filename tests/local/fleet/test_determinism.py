"""The same fleet in the same session ends the same way, whoever looks when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FLEET: dict[str, Any] = {
    "seed": 7,
    "cohorts": [
        {"name": "even", "count": 40, "loss": 0.2},
        {"name": "bursts", "count": 40, "loss": {"kind": "gilbert", "mean": 0.2, "burst": 5}, "ts004": 2},
        {"name": "spread", "count": 40, "loss": {"kind": "beta", "mean": 0.2, "spread": 0.1}},
        {"name": "far", "count": 40, "loss": {"kind": "link", "margin_db": 4, "spread_db": 4}},
        {"name": "broken", "count": 10, "loss": 0.2, "faults": ["corrupt-fragment"]},
    ],
}
LOOKS: dict[str, list[float]] = {
    "once at the end": [5000],
    "every fragment": [1800, *[1.0] * 72],
    "every half fragment": [1800, *[0.5] * 144],
    "now and then": [900, 930, 5, 20, 0.7, 30.3, 1, 11, 3000],
}


def outcome(new_cloud: Callable[..., Any], looks: list[float], fleet: dict[str, Any]) -> list[tuple[Any, ...]]:
    cloud = new_cloud()
    task = cloud.task(cloud.group())
    cloud.fleet(**fleet)
    cloud.client.start_fuota_task(Id=task)
    started = cloud.clock.time
    for seconds in looks:
        cloud.clock.time += seconds
        cloud.statuses(task)
        cloud.admin("GET", "fleet")
    cloud.clock.time = started + 10_000
    rows = cloud.admin("GET", "fleet?devices=1")["list"]
    assert [row["status"] for row in rows] == list(cloud.devices(task).values())
    return [
        (row["name"], row["dev_eui"], row["status"], row["received"], row["missing"], row["completed_at"])
        for row in rows
    ]


@pytest.fixture
def once(new_cloud: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """What comes of the fleet when somebody looks once."""
    return outcome(new_cloud, LOOKS["once at the end"], FLEET)


@pytest.mark.parametrize("looks", [name for name in LOOKS if name != "once at the end"])
def test_looking_changes_nothing(new_cloud: Callable[..., Any], once: list[tuple[Any, ...]], looks: str) -> None:
    assert outcome(new_cloud, LOOKS[looks], FLEET) == once
    assert len({row[2] for row in once}) >= 3


def test_another_seed_is_another_outcome(new_cloud: Callable[..., Any], once: list[tuple[Any, ...]]) -> None:
    other = outcome(new_cloud, LOOKS["once at the end"], {**FLEET, "seed": 8})
    assert [row[3] for row in other] != [row[3] for row in once]


def test_the_next_session_is_another_draw_of_the_same_seed(new_cloud: Callable[..., Any]) -> None:
    cloud = new_cloud()
    group = cloud.group()
    cloud.fleet(devices=100, loss=0.2, seed=1)
    received = []
    for _ in range(2):
        task = cloud.task(group)
        cloud.run(task)
        received.append([row["received"] for row in cloud.admin("GET", f"fleet?devices=1&task={task}")["list"]])
    assert received[0] != received[1]
