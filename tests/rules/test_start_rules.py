"""The rules about a scheduled start, at their limits."""

import pytest

from fuota_constructs.rules import START_RULES, Place, StartPlan, TaskPlan, findings_in

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
    plan = TaskPlan(start=StartPlan("then", seconds))
    assert found(plan) == rules
    # Never an error: the same code would synthesise today and not tomorrow.
    assert {finding.level for finding in findings_in(plan)} <= {"warning"}


HERE = Place("111122223333", "eu-west-1")


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (HERE, ""),
        (Place(), ""),
        (Place("111122223333", "us-east-1"), "the task is in us-east-1 and the schedule that starts it in eu-west-1;"),
        (Place("444455556666"), "the task is in account 444455556666 and the schedule that starts it in account 1111"),
    ],
)
def test_a_schedule_is_where_its_task_is(task: Place, words: str) -> None:
    findings = findings_in(TaskPlan(start=StartPlan("then", 86_400, None, HERE, task)))
    assert [finding.rule for finding in findings] == (["schedule-region"] if words else [])
    assert all(words in finding.message for finding in findings)


@pytest.mark.parametrize(("window", "rules"), [(25 * 60, []), (25 * 60 - 1, ["start-window"]), (None, [])])
def test_window(window: float | None, rules: list[str]) -> None:
    plan = RADIO._replace(start=StartPlan("then", 86_400, window))
    assert found(plan) == rules


def test_a_session_that_cannot_be_planned_is_not_held_to_a_window() -> None:
    assert found(TaskPlan(start=StartPlan("then", 86_400, 1))) == []


def test_no_start_no_finding() -> None:
    assert found(RADIO) == []
