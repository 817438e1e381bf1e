"""The properties of a `Custom::MulticastGroupSettings`, read by a schema as those of the other resources are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from properties import mapping, or_nothing, required_text, texts, whole_number

FIELDS: Mapping[str, tuple[str, Callable[[str, Any], Any]]] = {
    "GatewayList": ("ParticipatingGateways", texts),
    "TransmissionInterval": ("ParticipatingGateways", whole_number),
    "DlDr": ("DefaultSessionParameters", whole_number),
    "DlFreq": ("DefaultSessionParameters", whole_number),
}
"""What a group can be set to: the structure of the API it is in, and how it is read."""

STRUCTURES = tuple(dict.fromkeys(structure for structure, _ in FIELDS.values()))
KNOWN_PROPERTIES = {
    "ServiceToken",
    "ServiceTimeout",
    "MulticastGroupId",
    "GroupIsImported",
    "WirelessDeviceIds",
    "DeviceList",
    *STRUCTURES,
}


@dataclass(frozen=True)
class ListedDevices:
    """A list of devices among the CDK assets."""

    bucket: str
    key: str
    sha256: str


@dataclass(frozen=True)
class GroupProperties:
    """What a template says about a multicast group; a field that is absent was not given."""

    group: str = ""
    is_imported: bool = False
    devices: tuple[str, ...] = ()
    listed: ListedDevices | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def group_properties(raw: Mapping[str, Any]) -> GroupProperties:
    """Read the properties.

    Raises:
        PropertyError: a required property is missing, or a value cannot be what its field needs.
    """
    return GroupProperties(
        group=required_text("MulticastGroupId", raw.get("MulticastGroupId")),
        is_imported=raw.get("GroupIsImported") == "true",
        devices=texts("WirelessDeviceIds", raw.get("WirelessDeviceIds")),
        listed=_listed("DeviceList", raw.get("DeviceList")),
        fields={
            name: read(name, value)
            for name, (structure, read) in FIELDS.items()
            if (value := mapping(structure, raw.get(structure)).get(name)) is not None
        },
    )


def former_group_properties(raw: Mapping[str, Any]) -> GroupProperties:
    """Read those of another version or of a refused update, leaving out whatever cannot be read."""
    fields: dict[str, Any] = {}
    for name, (structure, read) in FIELDS.items():
        value = or_nothing(read, name, (or_nothing(mapping, structure, raw.get(structure)) or {}).get(name))
        if value is not None:
            fields[name] = value
    return GroupProperties(
        group=or_nothing(required_text, "MulticastGroupId", raw.get("MulticastGroupId")) or "",
        is_imported=raw.get("GroupIsImported") == "true",
        devices=or_nothing(texts, "WirelessDeviceIds", raw.get("WirelessDeviceIds")) or (),
        listed=or_nothing(_listed, "DeviceList", raw.get("DeviceList")),
        fields=fields,
    )


def unknown_properties(raw: Mapping[str, Any]) -> list[str]:
    """The names of properties that no version up to this one writes."""
    return sorted(str(name) for name in raw if name not in KNOWN_PROPERTIES)


def _listed(name: str, value: Any) -> ListedDevices | None:
    if value is None:
        return None
    given = mapping(name, value)
    return ListedDevices(*(required_text(f"{name}.{part}", given.get(part)) for part in ("Bucket", "Key", "Sha256")))
