"""An id, a name or an EUI is one segment of a path, whatever characters it has."""

import re

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from fuota_constructs.local.iotwireless.model import service_model
from fuota_constructs.local.iotwireless.operations import OPERATIONS

STRANGE = ["a/b", "a/session", "%2F", "a%2Fb", "..", "../x", "a?b=c", "a#b", "a;b", "ä/日本", "a b", "a+b", "//"]
# Operations whose only value in the path is what must exist; the body is what they also want.
BODIES = {
    "AssociateMulticastGroupWithFuotaTask": {"MulticastGroupId": "x"},
    "AssociateWirelessDeviceWithFuotaTask": {"WirelessDeviceId": "x"},
    "AssociateWirelessDeviceWithMulticastGroup": {"WirelessDeviceId": "x"},
    "StartMulticastGroupSession": {"LoRaWAN": {"DlDr": 3, "DlFreq": 869525000, "SessionTimeout": 60}},
    "AssociateWirelessDeviceWithThing": {"ThingArn": "arn:aws:iot:eu-west-1:123456789012:thing/x"},
    "SendDataToWirelessDevice": {"TransmitMode": 0, "PayloadData": "AA=="},
    "DeleteQueuedMessages": {"MessageId": "x"},
    "SendDataToMulticastGroup": {"PayloadData": "AA==", "WirelessMetadata": {"LoRaWAN": {"FPort": 1}}},
}
IN_PATH = {
    name: re.findall(r"\{(\w+)\}", operation.path)
    for name, operation in service_model().operations.items()
    if name in OPERATIONS and "{" in operation.path
}
BY_ID = [name for name, labels in IN_PATH.items() if labels[0] in ("Id", "Identifier")]


def _call(client, name, value):
    labels = dict.fromkeys(IN_PATH[name], value)
    if name == "GetWirelessDeviceStatistics":
        labels = {"WirelessDeviceId": value}
    if name == "GetWirelessDevice":
        labels["IdentifierType"] = "WirelessDeviceId"
    return getattr(client, xform_name(name))(**labels, **BODIES.get(name, {}))


def test_there_is_something_to_try():
    assert len(BY_ID) > 20


@pytest.mark.parametrize("name", BY_ID)
def test_fails_as_not_found_and_never_as_another_operation(cloud, client, name):
    for value in STRANGE:
        with pytest.raises(ClientError) as error:
            _call(client, name, value)
        assert error.value.response["Error"]["Code"] == "ResourceNotFoundException", value
        asked = cloud.admin("GET", "requests")["requests"][-1]
        assert (asked["operation"], asked["status"]) == (name, 404), value


@pytest.mark.parametrize("name", ["GetDestination", "DeleteDestination"])
def test_fails_as_invalid_for_a_name_that_no_destination_can_have(client, name):
    for value in ("a/b", "..", "a b"):
        with pytest.raises(ClientError) as error:
            _call(client, name, value)
        assert error.value.response["Error"]["Code"] == "ValidationException", value


def test_an_id_with_a_slash_leaves_session_and_target_alone(client):
    group = client.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    task = client.create_fuota_task(
        FirmwareUpdateImage="s3://b/k",
        FirmwareUpdateRole="arn:aws:iam::123456789012:role/R",
        LoRaWAN={"RfRegion": "EU868"},
    )["Id"]
    client.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)
    client.start_multicast_group_session(Id=group, LoRaWAN={"DlDr": 3, "DlFreq": 869525000, "SessionTimeout": 60})
    for call, value in (
        (client.delete_multicast_group, f"{group}/session"),
        (client.delete_fuota_task, f"{task}/multicast-groups/{group}"),
        (client.get_multicast_group, f"{group}/session"),
        (client.get_fuota_task, f"{task}/multicast-groups"),
        (client.update_fuota_task, f"{task}/"),
    ):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call(Id=value)
    assert client.get_multicast_group_session(Id=group)["LoRaWAN"]["SessionTimeout"] == 60
    targets = client.list_multicast_groups_by_fuota_task(Id=task)["MulticastGroupList"]
    assert [target["Id"] for target in targets] == [group]


def test_a_trailing_slash_or_more_segments_are_no_operation(cloud):
    for path in ("/fuota-tasks/a/b", "/fuota-tasks/a/", "/fuota-tasks/a%2Fb/c"):
        status, answer = cloud.http("GET", path, account="123456789012")
        assert (status, b"unknown operation" in answer) == (404, True), path
