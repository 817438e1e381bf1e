"""The whole service against botocore's model: routes, answers, and what is not implemented.

Every answer in all of these tests is held against its shape by the client of conftest.py.
"""

import asyncio
import json
import re
import urllib.error
import urllib.request

import botocore.session
import pytest
from botocore import xform_name

from fuota_constructs.local.iotwireless import IotWirelessService
from fuota_constructs.local.iotwireless.model import service_model
from fuota_constructs.local.iotwireless.operations import OPERATIONS

MODEL = botocore.session.get_session().get_service_model("iotwireless")
IMPLEMENTED = sorted(OPERATIONS)
OTHERS = sorted(set(MODEL.operation_names) - set(IMPLEMENTED))


def test_what_is_implemented():
    kinds = ("FuotaTask", "MulticastGroup", "DeviceProfile", "ServiceProfile", "Destination", "WirelessDevice")
    lives = {f"{verb}{kind}" for verb in ("Create", "Get", "Update", "Delete") for kind in kinds}
    lives |= {f"List{kind}s" for kind in kinds}
    others = {
        "StartFuotaTask",
        "ListMulticastGroupsByFuotaTask",
        "AssociateMulticastGroupWithFuotaTask",
        "AssociateWirelessDeviceWithFuotaTask",
        "AssociateWirelessDeviceWithMulticastGroup",
        "DisassociateMulticastGroupFromFuotaTask",
        "DisassociateWirelessDeviceFromFuotaTask",
        "DisassociateWirelessDeviceFromMulticastGroup",
        "StartMulticastGroupSession",
        "GetMulticastGroupSession",
        "CancelMulticastGroupSession",
        "StartBulkAssociateWirelessDeviceWithMulticastGroup",
        "StartBulkDisassociateWirelessDeviceFromMulticastGroup",
        "SendDataToMulticastGroup",
        "SendDataToWirelessDevice",
        "ListQueuedMessages",
        "DeleteQueuedMessages",
        "AssociateWirelessDeviceWithThing",
        "DisassociateWirelessDeviceFromThing",
        "GetWirelessDeviceStatistics",
        "GetServiceEndpoint",
        "TagResource",
        "UntagResource",
        "ListTagsForResource",
    }
    # The model has no update of profiles.
    assert set(IMPLEMENTED) == (lives | others) - {"UpdateDeviceProfile", "UpdateServiceProfile"}


def parameters_of(shape):
    """The least that botocore needs to write a request: values for path and payload."""
    values = {"string": "a", "blob": b"{}", "structure": {}}
    return {
        name: values[member.type_name]
        for name, member in shape.members.items()
        if member.serialization.get("location") == "uri" or name == shape.serialization.get("payload")
    }


@pytest.mark.parametrize("operation", OTHERS)
def test_every_other_operation_is_not_implemented(cloud, client, refusal, operation):
    shape = MODEL.operation_model(operation).input_shape
    error = refusal(getattr(client, xform_name(operation)), **(parameters_of(shape) if shape else {}))
    assert error["code"] == "NotImplementedByLocalCloud"
    assert error["message"] == f"{operation} is not implemented by the local cloud"
    assert error["status"] == 501


@pytest.mark.parametrize("mode", ["standard", "legacy"])
def test_boto3_does_not_retry_what_is_not_implemented(cloud, refusal, mode):
    client = cloud.client(retries={"total_max_attempts": 3, "mode": mode})
    refusal(client.get_metric_configuration)
    assert len(cloud.admin("GET", "requests")["requests"]) == 1


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_every_operation_has_its_route(operation):
    http = MODEL.operation_model(operation).http
    path = re.sub(r"\{\w+\}", "some-id", http["requestUri"])
    found, values = service_model().route(http["method"], path)
    assert found.name == operation
    assert set(values.values()) <= {"some-id"}


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("GET", "/", "no operation of AWS IoT Wireless has this path"),
        ("GET", "/fuota-task", "no operation of AWS IoT Wireless has this path"),
        ("GET", "/fuota-tasks/a/b/c/d", "no operation of AWS IoT Wireless has this path"),
        ("PUT", "/fuota-tasks", "this path has GET, POST"),
        ("POST", "/fuota-tasks/a", "this path has DELETE, GET, PATCH, PUT"),
    ],
)
def test_fails_on_a_path_that_is_no_operation(cloud, method, path, hint):
    status, answer = cloud.http(method, path)
    assert status == 404
    assert json.loads(answer)["Message"] == f"unknown operation {method} {path}: {hint}"


def test_errors_carry_their_code_in_the_header_and_are_modelled(client, refusal):
    error = refusal(client.get_fuota_task, Id="nothing")
    assert error["code"] in {shape.name for shape in MODEL.operation_model("GetFuotaTask").error_shapes}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_fuota_task(Id="nothing")


