"""What a multicast group has and CloudFormation's type lacks: devices, gateways, and how its sessions are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.shared_firmware import SharedFirmware
from fuota_constructs.fleet.device_list import DeviceList
from fuota_constructs.provider.fuota_provider import SERVICE_TIMEOUT_SECONDS
from fuota_constructs.synth_checks import (
    MembersPlan,
    SynthChecks,
    TaskPlan,
    expect_own_place,
    findings_in,
    known,
    place_of,
    place_of_stack,
)
from fuota_constructs.template.dependencies import put_behind
from fuota_constructs.template.durations import without_float_error
from fuota_constructs.template.references import referred_id, wireless_device_ids
from fuota_constructs.template.service_arns import expect_id
from fuota_constructs.template.stable_ids import path_below_stack
from fuota_constructs.template.staged_asset import Named, stage_text
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from constructs import IConstruct

    from fuota_constructs.rules import Finding
    from fuota_constructs.synth_checks import CheckedTask

RESOURCE_TYPE = "Custom::MulticastGroupSettings"


class GroupSettings:
    """The custom resource `Settings` below a group, made as soon as there is something to set."""

    def __init__(self, group: cdk.Resource, group_id: str, *, imported: bool, rf_region: str | None = None) -> None:
        """Nothing is made yet; `imported`: the group may be known to other stacks, too."""
        self._group, self._group_id, self._imported, self._rf_region = group, group_id, imported, rf_region
        self._devices: list[str] = []
        self._list: DeviceList | None = None
        self._listed: frozenset[str] = frozenset()
        self._gateways: tuple[str, ...] = ()
        self._interval: object = None
        self._session: dict[str, object] = {}
        self._resource: cdk.CfnResource | None = None
        self._waiting: list[cdk.CfnResource] = []
        self._policy: cdk.RemovalPolicy | None = None

    @property
    def resource(self) -> cdk.CfnResource:
        """The custom resource, once it is made."""
        return cast("cdk.CfnResource", self._resource)

    @property
    def size(self) -> int:
        """How many devices the app gives the group."""
        return len(self._devices) + len(self._list or ())

    @property
    def device_ids(self) -> frozenset[str]:
        """The devices that the app gives the group."""
        return self._listed.union(self._devices)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in it."""
        if self._resource is None:
            return ()
        members = MembersPlan(
            devices=tuple(map(known, self._devices)),
            listed=len(self._list or ()),
            gateways=tuple(map(known, self._gateways)),
            transmission_interval_ms=known(self._interval),
            rf_region=self._rf_region,
            data_rate=known(self._session.get("DlDr")),
            frequency_hz=known(self._session.get("DlFreq")),
        )
        return findings_in(TaskPlan(members=members))

    def give(
        self,
        *,
        devices: Sequence[object] | DeviceList | None,
        gateways: tuple[str, ...],
        interval: object,
        data_rate: object,
        frequency: object,
    ) -> None:
        """What a group is made with. A data rate alone is no reason for a resource: the rules know it all the same."""
        if isinstance(devices, DeviceList):
            self._list, self._listed = devices, frozenset(devices)
        else:
            self._devices = devices_of(devices, self._group)
        self._gateways, self._interval = gateways, interval
        session = {"DlDr": data_rate, "DlFreq": frequency}
        self._session = {name: value for name, value in session.items() if value is not None}
        if self._devices or self._list or gateways or interval is not None or frequency is not None:
            self._resource = self._make()

    def add_device(self, device: object) -> None:
        """One device more."""
        devices = devices_of([*self._devices, device], self._group)
        self._devices = [each for each in devices if each not in self._listed]
        if self._resource is None:
            self._resource = self._make()
        elif self._devices:
            self._resource.add_property_override("WirelessDeviceIds", self._devices)

    def fill_before(self, resource: cdk.CfnResource) -> None:
        """Have something of the same stack made when the group is filled, and gone before it is emptied."""
        if self._resource is None:
            self._waiting.append(resource)
        elif resource.stack.node.path == self._resource.stack.node.path:
            resource.add_resource_dependency(self._resource)

    def apply_removal_policy(self, policy: cdk.RemovalPolicy | None) -> None:
        """A group that is kept keeps its devices."""
        self._policy = policy
        if self._resource is not None and policy is not None:
            self._resource.apply_removal_policy(policy)

    def _make(self) -> cdk.CfnResource:
        self._expect_here()
        shared = SharedFirmware.of(cdk.Stack.of(self._group))
        if (other := shared.groups.get(self._group_id)) is not None:
            raise FuotaValidationError(
                "multicast-groups",
                f"the group {shown(self._group_id)} gets its devices at {other.resource.node.path} already, and two"
                " places of a stack would take them from each other: import it once, and add all devices there",
                construct_path=self._group.node.path,
            )
        shared.groups[self._group_id] = self
        outlives = [*shared.provider.allow_members()]
        resource = cdk.CfnResource(
            self._group,
            "Settings",
            type=RESOURCE_TYPE,
            properties={
                "ServiceToken": shared.provider.service_token,
                "ServiceTimeout": str(SERVICE_TIMEOUT_SECONDS),
                "MulticastGroupId": self._group_id,
                "GroupIsImported": "true" if self._imported else None,
                "WirelessDeviceIds": self._devices or None,
                "DeviceList": self._staged(shared, outlives),
                "ParticipatingGateways": _written(
                    {"GatewayList": list(self._gateways) or None, "TransmissionInterval": self._interval}
                ),
                "DefaultSessionParameters": _written(self._session),
            },
        )
        shared.provider.outlive(resource)
        put_behind(resource, outlives)
        self._resource = resource
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self.fill_before(each)
        self.apply_removal_policy(self._policy)
        SynthChecks(self._group).tasks[cast("CheckedTask", self._group)] = None
        return resource

    def _expect_here(self) -> None:
        # The provider looks for the group where its stack is.
        if apart := place_of(self._group).apart_from(place_of_stack(self._group)):
            there, here = apart
            raise FuotaValidationError(
                "group-region",
                f"the group is in {there} and this stack in {here}; a stack gives devices only to groups of its own"
                f" account and Region: import it in a stack in {there}, and add them there",
                construct_path=self._group.node.path,
            )

    def _staged(self, shared: SharedFirmware, outlives: list[cdk.CfnResource]) -> dict[str, str] | None:
        if self._list is None:
            return None
        named = Named(self._group, "DeviceList", path_below_stack(self._group, "DeviceList"))
        asset = stage_text(cdk.Stack.of(self._group), self._list.text, named)
        outlives += shared.provider.allow_assets(asset.bucket_name)
        return {"Bucket": asset.bucket_name, "Key": asset.object_key, "Sha256": self._list.sha256}


