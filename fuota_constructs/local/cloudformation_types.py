"""CloudFormation's own AWS::IoTWireless types, as a table over the IoT Wireless API.

`Ref` is the id (the name, for a destination); GetAtt answers what the schema calls read-only and nothing else, empty
where there is no value ("The value is empty if a thing isn't associated with the device": CloudFormation on ThingName;
assumed of the others). A delete waits until a read finds nothing (CloudFormation's contract test delete_read). As in
AWS's handlers, associations of FuotaTask and MulticastGroup are commands of an update and are ignored on create ("Only
for update request" in the registry schema).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fuota_constructs.local.cloudformation_properties import check_properties

Properties = dict[str, Any]

_DELETE_SECONDS = 120.0
_POLL_SECONDS = 0.25  # below the service's 10 requests a second
# Where the API names an attribute otherwise.
_API_ATTRIBUTES = {"FuotaTaskStatus": "Status"}
# Members whose names differ between the registry schema and the API model.
_API_NAMES = {"OtaaV11": "OtaaV1_1", "OtaaV10x": "OtaaV1_0_x", "AbpV11": "AbpV1_1", "AbpV10x": "AbpV1_0_x"}


@dataclass(frozen=True)
class ResourceType:
    """One CloudFormation type and the API operations behind it."""

    noun: str
    identifier: str = "Id"
    get_identifier: Mapping[str, str] = field(default_factory=dict)
    updatable: bool = True
    replacing: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    commands: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The type as a template writes it."""
        return f"AWS::IoTWireless::{self.noun}"


TYPES = (
    ResourceType(
        "FuotaTask",
        attributes=("Arn", "Id", "FuotaTaskStatus", "LoRaWAN.StartTime"),
        commands={
            "DisassociateWirelessDevice": ("DisassociateWirelessDeviceFromFuotaTask", "WirelessDeviceId"),
            "DisassociateMulticastGroup": ("DisassociateMulticastGroupFromFuotaTask", "MulticastGroupId"),
            "AssociateWirelessDevice": ("AssociateWirelessDeviceWithFuotaTask", "WirelessDeviceId"),
            "AssociateMulticastGroup": ("AssociateMulticastGroupWithFuotaTask", "MulticastGroupId"),
        },
    ),
    ResourceType(
        "MulticastGroup",
        attributes=(
            *("Arn", "Id", "Status"),
            *("LoRaWAN.NumberOfDevicesInGroup", "LoRaWAN.NumberOfDevicesRequested"),
        ),
        commands={
            "DisassociateWirelessDevice": ("DisassociateWirelessDeviceFromMulticastGroup", "WirelessDeviceId"),
            "AssociateWirelessDevice": ("AssociateWirelessDeviceWithMulticastGroup", "WirelessDeviceId"),
        },
    ),
    ResourceType(
        "WirelessDevice",
        attributes=("Arn", "Id", "ThingName"),
        get_identifier={"IdentifierType": "WirelessDeviceId"},
    ),
    ResourceType("DeviceProfile", attributes=("Arn", "Id"), updatable=False, replacing=("Name", "LoRaWAN")),
    ResourceType(
        "ServiceProfile",
        attributes=(
            *("Arn", "Id", "LoRaWANResponse"),  # the last is not described: assumed to be empty
            *("LoRaWAN.ChannelMask", "LoRaWAN.DevStatusReqFreq", "LoRaWAN.DlBucketSize", "LoRaWAN.DlRate"),
            *("LoRaWAN.DlRatePolicy", "LoRaWAN.DrMax", "LoRaWAN.DrMin", "LoRaWAN.HrAllowed"),
            *("LoRaWAN.MinGwDiversity", "LoRaWAN.NwkGeoLoc", "LoRaWAN.ReportDevStatusBattery"),
            *("LoRaWAN.ReportDevStatusMargin", "LoRaWAN.TargetPer", "LoRaWAN.UlBucketSize", "LoRaWAN.UlRate"),
            "LoRaWAN.UlRatePolicy",
        ),
        updatable=False,
        replacing=("Name", "LoRaWAN"),
    ),
    ResourceType("Destination", attributes=("Arn",), identifier="Name", replacing=("Name",)),
)


