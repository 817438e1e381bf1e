"""Rules about monitors: where they are, and how many a stack has room for."""

import pytest

from fuota_constructs.rules import MonitorPlan, Place, TaskPlan, findings_in

HERE = Place("111122223333", "eu-west-1")


@pytest.mark.parametrize(
    ("task", "rules"),
    [
        (HERE, []),
        (Place(), []),
        (Place("111122223333", "us-east-1"), ["monitor-region"]),
        (Place("444455556666", "eu-west-1"), ["monitor-account"]),
        (Place("444455556666", "us-east-1"), ["monitor-region", "monitor-account"]),
    ],
)
def test_a_monitor_is_where_its_task_is(task: Place, rules: list[str]) -> None:
    assert [each.rule for each in findings_in(TaskPlan(monitor=MonitorPlan(HERE, task)))] == rules
    assert findings_in(TaskPlan(monitor=MonitorPlan(Place(), task))) == ()


@pytest.mark.parametrize(
    ("characters", "rules"),
    [(None, []), (10_240, []), (10_241, ["monitor-policy-size"]), (99_999, ["monitor-policy-size"])],
)
def test_policy_size(characters: int | None, rules: list[str]) -> None:
    findings = findings_in(TaskPlan(monitor=MonitorPlan(policy_characters=characters)))
    assert [each.rule for each in findings] == rules
    assert all("move some of the monitors to another stack" in each.message for each in findings)
