"""A multicast group: the devices that listen to one transmission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii
from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef, MulticastGroupReference
from typing_extensions import Protocol, runtime_checkable

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.fleet.dl_class import DlClass, expect_dl_class
from fuota_constructs.fleet.group_text import expect_group_text
from fuota_constructs.rf_region import RfRegion, expect_rf_region
from fuota_constructs.synth_checks import DeviceStack, device_stack_of
from fuota_constructs.template.keyword_names import naming_keywords
from fuota_constructs.template.service_arns import arn_of_own, environment_of, expect_arn, id_in
from fuota_constructs.template.tokens import is_known, shown
from fuota_constructs.template.typed_resource import attribute, typed_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk.interfaces.aws_iotwireless import IWirelessDeviceRef, IWirelessGatewayRef
    from constructs import Construct, IConstruct

    from fuota_constructs.fleet.device_list import DeviceList
    from fuota_constructs.fleet.group_settings import GroupSettings
    from fuota_constructs.fleet.multicast_group_grants import MulticastGroupGrants
    from fuota_constructs.rules import Finding

MAX_DATA_RATE = 15
"""Source: AWS IoT Wireless API, `DlDr`."""

MAX_NAME_CHARACTERS, MAX_DESCRIPTION_CHARACTERS = 256, 2048
"""Source: AWS IoT Wireless API, `MulticastGroupName` and `Description`."""


@runtime_checkable
class IMulticastGroup(IMulticastGroupRef, Protocol):
    """A multicast group, made here or imported; it fits wherever the CDK takes an `IMulticastGroupRef`."""

    @property
    def multicast_group_id(self) -> str:
        """Id of the group."""
        ...

    @property
    def multicast_group_arn(self) -> str:
        """ARN of the group."""
        ...

    @property
    def rf_region(self) -> RfRegion | None:
        """LoRaWAN region of the group; None when it is not known."""
        ...

    @property
    def dl_class(self) -> DlClass | None:
        """When its devices listen; None when it is not known."""
        ...

    @property
    def downlink_data_rate(self) -> int | None:
        """Data rate its sessions are sent at; None when it is not known."""
        ...

    @property
    def device_stack(self) -> DeviceStack | None:
        """The LoRaWAN stack of its devices; None when it is not known."""
        ...

    @property
    def grants(self) -> MulticastGroupGrants:
        """What principals may be allowed to do with the group."""
        ...

    def add_wireless_device(self, wireless_device_id: str | IWirelessDeviceRef) -> None:
        """Put one more device into the group."""
        ...


@jsii.implements(IMulticastGroupRef)
class _MulticastGroupBase(cdk.Resource):
    """What made and imported groups have in common."""

    multicast_group_id: str
    multicast_group_arn: str
    rf_region: RfRegion | None
    dl_class: DlClass | None
    downlink_data_rate: int | None
    device_stack: DeviceStack | None
    _imported = False
    _settings: GroupSettings | None = None
    _waiting: tuple[cdk.CfnResource, ...] = ()
    _policy: cdk.RemovalPolicy | None = None

    @property
    def multicast_group_ref(self) -> MulticastGroupReference:
        """What other constructs refer to the group by."""
        return MulticastGroupReference(
            multicast_group_arn=self.multicast_group_arn, multicast_group_id=self.multicast_group_id
        )

    @property
    def grants(self) -> MulticastGroupGrants:
        """What principals may be allowed to do with the group."""
        from fuota_constructs.fleet.multicast_group_grants import MulticastGroupGrants

        return MulticastGroupGrants.from_multicast_group(self)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in its devices, gateways and default session; synth reports it."""
        return self._settings.findings if self._settings else ()

    def add_wireless_device(self, wireless_device_id: str | IWirelessDeviceRef) -> None:
        """Put one more device into the group, also into one that was imported: an L1 or its id of 1 to 256 characters.

        A device that it has is not added twice. One that is in the group already belongs to this app from then on: it
        leaves the group when it leaves the app. The group must be `Pending`: devices cannot join during a session.

        Raises `FuotaValidationError` for what cannot be the id of a device, when the devices are a list known only at
        deployment, and when the stack gives devices to the same group elsewhere.
        """
        self._made_settings().add_device(wireless_device_id)

    def apply_removal_policy(self, policy: cdk.RemovalPolicy) -> None:
        """What becomes of the group, and of the devices in it, when it leaves the app."""
        super().apply_removal_policy(policy)
        self._policy = policy
        if self._settings is not None:
            self._settings.apply_removal_policy(policy)

    @property
    def _device_ids(self) -> frozenset[str]:
        """The devices that the app gives the group, as far as it has them now."""
        return self._settings.device_ids if self._settings else frozenset()

    def _fill_before(self, resource: cdk.CfnResource) -> None:
        """What a task that updates the group asks for: to come after its devices, and to go before them."""
        if self._settings is None:
            self._waiting += (resource,)
        else:
            self._settings.fill_before(resource)

    def _made_settings(self) -> GroupSettings:
        # Imported here: a group without devices needs none of it.
        from fuota_constructs.fleet.group_settings import GroupSettings

        if self._settings is None:
            self._settings = GroupSettings(
                self, self.multicast_group_id, imported=self._imported, rf_region=getattr(self.rf_region, "value", None)
            )
            for resource in self._waiting:
                self._settings.fill_before(resource)
            self._settings.apply_removal_policy(self._policy)
        return self._settings


