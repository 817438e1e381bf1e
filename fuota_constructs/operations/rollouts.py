"""The rollouts of an account and Region: how one is found, and started."""

from __future__ import annotations

import difflib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of, is_denied
from fuota_constructs.operations.errors import MOST_NAMES, OperationError, RolloutError
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws

ROLLOUT_TAG: Final = "fuota-constructs:rollout"
TABLE_TAG: Final = "fuota-constructs:rollout-table"
BUCKET_TAG: Final = "fuota-constructs:rollout-bucket"
"""What the construct says of a rollout on its state machine: its name, its table, and the bucket of its evidence."""

RUNNING: Final = "RUNNING"
UNDER_WAY: Final = frozenset({RUNNING, "PENDING_REDRIVE"})
MACHINE_ARN: Final = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):(?P<account>\d{12}):stateMachine:[^:\s]+")


@dataclass(frozen=True, slots=True)
class Rollout:
    """A deployed `FuotaRollout`: its name, its state machine, and where its word and its evidence are."""

    name: str
    machine_arn: str
    table: str
    bucket: str

    @property
    def account(self) -> str | None:
        """The account of the rollout."""
        match = MACHINE_ARN.fullmatch(self.machine_arn)
        return match["account"] if match else None

    def execution_arn(self, execution: str) -> str:
        """The ARN of one of its executions."""
        return f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{execution}"

    def evidence_of(self, execution: str) -> str:
        """The folder of its bucket with what one of its executions keeps."""
        return f"rollouts/{self.machine_arn.rpartition(':')[2]}/{execution}/"

    def __str__(self) -> str:
        return visible(self.name)


class ListedRollouts(NamedTuple):
    """The rollouts of an account and Region, and of which state machines nobody knows whether they are some."""

    rollouts: list[Rollout]
    refusals: dict[str, ClientError]


class NoSuchRolloutError(OperationError):
    """There is no such rollout at a place; `names` are there, and of `unread` state machines nobody knows.

    `other` is what else could have it.
    """

    def __init__(
        self,
        wanted: str,
        place: str,
        names: tuple[str, ...] = (),
        unread: int = 0,
        *,
        other: str = "account or Region",
    ) -> None:
        self.names, self.unread = names, unread
        if close := difflib.get_close_matches(wanted, names, MOST_NAMES, cutoff=0.4):
            remedy = f"did you mean {' or '.join(close)}?"
        elif names:
            more = ", ..." if len(names) > MOST_NAMES else ""
            remedy = f"there are {', '.join(names[:MOST_NAMES])}{more}"
        elif unread:
            remedy = "there is none that you may see"
        else:
            remedy = f"there is no rollout at all; deploy a FuotaRollout, or is this the wrong {other}?"
        if unread:
            machines = "a state machine" if unread == 1 else f"{unread:,} state machines"
            you = " You" if close else "; you"
            remedy += f"{you} may not read the tags of {machines}, where it may be: allow states:ListTagsForResource"
        super().__init__(f"no rollout in {place} has the name {wanted!r}: {remedy}")


class NoRolloutArnError(OperationError):
    """The state machine of an ARN runs no rollout, or is not there."""


def list_rollouts(aws: Aws) -> ListedRollouts:
    """All rollouts whose tags the caller may read: by those of their state machines they are found.

    Who may operate one rollout may read its machine, and no other (`RolloutGrants`).
    """
    listed = ListedRollouts([], {})
    for page in aws.stepfunctions.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            try:
                found = _rollout(aws, machine["stateMachineArn"])
            except ClientError as error:
                if not is_denied(error):
                    raise
                listed.refusals[machine["stateMachineArn"]] = error
            else:
                listed.rollouts.extend([found] if found else [])
    return listed