class ResourceHandlers:
    """Create, update and delete of one type, in the shape MiniStack's CloudFormation calls them.

    `client` makes a boto3 client for the account and region of the stack at hand.
    """

    def __init__(self, resource_type: ResourceType, client: Callable[[], Any]) -> None:
        self.type = resource_type
        self.client = client

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> tuple[str, Properties]:
        """Create the resource; answer its physical id and attributes."""
        del logical_id, stack_name
        check_properties(self.type.noun, properties)
        client = self.client()
        request = self._request(client, f"Create{self.type.noun}", properties)
        if tags := _user_tags(properties):
            request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        else:
            request.pop("Tags", None)
        created = _call(client, f"Create{self.type.noun}", request)
        physical_id = str(created.get(self.type.identifier) or request[self.type.identifier])
        try:
            self._set_thing(client, physical_id, None, properties.get("ThingArn"))
            return physical_id, self._attributes(client, physical_id)
        except Exception:
            # Handlers must not leave what they could not finish (resource type handler contract).
            self.delete(physical_id, properties)
            raise

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> tuple[str, Properties]:
        """Change the resource in place: fields, then the association commands, then tags."""
        del stack_name
        check_properties(self.type.noun, new)
        client = self.client()
        if self.type.updatable:
            for name, (operation, parameter) in self.type.commands.items():
                if new.get(name):
                    _call(client, operation, {self.type.identifier: physical_id, parameter: new[name]})
            request = self._request(client, f"Update{self.type.noun}", new)
            _call(client, f"Update{self.type.noun}", {**request, self.type.identifier: physical_id})
        self._set_thing(client, physical_id, old.get("ThingArn"), new.get("ThingArn"))
        attributes = self._attributes(client, physical_id)
        before, after = _user_tags(old), _user_tags(new)
        if gone := [key for key in before if key not in after]:
            client.untag_resource(ResourceArn=attributes["Arn"], TagKeys=gone)
        if changed := [{"Key": k, "Value": v} for k, v in after.items() if before.get(k) != v]:
            client.tag_resource(ResourceArn=attributes["Arn"], Tags=changed)
        return physical_id, attributes

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Delete the resource and wait until it is gone; one that is gone already counts as deleted."""
        del properties
        client = self.client()
        deadline = time.monotonic() + _DELETE_SECONDS
        try:
            _call(client, f"Delete{self.type.noun}", {self.type.identifier: physical_id})
            while time.monotonic() < deadline:
                self._read(client, physical_id)
                time.sleep(_POLL_SECONDS)
        except client.exceptions.ResourceNotFoundException:
            return
        raise TimeoutError(f"{self.type.name} {physical_id} was still there {_DELETE_SECONDS:.0f} s after its delete")

    @staticmethod
    def _set_thing(client: Any, physical_id: str, before: str | None, after: str | None) -> None:
        if before and before != after:
            client.disassociate_wireless_device_from_thing(Id=physical_id)
        if after and before != after:
            client.associate_wireless_device_with_thing(Id=physical_id, ThingArn=after)

    def _read(self, client: Any, physical_id: str) -> Properties:
        identifier = "Identifier" if self.type.get_identifier else self.type.identifier
        return _call(client, f"Get{self.type.noun}", {identifier: physical_id, **self.type.get_identifier})

    def _attributes(self, client: Any, physical_id: str) -> Properties:
        got = self._read(client, physical_id)
        attributes = {}
        for name in self.type.attributes:
            value: Any = got
            for member in _API_ATTRIBUTES.get(name, name).split("."):
                value = (value or {}).get(member)
            attributes[name] = _text(value)
        return attributes

    @staticmethod
    def _request(client: Any, operation: str, properties: Properties) -> Properties:
        shape = client.meta.service_model.operation_model(operation).input_shape
        request = _in_shape(shape, properties)
        assert isinstance(request, dict)  # noqa: S101  # every input shape is a structure
        request.pop("ClientRequestToken", None)
        return request


def _call(client: Any, operation: str, request: Properties) -> Properties:
    from botocore import xform_name

    answer: Properties = getattr(client, xform_name(operation))(**request)
    return answer


def _text(value: Any) -> Any:
    # What a template puts in place of an attribute: JSON's words, and nothing where there is nothing.
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else value


def _in_shape(shape: Any, value: Any) -> Any:
    # CloudFormation converts the scalars of a template to the type's own ("60" is fine for a number).
    if shape.type_name == "structure" and isinstance(value, dict):
        named = {_API_NAMES.get(name, name): item for name, item in value.items()}
        return {name: _in_shape(shape.members[name], item) for name, item in named.items() if name in shape.members}
    if shape.type_name == "list" and isinstance(value, list):
        return [_in_shape(shape.member, item) for item in value]
    if shape.type_name in ("integer", "long") and isinstance(value, str):
        return int(value)
    if shape.type_name == "boolean" and isinstance(value, str):
        return value == "true"
    if shape.type_name == "string" and isinstance(value, (int, float)):
        return str(value)
    return value


def _user_tags(properties: Properties) -> dict[str, str]:
    # CloudFormation adds its aws: tags by a right of its own; the API refuses the prefix from anybody else.
    tags = {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags") or []}
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}