def test_every_implemented_operation_answers_as_modelled(cloud, client):
    group = client.create_multicast_group(Name="g", LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassB"})["Id"]
    task = client.create_fuota_task(Name="t", FirmwareUpdateImage="i", FirmwareUpdateRole="r", FragmentSizeBytes=1)[
        "Id"
    ]
    profile, service_profile = client.create_device_profile()["Id"], client.create_service_profile()["Id"]
    lorawan = {"DevEui": "0" * 16, "DeviceProfileId": profile, "ServiceProfileId": service_profile}
    client.create_destination(Name="d", ExpressionType="RuleName", Expression="e", RoleArn="r" * 20, Description="x")
    device = client.create_wireless_device(Type="LoRaWAN", Name="d", DestinationName="d", LoRaWAN=lorawan)
    client.update_destination(Name="d", Expression="f")
    client.update_wireless_device(Id=device["Id"], Name="e")
    client.update_multicast_group(Id=group, Name="h")
    client.update_fuota_task(Id=task, Name="u")
    pair = {"Id": group, "WirelessDeviceId": device["Id"]}
    client.associate_wireless_device_with_multicast_group(**pair)
    client.disassociate_wireless_device_from_multicast_group(**pair)
    client.start_bulk_associate_wireless_device_with_multicast_group(Id=group, QueryString="Name: e")
    client.send_data_to_multicast_group(Id=group, PayloadData="AAAA", WirelessMetadata={})
    client.start_multicast_group_session(Id=group, LoRaWAN={"DlDr": 1, "DlFreq": 868100000, "PingSlotPeriod": 32})
    client.get_multicast_group_session(Id=group)
    client.cancel_multicast_group_session(Id=group)
    pair = {"Id": task, "MulticastGroupId": group}
    client.associate_multicast_group_with_fuota_task(**pair)
    client.disassociate_multicast_group_from_fuota_task(**pair)
    client.associate_multicast_group_with_fuota_task(**pair)
    other = client.create_fuota_task(FirmwareUpdateImage="i", FirmwareUpdateRole="r")["Id"]
    client.associate_wireless_device_with_fuota_task(Id=other, WirelessDeviceId=device["Id"])
    client.disassociate_wireless_device_from_fuota_task(Id=other, WirelessDeviceId=device["Id"])
    client.start_fuota_task(Id=task)
    client.tag_resource(ResourceArn=device["Arn"], Tags=[{"Key": "k", "Value": ""}])
    client.list_tags_for_resource(ResourceArn=device["Arn"])
    client.untag_resource(ResourceArn=device["Arn"], TagKeys=["k"])
    for call in (client.list_fuota_tasks, client.list_multicast_groups, client.list_device_profiles):
        call(MaxResults=1)
    client.list_service_profiles()
    client.list_destinations()
    client.list_wireless_devices(FuotaTaskId=task, MulticastGroupId=group)
    client.list_multicast_groups_by_fuota_task(Id=task)
    client.get_fuota_task(Id=task)
    client.get_multicast_group(Id=group)
    client.get_wireless_device(Identifier=device["Id"], IdentifierType="WirelessDeviceId")
    client.get_device_profile(Id=profile)
    client.get_service_profile(Id=service_profile)
    client.get_destination(Name="d")
    client.start_bulk_disassociate_wireless_device_from_multicast_group(Id=group, QueryString="Name: e")
    _use_device(client, device["Id"])
    client.delete_wireless_device(Id=device["Id"])
    client.delete_device_profile(Id=profile)
    client.delete_service_profile(Id=service_profile)
    client.delete_destination(Name="d")
    client.delete_fuota_task(Id=task)
    cloud.admin("POST", "clock", advance_seconds=5)
    client.delete_multicast_group(Id=group)
    assert cloud.answered == set(IMPLEMENTED)


def _use_device(client, device):
    client.send_data_to_wireless_device(
        Id=device, TransmitMode=1, PayloadData="AAAA", WirelessMetadata={"LoRaWAN": {"FPort": 1}}
    )
    client.list_queued_messages(Id=device)
    client.delete_queued_messages(Id=device, MessageId="*")
    client.associate_wireless_device_with_thing(Id=device, ThingArn="arn:aws:iot:eu-west-1:123456789012:thing/T")
    client.get_wireless_device(Identifier=device, IdentifierType="WirelessDeviceId")
    client.disassociate_wireless_device_from_thing(Id=device)
    client.get_wireless_device_statistics(WirelessDeviceId=device)
    client.get_service_endpoint(ServiceType="LNS")


def test_the_handler_has_the_signature_of_a_ministack_service():
    status, headers, body = asyncio.run(
        IotWirelessService().handle("GET", "/fuota-tasks", {"host": "localhost"}, b"", {"maxResults": ["5"]})
    )
    assert (status, headers["Content-Type"], json.loads(body)) == (200, "application/json", {"FuotaTaskList": []})
    assert headers["x-amzn-requestid"]


def test_the_port_serves_this_machine_only(cloud):
    assert cloud.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "header", [("Origin", "http://evil.example"), ("Host", "evil.example"), ("Sec-Fetch-Site", "cross-site")]
)
def test_fails_for_a_web_page(cloud, header):
    asked = urllib.request.Request(f"{cloud.url}/_fuota/reset", b"{}", dict([header]))
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(asked)
    with error.value as answer:
        assert answer.code == 403
        assert b"no web pages" in answer.read()
