"""What a trust policy is taken to say: sure only of what holds whether or not the service sends a key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fuota_constructs.operations.role_trust import trust_check

ROLE = "arn:aws:iam::111122223333:role/firmware"
TASK = "arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/8c3c6d0e"
OWN = {"aws:SourceAccount": "111122223333"}


def outcome(*statements: dict[str, Any]) -> tuple[str, str]:
    check = trust_check(ROLE, {"Statement": list(statements)}, TASK)
    return check.outcome, check.message


def allow(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "iotwireless.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **changes,
    }


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEqualsIfExists": OWN},
        {"StringEqualsIfExists": {"AWS:sourceaccount": ["444455556666", "111122223333"]}},
        {"StringEqualsIgnoreCaseIfExists": OWN},
        {"StringLikeIfExists": {"aws:SourceAccount": "1111*"}},
        {"StringLikeIfExists": {"aws:SourceArn": "arn:aws:iotwireless:*:111122223333:*"}},
        {"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/*"}},
        {"ArnLikeIfExists": {"aws:SourceArn": "arn:*:iotwireless:*:111122223333:*"}},
        {"ArnEqualsIfExists": {"aws:SourceArn": TASK}},
        {"StringEqualsIfExists": OWN, "ArnLikeIfExists": {"aws:SourceArn": "arn:aws:iotwireless:*:111122223333:*"}},
        {},
    ],
    ids=json.dumps,
)
def test_is_sure_of_conditions_that_hold_with_and_without_the_key(condition: dict[str, Any]) -> None:
    assert outcome(allow(Condition=condition)) == ("ok", f"role {ROLE} trusts iotwireless.amazonaws.com")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"StringEquals": OWN}, "StringEquals aws:SourceAccount: AWS does not document whether the service sends this"),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:iotwireless:*:111122223333:*"}}, "ArnLike aws:SourceArn: AWS does not"),
        (
            {"StringEqualsIfExists": {"aws:SourceAccount": "444455556666"}},
            "its value does not fit 111122223333, so it fails if the service sends this key",
        ),
        ({"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:iotwireless:us-east-1:111122223333:*"}}, "does not fit arn:"),
        ({"ArnLikeIfExists": {"aws:SourceArn": "*"}}, "does not fit arn:"),  # ARN operators want all six parts
        ({"StringEqualsIfExists": {"aws:SourceOrgID": "o-1"}}, "aws:SourceOrgID: AWS does not document what"),
        ({"StringNotEqualsIfExists": {"aws:SourceAccount": "444455556666"}}, "StringNotEqualsIfExists"),
        ({"ForAnyValue:StringEqualsIfExists": OWN}, "ForAnyValue:StringEqualsIfExists"),
        ({"Null": {"aws:SourceAccount": "true"}}, "Null aws:SourceAccount"),
        ({"StringEqualsIfExists": {**OWN, "aws:PrincipalTag/x": "y"}}, "aws:PrincipalTag/x"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_warns_of_conditions_that_cannot_be_judged(condition: dict[str, Any], said: str) -> None:
    found, message = outcome(allow(Condition=condition))
    assert found == "warning"
    assert message.startswith(f"could not check the trust of {ROLE}: it has conditions (")
    assert said in message


def test_one_statement_that_is_sure_is_enough() -> None:
    assert outcome(allow(Condition={"StringEquals": OWN}), allow())[0] == "ok"


@pytest.mark.parametrize("action", ["sts:AssumeRole", "STS:assumerole", "sts:*", "sts:Assume*", "*", ["a:b", "sts:*"]])
def test_knows_the_action_however_it_is_written(action: object) -> None:
    assert outcome(allow(Action=action))[0] == "ok"


@pytest.mark.parametrize(
    "changes", [{"Action": "sts:TagSession"}, {"Principal": {"Service": "lambda.amazonaws.com"}}, {"Effect": "Deny"}]
)
def test_finds_a_policy_that_does_not_trust_the_service(changes: dict[str, Any]) -> None:
    assert outcome(allow(**changes))[0] == "error"


def test_a_denial_counts_before_what_is_allowed() -> None:
    found, message = outcome(allow(), allow(Effect="Deny", Principal="*"))
    assert (found, "denies iotwireless.amazonaws.com" in message) == ("error", True)
    condition = {"StringNotEquals": OWN}  # holds where the key is not sent, too: the usual way to shut others out
    found, message = outcome(allow(), allow(Effect="Deny", Condition=condition))
    assert (found, "it has a Deny statement with conditions (aws:SourceAccount)" in message) == ("warning", True)
