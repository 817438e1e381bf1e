"""The rules about a scheduled start, at their limits."""

import pytest

from fuota_constructs.rules import START_RULES, StartPlan, TaskPlan, findings_in

RADIO = TaskPlan(rf_region="EU868", image_bytes=1000, fragment_size_bytes=40, fragment_interval_ms=60_000)


def found(plan: TaskPlan) -> list[str]:
    return [finding.rule for finding in findings_in(plan) if finding.rule in {rule.id for rule in START_RULES}]


@pytest.mark.parametrize(
    ("seconds", "rules"),
    [
        (-1, ["start-time-past"]),
        (0, ["start-time-past"]),
        (1, ["start-time-lead"]),
        (45 * 60 - 1, ["start-time-lead"]),
        (45 * 60, []),
        (10**9, []),
    ],
)
def test_room_before_the_start(seconds: float, rules: list[str]) -> None:
    assert found(TaskPlan(start=StartPlan("then", seconds))) == rules


@pytest.mark.parametrize(("window", "rules"), [(25 * 60, []), (25 * 60 - 1, ["start-window"]), (None, [])])
def test_window(window: float | None, rules: list[str]) -> None:
    plan = TaskPlan(**{**vars(RADIO), "start": StartPlan("then", 86_400, window)})
    assert found(plan) == rules


def test_a_session_that_cannot_be_planned_is_not_held_to_a_window() -> None:
    assert found(TaskPlan(start=StartPlan("then", 86_400, 1))) == []


def test_no_start_no_finding() -> None:
    assert found(RADIO) == []
