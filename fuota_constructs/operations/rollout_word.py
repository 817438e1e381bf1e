"""What the operator says to a rollout: one word in its table, written under conditions, with who and when."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of
from fuota_constructs.operations.errors import RolloutError
from fuota_constructs.operations.rollouts import item, under_way

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollout_status import RolloutStatus

ABORT, HOLD, RESUME, APPROVE, SKIP = "abort", "hold", "resume", "approve", "skip"
SECONDS_TO_TAKE_CHARGE: Final = 20
"""How long an abort waits for an execution that has only just begun, before it stops that by itself."""

KEY: Final = {"Rollout": {"S": "control"}}


def say(aws: Aws, status: RolloutStatus, word: str, *, end_sessions: bool = False) -> None:
    """Say it to the execution that is under way.

    `hold` waits at the next gate, `abort` ends the rollout whatever else was said; `resume`, `approve` and `skip`
    answer the gate at which it holds. `end_sessions` is for `abort`: what is on the air ends, too.

    Raises:
        OperationError: nothing is under way, nothing is asked, or another word was faster.
    """
    if status.is_final:
        raise RolloutError(
            f"execution {status.execution} of rollout {status.rollout} is over ({status.status}): nothing to {word}",
            "status",
        )
    if word == ABORT:
        return _abort(aws, status, end_sessions=end_sessions)
    if status.is_aborting:
        raise RolloutError(f"rollout {status.rollout} is being aborted, and that is not taken back", "status --watch")
    if word == HOLD:
        return _write(aws, status, {"Word": HOLD, "WordGate": ""})
    gate = _gate(status, word)
    conditions = {"Held": gate} if gate else {"Word": HOLD}
    return _write(aws, status, {"Word": word, "WordGate": gate, "Held": ""}, **conditions)


def _gate(status: RolloutStatus, word: str) -> str:
    """The gate that is answered; empty where only a `hold` is taken back that has not come to a gate yet."""
    if not status.held:
        if word == RESUME and status.word == HOLD:
            return ""
        raise RolloutError(
            f"rollout {status.rollout} does not hold, so there is nothing to {word}: it is {status.status}",
            "status --watch",
        )
    if status.waits_for_image:
        raise RolloutError(
            f"rollout {status.rollout} holds until the image can be read, and goes on by itself then: mend that (status"
            " says what it is), or say abort",
            "status",
            "abort",
        )
    if word == SKIP and not status.holds_after_a_session:
        raise RolloutError(
            f"rollout {status.rollout} holds before the session of {status.wave_name}: nothing was sent that could"
            " be skipped; say resume or abort",
            "resume",
            "abort",
        )
    if word == RESUME and status.wants_approval:
        raise RolloutError(
            f"{status.wave_name} of rollout {status.rollout} wants an approval: say approve, skip or abort",
            "approve",
            "skip",
            "abort",
        )
    return status.held


def _abort(aws: Aws, status: RolloutStatus, *, end_sessions: bool) -> None:
    patience = time.monotonic() + SECONDS_TO_TAKE_CHARGE
    while True:
        if item(aws, status.rollout, "control").get("Execution") == status.execution:
            values: dict[str, Any] = {"Word": ABORT, "WordGate": ""}
            # An abort that is said twice may end sessions the second time; it never spares what was to end.
            return _write(aws, status, {**values, "EndSessions": True} if end_sessions else values)
        if under_way(aws, status.rollout) != status.execution:
            raise RolloutError(
                f"execution {status.execution} of rollout {status.rollout} is over: nothing to abort", "status"
            )
        if time.monotonic() > patience:
            break
        time.sleep(1)
    # It has not taken charge, so it has made nothing yet.
    aws.stepfunctions.stop_execution(
        executionArn=status.rollout.execution_arn(status.execution), error="Aborted", cause="the operator said abort"
    )
    return None


def _write(aws: Aws, status: RolloutStatus, facts: dict[str, str | bool], **conditions: str) -> None:
    when = datetime.fromtimestamp(aws.clock()[0], UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    who = str(aws.sts.get_caller_identity()["Arn"])
    every: dict[str, str | bool] = {**facts, "Who": who, "When": when}
    expected = {"Execution": status.execution, **conditions}
    names = {f"#{name}": name for name in (*every, *expected, "Word")}
    values: dict[str, dict[str, str | bool]] = {
        f":{name}": {"BOOL" if isinstance(value, bool) else "S": value} for name, value in every.items()
    }
    values |= {f":was{name}": {"S": value} for name, value in expected.items()}
    condition = " AND ".join(f"#{name} = :was{name}" for name in expected)
    if facts["Word"] != ABORT:
        values[":abort"] = {"S": ABORT}
        condition += " AND (attribute_not_exists(#Word) OR #Word <> :abort)"
    try:
        aws.dynamodb.update_item(
            TableName=status.rollout.table,
            Key=KEY,
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in every),
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        raise RolloutError(
            f"rollout {status.rollout} has gone on, or somebody else was faster: look at its status and say it again",
            "status",
        ) from None
