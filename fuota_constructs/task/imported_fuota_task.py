"""What every FUOTA task offers, and tasks that exist already."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import jsii
from aws_cdk.interfaces.aws_iotwireless import FuotaTaskReference, IFuotaTaskRef
from typing_extensions import Protocol, runtime_checkable

from fuota_constructs.template.service_arns import arn_of_own, environment_of, expect_arn, id_in

if TYPE_CHECKING:
    from datetime import datetime

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_sqs as sqs
    from aws_cdk.aws_scheduler import IScheduleGroup
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_scheduler import IScheduleGroupRef
    from constructs import Construct

    from fuota_constructs.task.fuota_task_grants import FuotaTaskGrants
    from fuota_constructs.task.session_schedule import SessionSchedule


@runtime_checkable
class IFuotaTask(IFuotaTaskRef, Protocol):
    """A FUOTA task, made here or imported; it fits wherever the CDK takes an `IFuotaTaskRef` or a construct."""

    @property
    def fuota_task_id(self) -> str:
        """Id of the task."""
        ...

    @property
    def fuota_task_arn(self) -> str:
        """ARN of the task."""
        ...

    @property
    def grants(self) -> FuotaTaskGrants:
        """What principals may be allowed to do with the task."""
        ...

    def schedule_start(
        self,
        at: datetime,
        *,
        dead_letter_queue: sqs.IQueue | None = None,
        schedule_group: IScheduleGroup | IScheduleGroupRef | None = None,
        role: iam.IRole | iam.Role | IRoleRef | None = None,
    ) -> SessionSchedule:
        """Start the session of the task once, at a time of your choice."""
        ...


class FuotaTaskBase(cdk.Resource):
    """What made and imported tasks have in common."""

    @property
    def fuota_task_ref(self: IFuotaTask) -> FuotaTaskReference:
        """What other constructs refer to the task by."""
        return FuotaTaskReference(fuota_task_arn=self.fuota_task_arn, fuota_task_id=self.fuota_task_id)

    @property
    def grants(self: IFuotaTask) -> FuotaTaskGrants:
        """What principals may be allowed to do with the task."""
        from fuota_constructs.task.fuota_task_grants import FuotaTaskGrants

        return FuotaTaskGrants.from_fuota_task(self)


@jsii.implements(IFuotaTaskRef)
class ImportedFuotaTask(FuotaTaskBase):
    """A task that was not made in this app."""

    def __init__(self, scope: Construct, id: str, fuota_task_arn: str, fuota_task_id: str | None = None) -> None:
        """Take the id from the ARN, unless it is given."""
        self.fuota_task_arn = expect_arn(fuota_task_arn, "FuotaTask", scope)
        self.fuota_task_id = fuota_task_id or id_in(fuota_task_arn, scope)
        super().__init__(scope, id, environment_from_arn=environment_of(fuota_task_arn))

    def schedule_start(
        self,
        at: datetime,
        *,
        dead_letter_queue: sqs.IQueue | None = None,
        schedule_group: IScheduleGroup | IScheduleGroupRef | None = None,
        role: iam.IRole | iam.Role | IRoleRef | None = None,
    ) -> SessionSchedule:
        """Start the session of the task once, at a time of your choice, by an EventBridge Scheduler schedule.

        `at`: when the session starts, with a time zone, at least 45 minutes ahead; see `FuotaTask.schedule_start`. The
        task must be of the account and Region of this stack.
        `dead_letter_queue`: where a start that the service refused for good is reported; nowhere by default.
        `schedule_group`, `role`: see `FuotaTask.schedule_start`.
        """
        from fuota_constructs.synth_checks import SynthChecks
        from fuota_constructs.task.session_schedule import SessionSchedule

        schedule = SessionSchedule(
            cast("IFuotaTaskRef", self),
            at,
            queue=dead_letter_queue,
            group=schedule_group,
            role=role,
        )
        SynthChecks(schedule).tasks[schedule] = None
        return schedule


def from_arn(scope: Construct, id: str, fuota_task_arn: str) -> IFuotaTask:
    """A task by its ARN, `arn:aws:iotwireless:<region>:<account>:FuotaTask/<id>`, which may be a token.

    Raises `FuotaValidationError` for another text or kind.
    """
    return ImportedFuotaTask(scope, id, fuota_task_arn)


def from_id(scope: Construct, id: str, fuota_task_id: str) -> IFuotaTask:
    """A task of this account and Region by its id of 1 to 256 characters, which may be a token.

    Raises `FuotaValidationError` for another length or kind, and for an ARN.
    """
    return from_attributes(scope, id, fuota_task_id=fuota_task_id)


def from_attributes(scope: Construct, id: str, *, fuota_task_id: str) -> IFuotaTask:
    """A task of this account and Region by its attributes: its id, as `from_fuota_task_id`, is all there is."""
    return ImportedFuotaTask(scope, id, arn_of_own(scope, "FuotaTask", fuota_task_id), fuota_task_id)
