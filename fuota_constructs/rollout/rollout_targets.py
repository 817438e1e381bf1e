"""Who a rollout updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.fleet.device_list import DeviceList
from fuota_constructs.template.references import referred_id, refers
from fuota_constructs.template.service_arns import MOST_CHARACTERS
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_iotwireless import IDeviceProfileRef, IMulticastGroupRef

RULE = "rollout-targets"


@dataclass(frozen=True)
class RolloutTargets:
    """The devices of a rollout, of which it takes a snapshot when it starts: who joins later is not in it."""

    device_list: DeviceList | None = None
    multicast_group_ids: tuple[str, ...] = ()
    device_profile_id: str | None = None
    resources: tuple[object, ...] = field(default=(), compare=False, repr=False)
    """The groups, or the profile, as constructs where they are some."""

    @staticmethod
    def devices(devices: DeviceList) -> RolloutTargets:
        """The devices of a list.

        Raises `FuotaValidationError` (`rollout-targets`) for what is no `DeviceList`.
        """
        if not isinstance(devices, DeviceList):
            raise FuotaValidationError(
                RULE, f"devices is {shown(devices)}; give a DeviceList, such as DeviceList.from_file('meters.csv')"
            )
        return RolloutTargets(device_list=devices)

    @staticmethod
    def multicast_groups(groups: Sequence[IMulticastGroupRef]) -> RolloutTargets:
        """The members of these groups, whose own sessions they stay members of.

        Each device has one turn, however many of the groups it is in. The group of its wave is another group for it:
        TS005 lets a device support a single one, which then refuses that of the wave and is never set up for it. A wave
        of which nobody is set up holds, and says so.

        Raises `FuotaValidationError` (`rollout-targets`) for none, and for what is no group.
        """
        if not isinstance(groups, Sequence) or not groups or isinstance(groups, str):
            raise FuotaValidationError(RULE, f"groups is {shown(groups)}; give a list of one or more multicast groups")
        for group in groups:
            if not refers(group, "multicast_group_ref"):
                raise FuotaValidationError(RULE, f"groups has {shown(group)}, which is no multicast group")
        ids = dict.fromkeys(group.multicast_group_ref.multicast_group_id for group in groups)
        return RolloutTargets(multicast_group_ids=tuple(ids), resources=tuple(groups))

    @staticmethod
    def device_profile(device_profile_id: str | IDeviceProfileRef) -> RolloutTargets:
        """All devices of a device profile, an L1 or its id (not its name), when the rollout starts.

        Raises `FuotaValidationError` (`rollout-targets`) for what cannot be an id: that has 1 to 256 characters.
        """
        found = referred_id(device_profile_id, "device_profile_ref", "device_profile_id")
        if not isinstance(found, str) or not 1 <= len(found) <= MOST_CHARACTERS or found.startswith("arn:"):
            raise FuotaValidationError(
                RULE,
                f"device_profile_id is {shown(device_profile_id)}; give the id of a device profile, of 1 to"
                f" {MOST_CHARACTERS} characters: what its ARN has behind the last slash",
            )
        return RolloutTargets(device_profile_id=found, resources=(device_profile_id,))
