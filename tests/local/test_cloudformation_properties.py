"""What a template may say of the AWS::IoTWireless types, against the registry schemas that cfn-lint brings."""

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import cfnlint.schema.manager
import pytest

from fuota_constructs.local.cloudformation_properties import PROPERTIES, PropertiesError, check_properties

MANAGER: Any = cfnlint.schema.manager.PROVIDER_SCHEMA_MANAGER
TASK = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r", "LoRaWAN": {"RfRegion": "EU868"}}
DEVICE = {"Type": "LoRaWAN", "DestinationName": "d"}
WIDER = ("[a-zA-Z0-9:_-]+",)
"""Patterns that refuse nothing the API takes: the name of a destination may have a colon."""
API: Any = botocore.session.get_session().get_service_model("iotwireless")
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
        (
            "Destination",
            {"Expression": "e", "ExpressionType": "RuleName", "Name": "d", "Tags": [{"Key": "k" * 128, "Value": "v"}]},
            "#/Tags/0/Key: expected maxLength: 127, actual: 128",
        ),
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
    api = API.operation_model(f"Create{noun}").input_shape
    assert dict(_of_table(PROPERTIES[noun])) == dict(_of_schema(schema, schema, api, "", read_only))


def _of_table(rule: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each property, with its mark and the limit the table has."""
    if isinstance(rule, tuple):
        yield from _of_table(rule[0], path)
    for name, inner in rule.items() if isinstance(rule, Mapping) else ():
        yield f"{path}/{name}", inner if isinstance(inner, int | str) else None
        yield from _of_table(inner, f"{path}/{name.rstrip('!|')}")


def _of_schema(
    schema: dict[str, Any], node: dict[str, Any], api: Any, path: str, read_only: set[str]
) -> Iterator[tuple[str, Any]]:
    """The same of a schema, with the limits that are not the API's: those the service does not hold to."""
    if node.get("type") == "array":
        items = _resolved(schema, node["items"])
        yield from _of_schema(schema, items, api and api.member, path, read_only)
    one_of = {name for choice in node.get("oneOf", ()) for name in choice["required"]}
    # The API has OtaaV1_0_x where the schemas have OtaaV10x.
    shapes = {name.replace("_", ""): shape for name, shape in getattr(api, "members", {}).items()}
    for name, given in node.get("properties", {}).items():
        place, inner, shape = f"{path}/{name}", _resolved(schema, given), shapes.get(name)
        if place not in read_only:
            mark = "!" if name in node.get("required", ()) else "|" if name in one_of else ""
            yield f"{place}{mark}", _limit(inner, shape.metadata if shape else {})
            yield from _of_schema(schema, inner, shape, place, read_only)


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return schema["definitions"][reference.rpartition("/")[2]] if reference else node


def _limit(node: dict[str, Any], api: dict[str, Any]) -> Any:
    """The pattern or the most characters of a schema, where the API refuses less."""
    pattern, most = node.get("pattern"), node.get("maxLength")
    if pattern and pattern.strip("^$") not in {api.get("pattern"), *WIDER}:
        return pattern
    return most if most and most != api.get("max") and not api.get("enum") else None
