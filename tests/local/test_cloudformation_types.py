"""CloudFormation's own IoT Wireless types, through the CloudFormation of a running cloud."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud

RADIO = {"RfRegion": "EU868", "DlClass": "ClassC"}
KEYS = {"OtaaV10x": {"AppEui": "0" * 16, "AppKey": "0" * 32}}
Deploy = Callable[..., dict[str, Any]]


@pytest.fixture
def deploy(cloud: LocalCloud) -> Iterator[Deploy]:
    """Creates or updates one stack with the given resources; answers it with its outputs; deletes it in the end."""
    client = cloud.client("cloudformation")
    name = f"types-{uuid.uuid4().hex[:8]}"

    def wait() -> dict[str, Any]:
        while (stack := client.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith("IN_PROGRESS"):
            time.sleep(0.05)
        found: dict[str, Any] = stack
        return found

    def deploy(resources: dict[str, Any], tags: dict[str, str] | None = None, **outputs: Any) -> dict[str, Any]:
        template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
        known = any(each["StackName"] == name for each in client.list_stacks()["StackSummaries"])
        call = client.update_stack if known else client.create_stack
        stack_tags = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        call(StackName=name, TemplateBody=json.dumps(template), Tags=stack_tags)
        stack = wait()
        stack["Values"] = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        return stack

    yield deploy
    client.delete_stack(StackName=name)
    while any(
        each["StackName"] == name and not each["StackStatus"].startswith("DELETE_")
        for each in client.list_stacks()["StackSummaries"]
    ):
        time.sleep(0.05)


def group(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IoTWireless::MulticastGroup", "Properties": {"LoRaWAN": RADIO, **properties}}


def get_att(resource: str, name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, name]}


def test_a_group_is_created_with_ref_and_attributes(deploy: Deploy, cloud: LocalCloud) -> None:
    stack = deploy(
        {"G": group(Name="n", Tags=[{"Key": "a", "Value": "b"}])},
        {"team": "radio"},
        Ref={"Ref": "G"},
        Id=get_att("G", "Id"),
        Arn=get_att("G", "Arn"),
        Status=get_att("G", "Status"),
        Devices=get_att("G", "LoRaWAN.NumberOfDevicesInGroup"),
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    values = stack["Values"]
    assert values["Ref"] == values["Id"]
    assert values["Arn"].endswith(f":MulticastGroup/{values['Id']}")
    assert (values["Status"], values["Devices"]) == ("Pending", "0")
    client = cloud.client("iotwireless")
    assert client.get_multicast_group(Id=values["Id"])["Name"] == "n"
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceArn=values["Arn"])["Tags"]}
    assert tags == {"a": "b", "team": "radio"}


def test_a_group_is_updated_in_place_tags_included(deploy: Deploy, cloud: LocalCloud) -> None:
    outputs = {"Ref": {"Ref": "G"}, "Arn": get_att("G", "Arn")}
    before = deploy({"G": group(Name="n", Tags=[{"Key": "a", "Value": "b"}])}, **outputs)
    after = deploy({"G": group(Name="m", Tags=[{"Key": "c", "Value": "d"}])}, **outputs)
    assert after["StackStatus"] == "UPDATE_COMPLETE"
    assert after["Values"] == before["Values"]
    client = cloud.client("iotwireless")
    assert client.get_multicast_group(Id=after["Values"]["Ref"])["Name"] == "m"
    tags = client.list_tags_for_resource(ResourceArn=after["Values"]["Arn"])["Tags"]
    assert tags == [{"Key": "c", "Value": "d"}]


def test_a_removed_group_is_deleted(deploy: Deploy, cloud: LocalCloud) -> None:
    stack = deploy({"G": group(), "H": group()}, H={"Ref": "H"})
    deploy({"G": group()})
    cloud.admin("clock", method="POST", content={"advance_seconds": 60})
    groups = cloud.client("iotwireless").list_multicast_groups()["MulticastGroupList"]
    assert stack["Values"]["H"] not in [each["Id"] for each in groups]


def test_deleting_what_is_gone_already_succeeds(deploy: Deploy, cloud: LocalCloud) -> None:
    stack = deploy({"G": group(), "H": group()}, H={"Ref": "H"})
    cloud.client("iotwireless").delete_multicast_group(Id=stack["Values"]["H"])
    cloud.admin("clock", method="POST", content={"advance_seconds": 60})
    assert deploy({"G": group()})["StackStatus"] == "UPDATE_COMPLETE"


def test_fails_with_the_services_own_words(deploy: Deploy, cloud: LocalCloud) -> None:
    stack = deploy({"G": group(LoRaWAN={"RfRegion": "MARS", "DlClass": "ClassC"})})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloud.client("cloudformation").describe_stack_events(StackName=stack["StackName"])["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("ValidationException" in reason and "AS923-1" in reason for reason in reasons), reasons


def test_fails_to_create_and_update_with_a_property_that_only_the_api_has(deploy: Deploy) -> None:
    task = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r", "LoRaWAN": {"RfRegion": "EU868"}}
    deploy({"T": {"Type": "AWS::IoTWireless::FuotaTask", "Properties": task}})
    resource = {"Type": "AWS::IoTWireless::FuotaTask", "Properties": {**task, "RedundancyPercent": 20}}
    assert deploy({"T": resource})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert deploy({"U": resource})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_task_ignores_associations_on_create_and_runs_them_on_update_as_aws_does(
    deploy: Deploy, cloud: LocalCloud
) -> None:
    def task(**more: Any) -> dict[str, Any]:
        image = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "arn:aws:iam::000000000000:role/r"}
        properties = {**image, "LoRaWAN": {"RfRegion": "EU868"}, "AssociateMulticastGroup": {"Ref": "G"}, **more}
        return {"Type": "AWS::IoTWireless::FuotaTask", "Properties": properties}

    client = cloud.client("iotwireless")
    made = deploy({"G": group(), "T": task()}, T={"Ref": "T"}, Status=get_att("T", "FuotaTaskStatus"))
    assert made["Values"]["Status"] == "Pending"
    assert client.list_multicast_groups_by_fuota_task(Id=made["Values"]["T"])["MulticastGroupList"] == []
    changed = deploy({"G": group(), "T": task(Name="n")}, T={"Ref": "T"}, G={"Ref": "G"})
    assert changed["Values"]["T"] == made["Values"]["T"]
    attached = client.list_multicast_groups_by_fuota_task(Id=made["Values"]["T"])["MulticastGroupList"]
    assert [each["Id"] for each in attached] == [changed["Values"]["G"]]


def test_a_stack_with_a_task_and_its_group_deletes_at_once(deploy: Deploy, cloud: LocalCloud) -> None:
    image = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "arn:aws:iam::000000000000:role/r"}
    radio = {"LoRaWAN": {"RfRegion": "EU868"}, "AssociateMulticastGroup": {"Ref": "G"}}
    for name in ("one", "two"):  # an update associates
        task = {"Type": "AWS::IoTWireless::FuotaTask", "Properties": {**image, **radio, "Name": name}}
        stack = deploy({"G": group(), "T": task}, T={"Ref": "T"}, G={"Ref": "G"})
    client = cloud.client("iotwireless")
    assert client.list_multicast_groups_by_fuota_task(Id=stack["Values"]["T"])["MulticastGroupList"]
    clouds = cloud.client("cloudformation")
    clouds.delete_stack(StackName=stack["StackName"])
    clouds.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"], WaiterConfig={"Delay": 1})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_fuota_task(Id=stack["Values"]["T"])
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_multicast_group(Id=stack["Values"]["G"])


def test_fails_to_delete_a_group_that_a_task_of_another_has(deploy: Deploy, cloud: LocalCloud) -> None:
    stack = deploy({"G": group()}, G={"Ref": "G"})
    client = cloud.client("iotwireless")
    image = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "arn:aws:iam::000000000000:role/r"}
    task = client.create_fuota_task(**image, LoRaWAN={"RfRegion": "EU868"})["Id"]
    client.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=stack["Values"]["G"])
    clouds = cloud.client("cloudformation")
    clouds.delete_stack(StackName=stack["StackName"])
    while (left := clouds.describe_stacks(StackName=stack["StackId"])["Stacks"][0])["StackStatus"].endswith("PROGRESS"):
        time.sleep(0.05)
    assert left["StackStatus"] == "DELETE_FAILED"
    client.delete_fuota_task(Id=task)
    cloud.admin("clock", method="POST", content={"advance_seconds": 60})


# Property and value of every documented attribute, as CloudFormation gives it where nothing was set.
ATTRIBUTES: dict[str, dict[str, str | None]] = {
    "FuotaTask": {"Arn": None, "Id": None, "FuotaTaskStatus": "Pending", "LoRaWAN.StartTime": ""},
    "MulticastGroup": {
        "Arn": None,
        "Id": None,
        "Status": "Pending",
        "LoRaWAN.NumberOfDevicesInGroup": "0",
        "LoRaWAN.NumberOfDevicesRequested": "0",
    },
    "WirelessDevice": {"Arn": None, "Id": None, "ThingName": ""},
    "DeviceProfile": {"Arn": None, "Id": None},
    "ServiceProfile": {
        "Arn": None,
        "Id": None,
        "LoRaWANResponse": "",
        "LoRaWAN.ChannelMask": "",
        "LoRaWAN.DevStatusReqFreq": "24",
        "LoRaWAN.DlBucketSize": "4096",
        "LoRaWAN.DlRate": "60",
        "LoRaWAN.DlRatePolicy": "",
        "LoRaWAN.DrMax": "15",
        "LoRaWAN.DrMin": "0",
        "LoRaWAN.HrAllowed": "false",
        "LoRaWAN.MinGwDiversity": "1",
        "LoRaWAN.NwkGeoLoc": "false",
        "LoRaWAN.ReportDevStatusBattery": "false",
        "LoRaWAN.ReportDevStatusMargin": "false",
        "LoRaWAN.TargetPer": "5",
        "LoRaWAN.UlBucketSize": "4096",
        "LoRaWAN.UlRate": "60",
        "LoRaWAN.UlRatePolicy": "",
    },
    "Destination": {"Arn": None},
}
PROPERTIES: dict[str, dict[str, Any]] = {
    "FuotaTask": {
        "FirmwareUpdateImage": "s3://b/k",
        "FirmwareUpdateRole": "arn:aws:iam::000000000000:role/r",
        "LoRaWAN": {"RfRegion": "EU868"},
    },
    "MulticastGroup": {"LoRaWAN": RADIO},
    "WirelessDevice": {
        "Type": "LoRaWAN",
        "DestinationName": "attributes",
        "LoRaWAN": {"DevEui": "a1b2c3d4e5f60700", **KEYS},
    },
    "DeviceProfile": {"LoRaWAN": {"RfRegion": "EU868"}},
    "ServiceProfile": {},
    "Destination": {
        "Name": "attributes",
        "Expression": "r",
        "ExpressionType": "RuleName",
        "RoleArn": "arn:aws:iam::000000000000:role/r",
    },
}


def test_a_device_is_given_another_thing_and_none(deploy: Deploy, cloud: LocalCloud) -> None:
    arn = "arn:aws:iot:eu-west-1:000000000000:thing"
    properties = {"Type": "LoRaWAN", "DestinationName": "d", "LoRaWAN": {"DevEui": "a1b2c3d4e5f60701", **KEYS}}
    for thing in ("one", "two", None, "three"):
        given = {"ThingArn": f"{arn}/{thing}"} if thing else {}
        device = {"Type": "AWS::IoTWireless::WirelessDevice", "Properties": {**properties, **given}}
        made = deploy({"W": device}, Name=get_att("W", "ThingName"))
        assert made["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        assert made["Values"]["Name"] == (thing or "")


def test_a_create_that_fails_half_way_leaves_nothing(deploy: Deploy, cloud: LocalCloud) -> None:
    fault = {"operation": "AssociateWirelessDeviceWithThing", "fault": "access-denied", "times": 1}
    cloud.admin("faults", method="POST", content=fault)
    lorawan = {"DevEui": "a1b2c3d4e5f60702", **KEYS}
    properties = {"Type": "LoRaWAN", "DestinationName": "d", "LoRaWAN": lorawan, "ThingArn": "arn:aws:iot:::thing/t"}
    made = deploy({"W": {"Type": "AWS::IoTWireless::WirelessDevice", "Properties": properties}})
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    devices = cloud.client("iotwireless").list_wireless_devices()["WirelessDeviceList"]
    assert lorawan["DevEui"] not in [each["LoRaWAN"]["DevEui"] for each in devices]


@pytest.mark.parametrize("kind", sorted(ATTRIBUTES))
def test_every_documented_attribute_resolves(deploy: Deploy, cloud: LocalCloud, kind: str) -> None:
    names = {f"A{number}": name for number, name in enumerate(ATTRIBUTES[kind])}
    made = deploy(
        {"R": {"Type": f"AWS::IoTWireless::{kind}", "Properties": PROPERTIES[kind]}},
        **{key: get_att("R", name) for key, name in names.items()},
    )
    assert made["StackStatus"] == "CREATE_COMPLETE"
    for key, name in names.items():
        expected = ATTRIBUTES[kind][name]
        assert made["Values"][key] == expected if expected is not None else made["Values"][key], name


def test_the_documented_attributes_are_those_of_the_cdk() -> None:
    import aws_cdk as cdk
    from aws_cdk import aws_iotwireless as iotwireless

    stack = cdk.Stack(cdk.App(), "Stack")
    for kind, attributes in ATTRIBUTES.items():
        resource = getattr(iotwireless, f"Cfn{kind}")(stack, kind, **_required(kind))
        resolved = [stack.resolve(getattr(resource, name)) for name in dir(resource) if name.startswith("attr_")]
        assert {each["Fn::GetAtt"][1] for each in resolved} == set(attributes), kind


def _required(kind: str) -> dict[str, Any]:
    names = {
        "FuotaTask": ("firmware_update_image", "firmware_update_role", "lo_ra_wan"),
        "MulticastGroup": ("lo_ra_wan",),
        "WirelessDevice": ("destination_name", "type"),
        "Destination": ("name", "expression", "expression_type"),
    }
    radio = {"rfRegion": "EU868", "dlClass": "ClassC"}
    return {name: radio if name == "lo_ra_wan" else "x" for name in names.get(kind, ())}


def test_fails_for_an_attribute_that_no_schema_has(deploy: Deploy, cloud: LocalCloud) -> None:
    stack = deploy({"G": group()}, Region=get_att("G", "LoRaWAN.RfRegion"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_service_profile_has_what_was_given_over_the_networks_values(deploy: Deploy, cloud: LocalCloud) -> None:
    given = {"AddGwMetadata": "true", "PrAllowed": True}
    made = deploy(
        {"S": {"Type": "AWS::IoTWireless::ServiceProfile", "Properties": {"LoRaWAN": given}}},
        S={"Ref": "S"},
        Max=get_att("S", "LoRaWAN.DrMax"),
    )
    assert made["Values"]["Max"] == "15"
    profile = cloud.client("iotwireless").get_service_profile(Id=made["Values"]["S"])["LoRaWAN"]
    assert (profile["AddGwMetadata"], profile["PrAllowed"], profile["RaAllowed"], profile["UlRate"]) == (
        *(True, True, False),
        60,
    )


def test_a_device_with_profiles_and_destination_deploys_and_a_new_profile_replaces_the_old(
    deploy: Deploy, cloud: LocalCloud
) -> None:
    def resources(name: str) -> dict[str, Any]:
        def typed(kind: str, **properties: Any) -> dict[str, Any]:
            return {"Type": f"AWS::IoTWireless::{kind}", "Properties": properties}

        keys = {"AppKey": "0" * 32, "AppEui": "0" * 16}
        radio = {"DevEui": "a1b2c3d4e5f60709", "DeviceProfileId": {"Ref": "P"}, "ServiceProfileId": {"Ref": "S"}}
        role = "arn:aws:iam::000000000000:role/r"
        return {
            "P": typed("DeviceProfile", Name=name, LoRaWAN={"RfRegion": "EU868", "SupportsClassC": "true"}),
            "S": typed("ServiceProfile", Name="s", LoRaWAN={"AddGwMetadata": True}),
            "D": typed("Destination", Name="to", Expression="r", ExpressionType="RuleName", RoleArn=role),
            "W": typed(
                "WirelessDevice",
                Type="LoRaWAN",
                DestinationName={"Ref": "D"},
                LoRaWAN={**radio, "OtaaV10x": keys},
            ),
        }

    outputs = {"P": {"Ref": "P"}, "W": {"Ref": "W"}, "D": {"Ref": "D"}, "Arn": get_att("W", "Arn")}
    before = deploy(resources("one"), **outputs)
    assert before["StackStatus"] == "CREATE_COMPLETE"
    assert before["Values"]["D"] == "to"
    after = deploy(resources("two"), **outputs)
    assert after["StackStatus"] == "UPDATE_COMPLETE"
    assert after["Values"]["P"] != before["Values"]["P"]
    assert after["Values"]["W"] == before["Values"]["W"]
    profiles = cloud.client("iotwireless").list_device_profiles()["DeviceProfileList"]
    assert before["Values"]["P"] not in [profile["Id"] for profile in profiles]