def devices_of(values: object, at: IConstruct) -> list[str]:
    """The ids, each once, if the value is a list of devices or ids of some."""
    given = _listed("wireless_devices", values, at)
    expect_own_place(given, at, rule="wireless-devices", reference="wireless_device_ref")
    return wireless_device_ids(given, at)


def gateways_of(values: object, at: IConstruct) -> tuple[str, ...]:
    """The ids, each once, if the values are gateways or ids of some."""
    given = _listed("participating_gateways", values, at)
    expect_own_place(given, at, rule="participating-gateways", reference="wireless_gateway_ref")
    ids = [referred_id(value, "wireless_gateway_ref", "wireless_gateway_id") for value in given]
    return tuple(dict.fromkeys(expect_id(value, "WirelessGateway", at) for value in ids))


def milliseconds_of(value: object, at: IConstruct) -> object:
    """An interval in milliseconds."""
    if value is None:
        return None
    if not isinstance(value, cdk.Duration):
        raise FuotaValidationError(
            "transmission-interval",
            f"transmission_interval is {shown(value)}; write a Duration, for example cdk.Duration.millis(500)",
            construct_path=at.node.path,
        )
    try:
        return without_float_error(value.to_milliseconds(integral=False))
    except RuntimeError:
        raise FuotaValidationError(
            "transmission-interval",
            f"transmission_interval is a token in {value.unit_label()}, and CloudFormation cannot multiply; give it in"
            " milliseconds, Duration.millis(token)",
            construct_path=at.node.path,
        ) from None


def _listed(name: str, value: object, at: IConstruct) -> Sequence[object]:
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    other = ", or DeviceList.from_file(path)" if name == "wireless_devices" else ""
    one = shown(value) if isinstance(value, str) and is_known(value) else "'id'"
    remedy = f"give a list: {name}=[{one}]{other}"
    if other and isinstance(value, str) and is_known(value) and PurePath(value).suffix:
        remedy = f"read the file: {name}=DeviceList.from_file({value!r})"
    raise FuotaValidationError(
        name.replace("_", "-"), f"{name} is {shown(value)}; {remedy}", construct_path=at.node.path
    )


def _written(values: Mapping[str, object]) -> dict[str, object] | None:
    """What a template can say; about the rest the rules have a finding. Nothing, if there is nothing to say."""
    return {name: value for name, value in values.items() if _can_be_written(value)} or None


def _can_be_written(value: object) -> bool:
    whole = isinstance(value, int | list) and not isinstance(value, bool)
    return whole if is_known(value) else value is not None
