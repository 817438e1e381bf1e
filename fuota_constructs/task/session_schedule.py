"""A schedule that starts the session of a FUOTA task once."""

from __future__ import annotations

import json
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import constructs
from aws_cdk import aws_iam as iam

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.provider.permissions import statement
from fuota_constructs.synth_checks import (
    CALL_LEAD_SECONDS,
    SERVICE_LEAD_SECONDS,
    Place,
    StartPlan,
    TaskPlan,
    findings_in,
    place_of,
    place_of_stack,
)
from fuota_constructs.template.acknowledgments import POLICY, AcknowledgedAtSynth
from fuota_constructs.template.dependencies import put_behind
from fuota_constructs.template.durations import known_seconds
from fuota_constructs.template.encryption_key import key_of
from fuota_constructs.template.references import refers, role_of
from fuota_constructs.template.role_trust import trusts
from fuota_constructs.template.tokens import shown
from fuota_constructs.template.typed_resource import typed_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_sqs as sqs
    from aws_cdk.aws_scheduler import IScheduleGroup
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_iotwireless import IFuotaTaskRef
    from aws_cdk.interfaces.aws_scheduler import IScheduleGroupRef

    from fuota_constructs.rules import Finding
    from fuota_constructs.template.role_policy import Statement

ID = "ScheduledStart"
SCHEDULER = "scheduler.amazonaws.com"
RETRY_SECONDS = CALL_LEAD_SECONDS - SERVICE_LEAD_SECONDS - 120
"""How long a refused call is made again: with a minute's delay of the schedule it still ends before the 30 minutes."""

RETRIES = 20


class SessionSchedule(constructs.Construct):
    """A one-time EventBridge Scheduler schedule that calls StartFuotaTask, with a role for this one call on this task.

    It calls 40 minutes before the session starts, because the service wants 30. Removing it from the app before then
    calls the session off; afterwards it does nothing. It is kept when it has fired: CloudFormation's resource type has
    no ActionAfterCompletion, and a schedule that deleted itself would be missed by the next change of it.
    """

    def __init__(
        self,
        task: IFuotaTaskRef,
        at: datetime,
        *,
        window: cdk.Duration | None = None,
        queue: sqs.IQueue | None = None,
        group: IScheduleGroup | IScheduleGroupRef | None = None,
        role: iam.IRole | iam.Role | IRoleRef | None = None,
    ) -> None:
        """Use `FuotaTask.schedule_start`."""
        path = task.node.path
        self.at = _moment(at, path)
        """When the session starts, in UTC."""
        self.calls_at = self.at - timedelta(seconds=CALL_LEAD_SECONDS)
        """When StartFuotaTask is called, in UTC."""
        self.window_seconds = _seconds(window, path)
        """How long the session may take; None for any time."""
        here = place_of_stack(task)
        queue = None if queue is None else _queue(queue, here, path)
        group_name = None if group is None else _group_name(group, here, path)
        role = None if role is None else _role(role, here, path)
        if task.node.try_find_child(ID):
            raise FuotaValidationError(
                "start-time-once", "schedule_start was called before; a task starts once", construct_path=path
            )
        super().__init__(cast("constructs.Construct", task), ID)
        reference = task.fuota_task_ref
        self._place = here
        self.task_place = place_of(task, reference.fuota_task_arn)
        """Where the task is, as far as that is known."""
        own_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        statements = [
            statement("StartFuotaTask", ["iotwireless:StartFuotaTask"], reference.fuota_task_arn),
            *(_report_to(queue) if queue else ()),
        ]
        document = iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})
        self.role: iam.IRole
        """What the scheduler calls StartFuotaTask with."""
        policy = None
        if role is None:
            self.role = iam.Role(
                self,
                "Role",
                assumed_by=iam.ServicePrincipal(SCHEDULER, conditions=own_account),
                inline_policies={"StartFuotaTask": document},
            )
        else:
            self.role = role
            policy = iam.Policy(self, "Policy", document=document)
            role.attach_inline_policy(policy)
        start = {"Id": reference.fuota_task_id, "LoRaWAN": {"StartTime": f"{self.at:%Y-%m-%dT%H:%M:%SZ}"}}
        self._schedule = typed_resource(
            self,
            "Resource",
            "aws_scheduler.CfnSchedule",
            {
                "description": f"Starts a FUOTA session at {in_utc(self.at)} (fuota_constructs)",
                "flexibleTimeWindow": {"mode": "OFF"},
                "scheduleExpression": f"at({self.calls_at:%Y-%m-%dT%H:%M:%S})",
                "scheduleExpressionTimezone": "UTC",
                "state": "ENABLED",
                **({"groupName": group_name} if group_name else {}),
                "target": {
                    "arn": f"arn:{cdk.Aws.PARTITION}:scheduler:::aws-sdk:iotwireless:startFuotaTask",
                    "input": json.dumps(start),
                    "retryPolicy": {"maximumEventAgeInSeconds": RETRY_SECONDS, "maximumRetryAttempts": RETRIES},
                    "roleArn": self.role.role_arn,
                    **({"deadLetterConfig": {"arn": queue.queue_arn}} if queue else {}),
                },
            },
        )
        # The CDK makes up the name of a group at synth, so it is no reference that CloudFormation waits for.
        put_behind(self._schedule, filter(None, (policy, group)))
        AcknowledgedAtSynth(self, POLICY)

    @property
    def schedule_name(self) -> str:
        """Name of the schedule, a token until it is deployed."""
        return self._schedule.ref

    @property
    def findings(self) -> Sequence[Finding]:
        """What the rules find in it, apart from its task."""
        return findings_in(TaskPlan(start=self.plan()))

    def plan(self) -> StartPlan:
        """The start as the rules see it now."""
        ahead = (self.at - datetime.now(UTC)).total_seconds()
        return StartPlan(in_utc(self.at), ahead, self.window_seconds, self._place, self.task_place)


