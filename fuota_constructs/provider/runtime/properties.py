"""The properties of a custom resource, read by a schema: CloudFormation delivers every scalar as a string.

"007" therefore stays a name while "50" becomes a number, by the field and never by how the value looks.
Background: aws/aws-cdk docs/CLOUDFORMATION.md and aws/aws-cdk#15249.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from firmware_facts import Firmware
from protocol import ProviderError

Value = TypeVar("Value")

_FIRMWARE = ("FirmwareVersion", "FirmwareFormat", "FirmwareDigest", "FirmwareKeyHash")
_METADATA = {
    "FirmwareVersion": "firmware-version",
    "FirmwareFormat": "firmware-format",
    "FirmwareDigest": "firmware-digest",
    "DeltaBaseSha256": "delta-base-sha256",
    "DeltaTargetSha256": "delta-target-sha256",
}
# User-defined metadata goes in headers: printable ASCII, 2 KB in all (Amazon S3 User Guide, object metadata).
_ASCII = re.compile("[!-~]{1,256}")

OPTIONAL_TASK_FIELDS = (
    "Name",
    "Description",
    "RfRegion",
    "RedundancyPercent",
    "FragmentSizeBytes",
    "FragmentIntervalMS",
    "Descriptor",
)
KNOWN_TASK_PROPERTIES = {
    "ServiceToken",
    "ServiceTimeout",
    "FirmwareObject",
    "FirmwareUpdateImage",
    "FirmwareUpdateRole",
    "LoRaWAN",
    "MulticastGroupIds",
    "WirelessDeviceIds",
    "Tags",
    "AdoptFuotaTaskId",
    "AllowDowngrade",
    "AccessPerImage",
    "FirmwareVersion",
    "FirmwareFormat",
    "FirmwareDigest",
    "FirmwareKeyHash",
    *OPTIONAL_TASK_FIELDS,
} - {"RfRegion"}


class PropertyError(ProviderError):
    """A property is missing or of the wrong shape; the message names it."""


@dataclass(frozen=True)
class TaskProperties:
    """What a template says about a FUOTA task; a field that is absent was not given."""

    fields: Mapping[str, str | int] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    adopt: str = ""
    firmware: Firmware = field(default_factory=Firmware)
    allows_downgrade: bool = False
    access_per_image: bool = False

    @property
    def digest_of_fields(self) -> str:
        """A short text by which the same fields are known again."""
        return hashlib.sha256(json.dumps(dict(self.fields), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ObjectProperties:
    """What a template says about a firmware object: where from, where to, and which bytes."""

    source_bucket: str
    source_key: str
    bucket: str
    key: str
    sha256: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """The S3 URI, which is also the physical id."""
        return f"s3://{self.bucket}/{self.key}"


def task_properties(raw: Mapping[str, Any]) -> TaskProperties:
    """Read the properties of a `Custom::FuotaTask`.

    Ranges are the service's business: they are checked at synth and by CreateFuotaTask, not a third time here.

    Raises:
        PropertyError: a required property is missing, or a value cannot be what its field needs.
    """
    lorawan = mapping("LoRaWAN", raw.get("LoRaWAN"))
    fields: dict[str, str | int] = {
        name: required_text(name, raw.get(name)) for name in ("FirmwareUpdateImage", "FirmwareUpdateRole")
    }
    for name in OPTIONAL_TASK_FIELDS:
        value = lorawan.get(name) if name == "RfRegion" else raw.get(name)
        if value is not None:
            fields[name] = _READERS.get(name, _text)(name, value)
    return TaskProperties(
        fields=fields,
        groups=texts("MulticastGroupIds", raw.get("MulticastGroupIds")),
        devices=texts("WirelessDeviceIds", raw.get("WirelessDeviceIds")),
        tags=_tags("Tags", raw.get("Tags")),
        adopt=_text("AdoptFuotaTaskId", raw.get("AdoptFuotaTaskId", "")),
        firmware=Firmware(*(_text(name, raw.get(name, "")) for name in _FIRMWARE)),
        allows_downgrade=_flag("AllowDowngrade", raw.get("AllowDowngrade", "false")),
        access_per_image=_flag("AccessPerImage", raw.get("AccessPerImage", "false")),
    )


def former_task_properties(raw: Mapping[str, Any]) -> TaskProperties:
    """Read OldResourceProperties, leaving out whatever cannot be read.

    They may come from any version of this library, and after a refused update they hold the very values that were
    refused: a rollback must not fail on them.
    """
    fields: dict[str, str | int] = {}
    lorawan = raw.get("LoRaWAN")
    for name in ("FirmwareUpdateImage", "FirmwareUpdateRole", *OPTIONAL_TASK_FIELDS):
        source = (lorawan if isinstance(lorawan, Mapping) else {}) if name == "RfRegion" else raw
        value = or_nothing(_READERS.get(name, _text), name, source.get(name))
        if value is not None:
            fields[name] = value
    firmware = Firmware(*(or_nothing(_text, name, raw.get(name)) or "" for name in _FIRMWARE))
    return TaskProperties(
        fields=fields,
        groups=or_nothing(texts, "MulticastGroupIds", raw.get("MulticastGroupIds")) or (),
        devices=or_nothing(texts, "WirelessDeviceIds", raw.get("WirelessDeviceIds")) or (),
        tags={**(or_nothing(_tags, "Tags", raw.get("Tags")) or {}), **firmware.tags},
        firmware=firmware,
    )


def unknown_task_properties(raw: Mapping[str, Any]) -> list[str]:
    """The names of properties that no version up to this one writes."""
    return sorted(str(name) for name in raw if name not in KNOWN_TASK_PROPERTIES)


def object_properties(raw: Mapping[str, Any]) -> ObjectProperties:
    """Read the properties of a `Custom::FirmwareObject`.

    Raises:
        PropertyError: a property is missing or malformed.
    """
    sha256 = required_text("Sha256", raw.get("Sha256")).lower()
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise PropertyError(f"Sha256 must be 64 hexadecimal digits, got {sha256!r}")
    return ObjectProperties(
        source_bucket=required_text("SourceBucket", raw.get("SourceBucket")),
        source_key=required_text("SourceKey", raw.get("SourceKey")),
        bucket=required_text("DestinationBucket", raw.get("DestinationBucket")),
        key=required_text("DestinationKey", raw.get("DestinationKey")),
        sha256=sha256,
        size=whole_number("SizeBytes", raw.get("SizeBytes")),
        metadata={
            key: text for name, key in _METADATA.items() if _ASCII.fullmatch(text := _text(name, raw.get(name, "")))
        },
    )


def or_nothing(read: Callable[[str, Any], Value], name: str, value: Any) -> Value | None:
    """What a reader makes of a value, None where it cannot be read."""
    try:
        return None if value is None else read(name, value)
    except PropertyError:
        return None


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """An object; none is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise PropertyError(f"{name} must be an object, got {value!r}")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise PropertyError(f"{name} must be a string, got {value!r}")
    return value


