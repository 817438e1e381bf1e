"""Messages of one device, its thing, its statistics, and the endpoint of gateways."""

import re

import pytest
from botocore.exceptions import ClientError

THING = "arn:aws:iot:eu-west-1:123456789012:thing/Lamp-1"


@pytest.fixture
def device(client):
    made = client.create_wireless_device(Type="LoRaWAN", DestinationName="d", LoRaWAN={"DevEui": "a" * 16})
    return made["Id"]


def _send(client, device, port=1, mode=0):
    metadata = {"LoRaWAN": {"FPort": port}}
    answer = client.send_data_to_wireless_device(
        Id=device, TransmitMode=mode, PayloadData="SGVsbG8=", WirelessMetadata=metadata
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    return answer["MessageId"]


def test_messages_wait_in_the_order_they_were_sent(client, device, cloud):
    first = _send(client, device, 1)
    cloud.admin("POST", "clock", advance_seconds=60)
    second = _send(client, device, 2, mode=1)
    listed = client.list_queued_messages(Id=device)["DownlinkQueueMessagesList"]
    assert [(item["MessageId"], item["TransmitMode"], item["LoRaWAN"]) for item in listed] == [
        (first, 0, {"FPort": 1}),
        (second, 1, {"FPort": 2}),
    ]
    assert [item["ReceivedAt"] for item in listed] == ["2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"]


def test_messages_come_in_pages(client, device):
    sent = [_send(client, device, port) for port in range(1, 6)]
    first = client.list_queued_messages(Id=device, MaxResults=2)
    client.delete_queued_messages(Id=device, MessageId=sent[0])
    rest = client.list_queued_messages(Id=device, MaxResults=10, NextToken=first["NextToken"])
    found = [item["MessageId"] for page in (first, rest) for item in page["DownlinkQueueMessagesList"]]
    assert found == sent


def test_one_message_is_deleted_or_all(client, device):
    first, second = _send(client, device), _send(client, device)
    client.delete_queued_messages(Id=device, MessageId=first)
    assert [item["MessageId"] for item in client.list_queued_messages(Id=device)["DownlinkQueueMessagesList"]] == [
        second
    ]
    client.delete_queued_messages(Id=device, MessageId="*", WirelessDeviceType="LoRaWAN")
    client.delete_queued_messages(Id=device, MessageId="*")
    assert client.list_queued_messages(Id=device)["DownlinkQueueMessagesList"] == []
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_queued_messages(Id=device, MessageId=first)


def test_a_page_token_stays_good_when_the_queue_was_emptied(client, device):
    _send(client, device)
    _send(client, device)
    token = client.list_queued_messages(Id=device, MaxResults=1)["NextToken"]
    client.delete_queued_messages(Id=device, MessageId="*")
    later = _send(client, device)
    rest = client.list_queued_messages(Id=device, NextToken=token)["DownlinkQueueMessagesList"]
    assert [item["MessageId"] for item in rest] == [later]


def test_messages_go_with_their_device(client, device):
    _send(client, device)
    client.delete_wireless_device(Id=device)
    for call in (client.list_queued_messages, client.get_wireless_device_statistics):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call(**{"WirelessDeviceId" if call == client.get_wireless_device_statistics else "Id": device})


def test_fails_for_a_device_of_another_type(client, device):
    for call in (client.list_queued_messages, lambda **given: client.delete_queued_messages(MessageId="*", **given)):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call(Id=device, WirelessDeviceType="Sidewalk")


@pytest.mark.parametrize(
    "wrong", [{"TransmitMode": 2}, {"PayloadData": "a"}, {"PayloadData": "A" * 2052}, {"PayloadData": "ÄÄÄÄ"}]
)
def test_fails_for_a_message_that_breaks_the_model(client, device, wrong):
    with pytest.raises(client.exceptions.ValidationException):
        client.send_data_to_wireless_device(**{"Id": device, "TransmitMode": 0, "PayloadData": "AAAA", **wrong})


def test_a_device_has_one_thing(client, device):
    def thing():
        found = client.get_wireless_device(Identifier=device, IdentifierType="WirelessDeviceId")
        return found.get("ThingName"), found.get("ThingArn")

    assert thing() == (None, None)
    for _ in range(2):  # again is no conflict
        client.associate_wireless_device_with_thing(Id=device, ThingArn=THING)
    assert thing() == ("Lamp-1", THING)
    assert client.get_wireless_device(Identifier="Lamp-1", IdentifierType="ThingName")["Id"] == device
    client.update_wireless_device(Id=device, Name="n")
    assert thing() == ("Lamp-1", THING)
    with pytest.raises(client.exceptions.ConflictException):
        client.associate_wireless_device_with_thing(Id=device, ThingArn=f"{THING}2")
    client.disassociate_wireless_device_from_thing(Id=device)
    assert thing() == (None, None)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_wireless_device(Identifier="Lamp-1", IdentifierType="ThingName")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.disassociate_wireless_device_from_thing(Id=device)


@pytest.mark.parametrize(
    "arn", ["Lamp-1", THING.replace("iot", "s3"), THING.replace("thing/", "cert/"), f"{THING}/x", "x" * 5000, ""]
)
def test_fails_for_an_arn_that_is_no_things(client, device, arn):
    with pytest.raises(ClientError) as error:
        client.associate_wireless_device_with_thing(Id=device, ThingArn=arn)
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_a_device_that_was_never_heard_has_no_statistics(client, device):
    answer = client.get_wireless_device_statistics(WirelessDeviceId=device)
    assert {name: value for name, value in answer.items() if name != "ResponseMetadata"} == {"WirelessDeviceId": device}


def test_endpoints_lead_nowhere(client):
    assert client.get_service_endpoint()["ServiceType"] == "CUPS"
    for service in ("CUPS", "LNS"):
        answer = client.get_service_endpoint(ServiceType=service)
        assert answer["ServiceType"] == service
        assert re.fullmatch(
            r"(https|wss)://local\.(cups|lns)\.lorawan\.eu-west-1\.invalid:443", answer["ServiceEndpoint"]
        )
        assert "ServerTrust" not in answer
    with pytest.raises(client.exceptions.ValidationException):
        client.get_service_endpoint(ServiceType="TTN")