def in_utc(moment: datetime) -> str:
    """A moment of UTC as people read it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _role(given: object, here: Place, path: str) -> iam.IRole:
    role = role_of(given)
    if role is None:
        wrong = f"{shown(given)}; give a role that {SCHEDULER} may assume, such as iam.Role(...)"
    elif trusts(role, SCHEDULER) is False:
        wrong = f"{shown(given)}, which {SCHEDULER} may not assume; add it to the role's trust policy"
    elif apart := place_of(role)._replace(region=None).apart_from(here):  # roles are of no Region
        wrong = (
            f"of {apart[0]} and the schedule of {apart[1]}; IAM passes a role within its own account only: give a role"
            f" of {apart[1]}"
        )
    else:
        return role
    raise FuotaValidationError("start-role", f"role is {wrong}", construct_path=path)


def _group_name(group: IScheduleGroup | IScheduleGroupRef, here: Place, path: str) -> str:
    if not refers(group, "schedule_group_ref"):
        wrong = f"{shown(group)}; give a group, such as aws_scheduler.ScheduleGroup(self, 'Sessions')"
    elif apart := place_of(group, group.schedule_group_ref.schedule_group_arn).apart_from(here):
        wrong = f"in {apart[0]} and the schedule in {apart[1]}; give a group in {apart[1]}"
    else:
        return group.schedule_group_ref.schedule_group_name
    raise FuotaValidationError("start-schedule-group", f"schedule_group is {wrong}", construct_path=path)


def _queue(queue: sqs.IQueue, here: Place, path: str) -> sqs.IQueue:
    if not refers(queue, "grant_send_messages"):
        wrong = f"is {shown(queue)}; give a queue, such as aws_sqs.Queue(self, 'MissedStarts')"
    elif queue.fifo:
        wrong = "is a FIFO queue, which EventBridge Scheduler does not take; give a standard queue"
    elif apart := place_of(queue, queue.queue_arn)._replace(account=None).apart_from(here):
        wrong = (
            f"is in {apart[0]} and the schedule in {apart[1]}; EventBridge Scheduler sends to its own Region only: give"
            f" a queue in {apart[1]}"
        )
    else:
        return queue
    raise FuotaValidationError("start-dead-letter-queue", f"dead_letter_queue {wrong}", construct_path=path)


def _report_to(queue: sqs.IQueue) -> list[Statement]:
    statements = [statement("ReportFailure", ["sqs:SendMessage"], queue.queue_arn)]
    if key := queue.encryption_master_key:
        arn = key_of(key, queue).key_arn
        statements.append(statement("EncryptReport", ["kms:Decrypt", "kms:GenerateDataKey"], arn))
    return statements


def _moment(at: object, path: str) -> datetime:
    if not isinstance(at, datetime) or at.utcoffset() is None:
        wrong = shown(at)
    elif not MINYEAR < at.year < MAXYEAR:  # Python may not be able to tell that in UTC, or the time of the call
        wrong = f"{shown(at)}, and no session starts in the year {at.year}"
    else:
        return at.astimezone(UTC).replace(microsecond=0)
    raise FuotaValidationError(
        "start-time-zone",
        f"at is {wrong}; give a datetime with a time zone, for example datetime(2027, 3, 1, 2, 0, tzinfo=UTC)",
        construct_path=path,
    )


def _seconds(window: object, path: str) -> float | None:
    if window is None:
        return None
    seconds = known_seconds(window)
    if seconds is not None and seconds > 0:
        return float(seconds)
    longer = "longer than 0 s" if seconds is not None else "that is known at synth"
    raise FuotaValidationError(
        "start-window",
        f"window is {shown(window)}; give a cdk.Duration {longer}, for example cdk.Duration.hours(4)",
        construct_path=path,
    )