def _flag(name: str, value: Any) -> bool:
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise PropertyError(f"{name} must be true or false, got {value!r}")
    return text == "true"


def required_text(name: str, value: Any) -> str:
    """A text with something in it."""
    if value is None or value == "":
        raise PropertyError(f"{name} is required and was not given")
    return _text(name, value)


def whole_number(name: str, value: Any) -> int:
    """A whole number from 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,10}", value):
        raise PropertyError(f"{name} must be a whole number written with digits only, got {value!r}")
    return int(value)


def texts(name: str, value: Any) -> tuple[str, ...]:
    """A list of texts, each once."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise PropertyError(f"{name} must be a list, got {value!r}")
    return tuple(dict.fromkeys(required_text(f"{name}[{index}]", item) for index, item in enumerate(value)))


def _tags(name: str, value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, list):
        raise PropertyError(f"{name} must be a list of key and value, got {value!r}")
    tags: dict[str, str] = {}
    for index, item in enumerate(value):
        # CDK's TagManager writes lower case for this kind of resource, CloudFormation's own types write upper case.
        pair = {str(key).lower(): text for key, text in mapping(f"{name}[{index}]", item).items()}
        tags[required_text(f"{name}[{index}].key", pair.get("key"))] = _text(
            f"{name}[{index}].value", pair.get("value", "")
        )
    return tags


_READERS: Mapping[str, Callable[[str, Any], str | int]] = {
    "RedundancyPercent": whole_number,
    "FragmentSizeBytes": whole_number,
    "FragmentIntervalMS": whole_number,
}