def find_rollout(aws: Aws, wanted: str) -> Rollout:
    """The rollout with this name, ARN of its state machine, or construct id, where only one has that.

    Raises:
        NoSuchRolloutError: there is none.
        NoRolloutArnError: the ARN is of no rollout.
        OperationError: several have it.
    """
    if match := MACHINE_ARN.fullmatch(wanted):
        if match["region"] != aws.region:
            raise OperationError(
                f"{wanted} is in {match['region']}, and this is {aws.region}: give --region {match['region']}"
            )
        if (found := _rollout(aws, wanted)) is None:
            raise NoRolloutArnError(f"{wanted} is no state machine of a rollout")
        return found
    there, refusals = list_rollouts(aws)
    named = [each for each in there if each.name == wanted]
    named = named or [each for each in there if each.name.rpartition("/")[2] == wanted]
    if len(named) > 1:
        names = [each.name for each in named]
        shown = names if len(set(names)) == len(names) else [each.machine_arn for each in named]
        raise OperationError(f"{len(named)} rollouts have the name {wanted!r}: give {' or '.join(shown)}")
    if not named:
        raise NoSuchRolloutError(wanted, aws.region, tuple(sorted(each.name for each in there)), len(refusals))
    return named[0]


def _rollout(aws: Aws, machine_arn: str) -> Rollout | None:
    try:
        answer = aws.stepfunctions.list_tags_for_resource(resourceArn=machine_arn)
    except ClientError as error:
        if code_of(error) in {"ResourceNotFound", "StateMachineDoesNotExist", "InvalidArn"}:
            return None
        raise
    tags = {tag["key"]: tag["value"] for tag in answer.get("tags") or []}
    if not {ROLLOUT_TAG, TABLE_TAG, BUCKET_TAG} <= tags.keys():
        return None
    return Rollout(tags[ROLLOUT_TAG], machine_arn, tags[TABLE_TAG], tags[BUCKET_TAG])


def item(aws: Aws, rollout: Rollout, key: str) -> dict[str, Any]:
    """An item of the rollout's table: `control` is its word, `plan` what it sends."""
    answer = aws.dynamodb.get_item(TableName=rollout.table, Key={"Rollout": {"S": key}}, ConsistentRead=True)
    return {name: next(iter(value.values())) for name, value in (answer.get("Item") or {}).items()}


def remedy_of(error: ClientError, rollout: Rollout) -> str:
    """What to do where the table or the bucket of a rollout is gone, as after half a deletion; else nothing."""
    gone = {
        "ResourceNotFoundException": f"its table {rollout.table}",
        "NoSuchBucket": f"its bucket {rollout.bucket}",
    }.get(code_of(error))
    if gone is None:
        return ""
    return f"{gone} is gone: deploy its stack again, or delete what is left of it, {rollout.machine_arn}"


def under_way(aws: Aws, rollout: Rollout) -> str:
    """The name of the execution that is under way, empty where there is none."""
    for status in sorted(UNDER_WAY):
        found = aws.stepfunctions.list_executions(
            stateMachineArn=rollout.machine_arn, statusFilter=status, maxResults=1
        )["executions"]
        if found:
            return str(found[0]["name"])
    return ""


def settings_of(aws: Aws, rollout: Rollout) -> str:
    """The settings of its latest deployment, as JSON.

    Raises:
        OperationError: it was not deployed wholly.
    """
    settings = item(aws, rollout, "plan").get("Settings")
    if not settings:
        raise OperationError(
            f"rollout {rollout} has no settings in its table {rollout.table}: its deployment did not come to its end;"
            " deploy its stack again"
        )
    return str(settings)


def start_rollout(aws: Aws, rollout: Rollout, name: str = "") -> str:
    """Start it with the settings of its latest deployment; answers with the name of the execution.

    The name also decides which devices come first; by default it is made of the time, and never used twice.

    Raises:
        OperationError: it is under way, or was not deployed wholly.
    """
    if running := under_way(aws, rollout):
        raise RolloutError(
            f"execution {running} of rollout {rollout} is under way: wait until it is over, or abort it first",
            "status --watch",
            "abort",
        )
    settings = settings_of(aws, rollout)
    if not name:
        now = datetime.fromtimestamp(aws.clock()[0], UTC)
        name = f"{now:%Y-%m-%dT%H-%M-%SZ}-{secrets.token_hex(2)}"
    aws.stepfunctions.start_execution(stateMachineArn=rollout.machine_arn, name=name, input=settings)
    return name
