"""What principals may be allowed to do with a FUOTA task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.provider.permissions import SERVICE_PRINCIPAL
from fuota_constructs.template.grantees import expect_grantee
from fuota_constructs.template.references import refers
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_iotwireless import IFuotaTaskRef

_READ = ("GetFuotaTask", "ListMulticastGroupsByFuotaTask", "ListTagsForResource")
_READ_GROUPS = ("GetMulticastGroup", "GetMulticastGroupSession")
_LIST = ("ListFuotaTasks", "ListWirelessDevices")
"""Actions without resource-level permissions: their resource can only be `*`."""

_START = ("StartFuotaTask",)
_ATTACH = (
    "AssociateMulticastGroupWithFuotaTask",
    "AssociateWirelessDeviceWithFuotaTask",
    "DisassociateMulticastGroupFromFuotaTask",
    "DisassociateWirelessDeviceFromFuotaTask",
)
_MANAGE = ("DeleteFuotaTask", "TagResource", "UntagResource", "UpdateFuotaTask")


class FuotaTaskGrants:
    """Grants on one FUOTA task, for any `iam.IGrantable`: a role, an imported role, a user, a service principal.

    Source: Service Authorization Reference, AWS IoT Core for LoRaWAN.

    Each raises `FuotaValidationError` (`grantee`) for what nothing can be granted to.
    """

    def __init__(self, task: IFuotaTaskRef) -> None:
        """Use `FuotaTaskGrants.from_fuota_task`."""
        self._task = task

    @staticmethod
    def from_fuota_task(task: IFuotaTaskRef) -> FuotaTaskGrants:
        """Grants on a task: one of ours, an imported one, or an L1 `CfnFuotaTask`.

        Raises `FuotaValidationError` for what is no task.
        """
        if not refers(task, "fuota_task_ref"):
            raise FuotaValidationError(
                "fuota-task", f"task is {shown(task)}; give a FuotaTask, or FuotaTask.from_fuota_task_id(...)"
            )
        return FuotaTaskGrants(task)

    def read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the task, its multicast groups, its devices and its tags: what `fuota status` asks for.

        Groups and devices are those of the account: the service lists the devices of a task with ListWirelessDevices,
        which has no resource-level permissions. The image is not included: its size is read with `s3:GetObject`.
        """
        return self._on_task(grantee, _READ).combine(self._around_task(grantee))

    def start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to start the update; add `read` for whoever waits for its end."""
        return self._on_task(grantee, _START)

    def manage(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read, start, change, tag and delete the task, and to attach and detach any group or device.

        UpdateFuotaTask and CreateFuotaTask also need `iam:PassRole` on the firmware update role; it is included when
        the role is known, that is, not for imported tasks.
        """
        grant = self._on_task(grantee, (*_READ, *_START, *_MANAGE, *_ATTACH)).combine(self._around_task(grantee))
        # The service checks attachments at both ends.
        ends = [self._arn("MulticastGroup"), self._arn("WirelessDevice")]
        grant = grant.combine(
            iam.Grant.add_to_principal(grantee=grantee, actions=_actions(_ATTACH), resource_arns=ends)
        )
        role = getattr(self._task, "firmware_update_role", None)
        if role is None or not hasattr(role, "role_arn"):  # an L1 task has the ARN as plain text
            return grant
        return grant.combine(
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=["iam:PassRole"],
                resource_arns=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": SERVICE_PRINCIPAL}},
            )
        )

    def _on_task(self, grantee: iam.IGrantable, names: tuple[str, ...]) -> iam.Grant:
        expect_grantee(grantee, self._task)
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=_actions(names),
            resource_arns=[self._task.fuota_task_ref.fuota_task_arn],
        )

    def _around_task(self, grantee: iam.IGrantable) -> iam.Grant:
        groups = iam.Grant.add_to_principal(
            grantee=grantee, actions=_actions(_READ_GROUPS), resource_arns=[self._arn("MulticastGroup")]
        )
        return groups.combine(iam.Grant.add_to_principal(grantee=grantee, actions=_actions(_LIST), resource_arns=["*"]))

    def _arn(self, kind: str) -> str:
        return cdk.Stack.of(self._task).format_arn(service="iotwireless", resource=kind, resource_name="*")


def _actions(names: tuple[str, ...]) -> list[str]:
    return [f"iotwireless:{name}" for name in sorted(names)]
