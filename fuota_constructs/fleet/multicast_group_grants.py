"""What principals may be allowed to do with a multicast group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.grantees import expect_grantee
from fuota_constructs.template.references import refers
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef

_READ = ("GetMulticastGroup", "GetMulticastGroupSession", "ListTagsForResource")
_LIST = ("ListMulticastGroups", "ListWirelessDevices")
"""Actions without resource-level permissions: their resource can only be `*`."""

_MEMBERS = ("AssociateWirelessDeviceWithMulticastGroup", "DisassociateWirelessDeviceFromMulticastGroup")
_MEMBERS_IN_BULK = (
    "StartBulkAssociateWirelessDeviceWithMulticastGroup",
    "StartBulkDisassociateWirelessDeviceFromMulticastGroup",
)
_SESSION = ("CancelMulticastGroupSession", "StartMulticastGroupSession")


class MulticastGroupGrants:
    """Grants on one multicast group, for any `iam.IGrantable`: a role, an imported role, a user, a service principal.

    Source: Service Authorization Reference, AWS IoT Core for LoRaWAN.

    Each raises `FuotaValidationError` (`grantee`) for what nothing can be granted to.
    """

    def __init__(self, group: IMulticastGroupRef) -> None:
        """Use `MulticastGroupGrants.from_multicast_group`."""
        self._group = group

    @staticmethod
    def from_multicast_group(group: IMulticastGroupRef) -> MulticastGroupGrants:
        """Grants on a group: one of ours, an imported one, or an L1 `CfnMulticastGroup`.

        Raises `FuotaValidationError` for what is no group.
        """
        if not refers(group, "multicast_group_ref"):
            raise FuotaValidationError(
                "multicast-group",
                f"group is {shown(group)}; give a MulticastGroup, or MulticastGroup.from_multicast_group_id(...)",
            )
        return MulticastGroupGrants(group)

    def read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the group, its session, its tags, and its devices.

        Devices are those of the account: the service lists the devices of a group with ListWirelessDevices, which has
        no resource-level permissions.
        """
        return self._grant(grantee, _READ, self._arn).combine(self._grant(grantee, _LIST, "*"))

    def manage_members(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the group, and to put devices into it and take them out, one by one and in bulk.

        The service checks a single device at both ends, so the grant names every device of the account.
        """
        stack = cdk.Stack.of(self._group)
        devices = stack.format_arn(service="iotwireless", resource="WirelessDevice", resource_name="*")
        on_group = self.read(grantee).combine(self._grant(grantee, (*_MEMBERS, *_MEMBERS_IN_BULK), self._arn))
        return on_group.combine(self._grant(grantee, _MEMBERS, devices))

    def manage_session(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the group, and to start and cancel a multicast session of it.

        A FUOTA task starts the session of its groups by itself. To cancel a session in which a task sends stops the
        update of all devices of the group.
        """
        return self.read(grantee).combine(self._grant(grantee, _SESSION, self._arn))

    @property
    def _arn(self) -> str:
        return self._group.multicast_group_ref.multicast_group_arn

    def _grant(self, grantee: iam.IGrantable, names: tuple[str, ...], resource: str) -> iam.Grant:
        expect_grantee(grantee, self._group)
        actions = [f"iotwireless:{name}" for name in sorted(names)]
        return iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[resource])
