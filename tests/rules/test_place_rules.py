"""Rules about other accounts and Regions: only what differs for certain is found."""

import pytest

from fuota_constructs.rules import Finding, GroupPlan, Place, TaskPlan, findings_in

OURS, OTHERS = "111122223333", "444455556666"


def found(plan: TaskPlan) -> list[Finding]:
    return [each for each in findings_in(plan) if each.rule in {"group-region", "role-account", "image-account"}]


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (Place(OURS, "eu-west-1"), ""),
        (Place(), ""),
        (Place(region="eu-west-1"), ""),
        (Place(OURS, "us-east-1"), '"Fleet/G" is in us-east-1 and the task in eu-west-1;'),
        (Place(OTHERS, "eu-west-1"), '"Fleet/G" is in account 444455556666 and the task in account 111122223333;'),
        (Place(OTHERS), '"Fleet/G" is in account 444455556666 and the task in account 111122223333;'),
        (
            Place(OTHERS, "us-east-1"),
            '"Fleet/G" is in account 444455556666, us-east-1 and the task in account 111122223333, eu-west-1;',
        ),
    ],
)
def test_group_region(group: Place, words: str) -> None:
    plan = TaskPlan(
        aws_account=OURS, aws_region="eu-west-1", multicast_groups=(GroupPlan("Fleet/G", place=group), GroupPlan(""))
    )
    findings = found(plan)
    assert [(each.level, each.rule) for each in findings] == ([("error", "group-region")] if words else [])
    assert all(words in each.message for each in findings)


def test_groups_of_two_places_are_found_wherever_the_task_is() -> None:
    groups = (GroupPlan("A"), GroupPlan("B", place=Place(OURS)), GroupPlan("C", place=Place(OTHERS)))
    [finding] = found(TaskPlan(multicast_groups=groups))
    assert '"C" is in account 444455556666 and multicast group "B" in account 111122223333;' in finding.message


def test_nothing_is_elsewhere_while_the_task_is_nowhere() -> None:
    group = GroupPlan("G", place=Place(OTHERS, "us-east-1"))
    plan = TaskPlan(multicast_groups=(group,), role_account=OTHERS, image_bucket_account=OTHERS, image_access="{}")
    assert found(plan) == []


@pytest.mark.parametrize(("role", "expected"), [(OURS, []), (None, []), (OTHERS, ["role-account"])])
def test_role_account(role: str | None, expected: list[str]) -> None:
    findings = found(TaskPlan(aws_account=OURS, role_account=role))
    assert [each.rule for each in findings] == expected
    assert all("give a role of 111122223333" in each.message for each in findings)


@pytest.mark.parametrize(
    ("bucket", "access", "expected"),
    [(OURS, "{}", []), (None, "{}", []), (OTHERS, "{}", ["image-account"]), (OTHERS, None, [])],
)
def test_image_account(bucket: str | None, access: str | None, expected: list[str]) -> None:
    findings = found(TaskPlan(aws_account=OURS, image_bucket_account=bucket, image_access=access))
    assert [each.rule for each in findings] == expected
    assert all(each.level == "warning" and "444455556666 must add {};" in each.message for each in findings)
