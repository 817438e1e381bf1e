"""What CloudFormation lets a template say of its AWS::IoTWireless types, before any of it reaches the service.

Source: the registry schemas of these types (bundled with cfn-lint; a test holds this table against them). They have
less than the API: a task has no RedundancyPercent, a group no ParticipatingGateways. What AWS refuses must not deploy
here. Left to the service are the constraints that are the API's as well; not looked at are an empty value of a tag and
a PingSlotPeriod below 128, which the schemas of some types refuse and the API takes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

# What a property may be: anything the service takes, text of so many characters at most, text with that pattern in it,
# a list of such, or members of its own. A name with a ! is required where its parent is given, and exactly one of those
# with a |.
Rule = Mapping[str, "Rule"] | tuple["Rule"] | int | str | None

_ANY: Final = None
_TAGS: Final = ({"Key": _ANY, "Value": _ANY},)
_DESTINATION_TAGS: Final = ({"Key": 127, "Value": 255},)  # 128 and 256 in the API
_SESSION_KEYS_V11: Final = {"AppSKey!": _ANY, "FNwkSIntKey!": _ANY, "NwkSEncKey!": _ANY, "SNwkSIntKey!": _ANY}

PROPERTIES: Final[Mapping[str, Mapping[str, Rule]]] = {
    "FuotaTask": {
        "AssociateMulticastGroup": 256,
        "AssociateWirelessDevice": 256,
        "Description": _ANY,
        "DisassociateMulticastGroup": 256,
        "DisassociateWirelessDevice": 256,
        "FirmwareUpdateImage!": 2048,  # 4,096 in the API
        "FirmwareUpdateRole!": 256,  # 2,048 in the API
        "LoRaWAN!": {"RfRegion!": _ANY},
        "Name": _ANY,
        "Tags": _TAGS,
    },
    "MulticastGroup": {
        "AssociateWirelessDevice": 256,
        "Description": _ANY,
        "DisassociateWirelessDevice": 256,
        "LoRaWAN!": {"DlClass!": _ANY, "RfRegion!": _ANY},
        "Name": _ANY,
        "Tags": _TAGS,
    },
    "WirelessDevice": {
        "Description": _ANY,
        "DestinationName!": _ANY,
        "LastUplinkReceivedAt": _ANY,
        "LoRaWAN": {
            "AbpV10x|": {"DevAddr!": _ANY, "SessionKeys!": {"AppSKey!": _ANY, "NwkSKey!": _ANY}},
            "AbpV11|": {"DevAddr!": _ANY, "SessionKeys!": _SESSION_KEYS_V11},
            "DevEui": "[a-f0-9]{16}",  # the API takes capital letters as well
            "DeviceProfileId": _ANY,
            "FPorts": {"Applications": ({"DestinationName": _ANY, "FPort": _ANY, "Type": _ANY},)},
            "OtaaV10x|": {"AppEui!": _ANY, "AppKey!": _ANY},
            "OtaaV11|": {"AppKey!": _ANY, "JoinEui!": _ANY, "NwkKey!": _ANY},
            "ServiceProfileId": _ANY,
        },
        "Name": _ANY,
        "Positioning": _ANY,
        "Tags": _TAGS,
        "ThingArn": _ANY,
        "Type!": _ANY,
    },
    "DeviceProfile": {
        "LoRaWAN": dict.fromkeys(
            (
                *("ClassBTimeout", "ClassCTimeout", "FactoryPresetFreqsList", "MacVersion", "MaxDutyCycle", "MaxEirp"),
                *("PingSlotDr", "PingSlotFreq", "PingSlotPeriod", "RegParamsRevision", "RfRegion", "RxDataRate2"),
                *("RxDelay1", "RxDrOffset1", "RxFreq2", "Supports32BitFCnt", "SupportsClassB", "SupportsClassC"),
                "SupportsJoin",
            ),
            _ANY,
        ),
        "Name": _ANY,
        "Tags": _TAGS,
    },
    "ServiceProfile": {
        "LoRaWAN": {"AddGwMetadata": _ANY, "PrAllowed": _ANY, "RaAllowed": _ANY},
        "Name": _ANY,
        "Tags": _TAGS,
    },
    "Destination": {
        "Description": _ANY,
        "Expression!": _ANY,
        "ExpressionType!": _ANY,
        "Name!": _ANY,
        "RoleArn": _ANY,
        "Tags": _DESTINATION_TAGS,
    },
}


class PropertiesError(Exception):
    """Properties that CloudFormation refuses, worded as it does."""


def check_properties(noun: str, properties: Mapping[str, Any]) -> None:
    """Refuse what the schema of AWS::IoTWireless::<noun> does not permit. Raises PropertiesError."""
    if found := list(_complaints(PROPERTIES[noun], properties, "#")):
        raise PropertiesError(f"Properties validation failed for AWS::IoTWireless::{noun}: {'; '.join(found)}")


def _complaints(rule: Rule, value: Any, path: str) -> Iterator[str]:
    match rule:
        case Mapping() if isinstance(value, Mapping):
            yield from _of_members(rule, value, path)
        case tuple() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _complaints(rule[0], item, f"{path}/{index}")
        case int() if isinstance(value, str) and len(value) > rule:
            yield f"{path}: expected maxLength: {rule}, actual: {len(value)}"
        case str() if isinstance(value, str) and not re.search(rule, value):
            yield f"{path}: string [{value}] does not match pattern {rule}"


def _of_members(rules: Mapping[str, Rule], given: Mapping[str, Any], path: str) -> Iterator[str]:
    known = {name.rstrip("!|"): rule for name, rule in rules.items()}
    for name in rules:
        if name.endswith("!") and name[:-1] not in given:
            yield f"{path}: required key [{name[:-1]}] not found"
    one_of = [name[:-1] for name in rules if name.endswith("|")]
    if one_of and sum(name in given for name in one_of) != 1:
        yield f"{path}: exactly one of [{', '.join(one_of)}] is required"
    for name, value in given.items():
        if name in known:
            yield from _complaints(known[name], value, f"{path}/{name}")
        else:
            yield f"{path}: extraneous key [{name}] is not permitted (there are: {', '.join(sorted(known))})"
