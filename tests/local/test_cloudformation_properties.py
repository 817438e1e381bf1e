"""What a template may say of the AWS::IoTWireless types, against the registry schemas that cfn-lint brings."""

from collections.abc import Mapping
from typing import Any

import cfnlint.schema.manager
import pytest

from fuota_constructs.local.cloudformation_properties import PROPERTIES, PropertiesError, check_properties

MANAGER: Any = cfnlint.schema.manager.PROVIDER_SCHEMA_MANAGER
TASK = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r", "LoRaWAN": {"RfRegion": "EU868"}}
DEVICE = {"Type": "LoRaWAN", "DestinationName": "d"}
OTAA = {"OtaaV10x": {"AppEui": "", "AppKey": ""}}


def _refused(noun: str, properties: dict[str, Any]) -> str:
    with pytest.raises(PropertiesError) as refused:
        check_properties(noun, properties)
    return str(refused.value)


@pytest.mark.parametrize(
    ("noun", "properties", "message"),
    [
        ("FuotaTask", {**TASK, "RedundancyPercent": 20}, "#: extraneous key [RedundancyPercent] is not permitted"),
        ("FuotaTask", {**TASK, "LoRaWAN": {"RfRegion": "EU868", "StartTime": "x"}}, "#/LoRaWAN: extraneous key [St"),
        ("FuotaTask", {**TASK, "Id": "x"}, "#: extraneous key [Id]"),
        ("FuotaTask", {**TASK, "LoRaWAN": {}}, "#/LoRaWAN: required key [RfRegion] not found"),
        (
            "FuotaTask",
            {"LoRaWAN": TASK["LoRaWAN"]},
            "[FirmwareUpdateImage] not found; #: required key [FirmwareUpdateR",
        ),
        ("FuotaTask", {**TASK, "FirmwareUpdateRole": "r" * 257}, "#/FirmwareUpdateRole: expected maxLength: 256"),
        ("FuotaTask", {**TASK, "Tags": [{"key": "a", "Value": "b"}]}, "#/Tags/0: extraneous key [key]"),
        ("MulticastGroup", {"LoRaWAN": {"RfRegion": "EU868"}}, "#/LoRaWAN: required key [DlClass] not found"),
        (
            "WirelessDevice",
            {**DEVICE, "LoRaWAN": {"DevEui": "A" * 16, **OTAA}},
            "#/LoRaWAN/DevEui: string [AAAAAAAAAAAAAAAA]",
        ),
        ("WirelessDevice", {**DEVICE, "LoRaWAN": {"OtaaV1_0_x": {}}}, "#/LoRaWAN: extraneous key [OtaaV1_0_x]"),
        ("WirelessDevice", {**DEVICE, "LoRaWAN": {}}, "#/LoRaWAN: exactly one of [AbpV10x, AbpV11, OtaaV10x, OtaaV11]"),
        ("WirelessDevice", {**DEVICE, "LoRaWAN": {**OTAA, "AbpV11": {}}}, "#/LoRaWAN: exactly one of [AbpV10x,"),
        ("ServiceProfile", {"LoRaWAN": {"DrMax": 5}}, "#/LoRaWAN: extraneous key [DrMax]"),
    ],
)
def test_fails_for_what_cloudformation_does_not_permit(noun: str, properties: dict[str, Any], message: str) -> None:
    assert message in _refused(noun, properties)


def test_what_the_schemas_permit_is_left_to_the_service() -> None:
    check_properties("FuotaTask", {**TASK, "Name": 5, "Tags": "no list", "LoRaWAN": {"RfRegion": "MARS"}})
    check_properties("FuotaTask", {**TASK, "FirmwareUpdateImage": "s" * 2048, "Tags": [{"Key": "a", "Value": "b"}]})
    check_properties("WirelessDevice", {**DEVICE, "LoRaWAN": {"DevEui": "0a" * 8, **OTAA}})


@pytest.mark.parametrize("noun", sorted(PROPERTIES))
def test_the_table_is_what_the_registry_schemas_say(noun: str) -> None:
    schema: dict[str, Any] = MANAGER.get_resource_schema("eu-west-1", f"AWS::IoTWireless::{noun}").schema
    read_only = {path.replace("/properties/", "/") for path in schema.get("readOnlyProperties", ())}
    assert _names(PROPERTIES[noun]) == set(_of_schema(schema, schema, "", read_only))


def _names(rule: Any, path: str = "") -> set[str]:
    if isinstance(rule, tuple):
        return _names(rule[0], path)
    if not isinstance(rule, Mapping):
        return set()
    here = {f"{path}/{name.rstrip('|')}" for name in rule}
    return here.union(*(_names(inner, f"{path}/{name.rstrip('!|')}") for name, inner in rule.items()))


def _of_schema(schema: dict[str, Any], node: dict[str, Any], path: str, read_only: set[str]) -> Any:
    if reference := node.get("$ref"):
        node = schema["definitions"][reference.rpartition("/")[2]]
    if node.get("type") == "array":
        yield from _of_schema(schema, node["items"], path, read_only)
    for name, inner in node.get("properties", {}).items():
        place = f"{path}/{name}"
        if place not in read_only:
            yield f"{place}!" if name in node.get("required", ()) else place
            yield from _of_schema(schema, inner, place, read_only)