class MulticastGroup(_MulticastGroupBase):
    """A LoRaWAN multicast group, `AWS::IoTWireless::MulticastGroup`, and the devices in it.

    CloudFormation's type has neither devices, nor gateways, nor a default session: those are set by a custom resource
    below the group, which is there only when one of them is given. It changes them while the group is `Pending`; during
    a session the deployment fails and says so. The service refuses to delete a group that a FUOTA task still uses.
    Sources: AWS IoT Wireless API, CreateMulticastGroup, UpdateMulticastGroup and
    AssociateWirelessDeviceWithMulticastGroup; AWS IoT Wireless Developer Guide.
    """

    @naming_keywords
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        rf_region: RfRegion,
        dl_class: DlClass,
        wireless_devices: Sequence[str | IWirelessDeviceRef] | DeviceList | None = None,
        participating_gateways: Sequence[str | IWirelessGatewayRef] | None = None,
        transmission_interval: cdk.Duration | None = None,
        downlink_data_rate: int | None = None,
        downlink_frequency_hz: int | None = None,
        device_stack: DeviceStack | str | None = None,
        multicast_group_name: str | None = None,
        description: str | None = None,
    ) -> None:
        """Make the group.

        `rf_region`: that of its devices and of every FUOTA task that updates it.
        `dl_class`: when its devices listen; their device profile must support it.
        `wireless_devices`: its devices, at most 2,000: a `DeviceList`, or ids and `IWirelessDeviceRef` each. Those that
        joined it otherwise stay in it. None by default: add them with `add_wireless_device`, or outside of the app.
        `participating_gateways`: the gateways that send to it, one after the other in this order, at most 20: ids or
        `IWirelessGatewayRef` each. By default the service chooses those that heard the devices last.
        `transmission_interval`: the time from one of these gateways to the next, 0 to 60,000 ms. What the service does
        without it is not documented.
        `downlink_data_rate`: the data rate (DR) its sessions are sent at, 0 to 15, and one of the region. The rules
        check with it. It becomes that of the group's default session (DlDr) where the group is also given devices,
        gateways or a frequency; alone it does not reach the service. By default the rules assume the slowest data rate
        that carries a fragment.
        `downlink_frequency_hz`: the frequency its sessions are sent on, in hertz, within the region; that of its
        default session (DlFreq). What the service takes without it is not documented; the rules assume the region's.
        `device_stack`: the LoRaWAN stack of its devices, such as `"stm32cubewl"` or `DeviceStack.of("loramac-node",
        max_fragments=1000)`, which the rules check with; not known by default.
        `multicast_group_name`: at most 256 characters; none by default.
        `description`: at most 2048 characters; none by default.

        Raises `FuotaValidationError` for an `rf_region` or `dl_class` of another type, for longer texts, and for
        devices, gateways or an interval of a wrong kind; the rules find the rest at synth.
        """
        super().__init__(scope, id)
        self.rf_region = expect_rf_region(rf_region, self)
        self.dl_class = expect_dl_class(dl_class, self)
        self.downlink_data_rate = _expect_data_rate(downlink_data_rate, self)
        self.device_stack = device_stack_of(device_stack, self)

        group = typed_resource(
            self,
            "Resource",
            "aws_iotwireless.CfnMulticastGroup",
            {
                "loRaWan": {"rfRegion": rf_region.value, "dlClass": dl_class.value},
                "name": expect_group_text("multicast_group_name", multicast_group_name, MAX_NAME_CHARACTERS, self),
                "description": expect_group_text("description", description, MAX_DESCRIPTION_CHARACTERS, self),
            },
        )
        self.multicast_group_id: str = attribute(group, "attrId")
        self.multicast_group_arn: str = attribute(group, "attrArn")

        self.downlink_frequency_hz = downlink_frequency_hz
        """Frequency its sessions are sent on; None when it is not given."""
        self.participating_gateways: tuple[str, ...] = ()
        """The ids of the gateways that send to it; none when the service chooses them."""
        self.transmission_interval_ms: object = None
        """Milliseconds from one of them to the next; None when it is not given."""
        more = (wireless_devices, participating_gateways, transmission_interval, downlink_frequency_hz)
        if any(value is not None and value != () for value in more):
            from fuota_constructs.fleet import group_settings as given

            self.participating_gateways = given.gateways_of(participating_gateways, self)
            self.transmission_interval_ms = given.milliseconds_of(transmission_interval, self)
            self._made_settings().give(
                devices=wireless_devices,
                gateways=self.participating_gateways,
                interval=self.transmission_interval_ms,
                data_rate=downlink_data_rate,
                frequency=downlink_frequency_hz,
            )

    @staticmethod
    def from_multicast_group_id(scope: Construct, id: str, multicast_group_id: str) -> IMulticastGroup:
        """A group of this account and Region by its id of 1 to 256 characters, which may be a token.

        Raises `FuotaValidationError` for another length or kind, and for an ARN.
        """
        return MulticastGroup.from_multicast_group_attributes(scope, id, multicast_group_id=multicast_group_id)

    @staticmethod
    def from_multicast_group_arn(scope: Construct, id: str, multicast_group_arn: str) -> IMulticastGroup:
        """A group by its ARN, `arn:aws:iotwireless:<region>:<account>:MulticastGroup/<id>`, which may be a token.

        Raises `FuotaValidationError` for another text or kind.
        """
        return _ImportedMulticastGroup(scope, id, arn=multicast_group_arn)

    @staticmethod
    def from_multicast_group_attributes(
        scope: Construct,
        id: str,
        *,
        multicast_group_id: str,
        rf_region: RfRegion | None = None,
        dl_class: DlClass | None = None,
        downlink_data_rate: int | None = None,
        device_stack: DeviceStack | str | None = None,
    ) -> IMulticastGroup:
        """A group of this account and Region by its id and what you know about it.

        `rf_region`, `dl_class`, `downlink_data_rate` and `device_stack` let the rules check tasks that use the group;
        without them those rules are skipped, or assume the slowest data rate that carries a fragment.

        Raises `FuotaValidationError` for an id as `from_multicast_group_id`, and for the others as `MulticastGroup`.
        """
        arn = arn_of_own(scope, "MulticastGroup", multicast_group_id)
        group = _ImportedMulticastGroup(scope, id, arn=arn, group_id=multicast_group_id)
        group.rf_region = None if rf_region is None else expect_rf_region(rf_region, group)
        group.dl_class = None if dl_class is None else expect_dl_class(dl_class, group)
        group.downlink_data_rate = _expect_data_rate(downlink_data_rate, group)
        group.device_stack = device_stack_of(device_stack, group)
        return group


class _ImportedMulticastGroup(_MulticastGroupBase):
    _imported = True

    def __init__(self, scope: Construct, id: str, *, arn: str, group_id: str | None = None) -> None:
        self.multicast_group_arn = expect_arn(arn, "MulticastGroup", scope)
        self.multicast_group_id = group_id or id_in(arn, scope)
        super().__init__(scope, id, environment_from_arn=environment_of(arn))
        self.rf_region = self.dl_class = self.downlink_data_rate = self.device_stack = None


def _expect_data_rate(value: object, at: IConstruct) -> int | None:
    if not is_known(value):
        return None  # it does not reach the service, and rules skip what they cannot know
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_DATA_RATE):
        return value
    raise FuotaValidationError(
        "data-rate",
        f"downlink_data_rate is {shown(value)}; give the number of a data rate, 0 to {MAX_DATA_RATE}: 3 for DR3",
        construct_path=at.node.path,
    )
