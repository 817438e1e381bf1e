"""The permissions of requests, against the operations table of the Service Authorization Reference."""

import json

import pytest

from fuota_constructs.local.iam_resources import Permission, permissions, resource_tag_keys
from fuota_constructs.local.iotwireless import IotWirelessService
from fuota_constructs.local.iotwireless.store import FuotaTask

ARN = "arn:aws:iotwireless:eu-west-1:000000000000"


def needed(method: str, path: str, body: object = None, **query: list[str]) -> list[Permission]:
    content = json.dumps(body or {}).encode()
    return permissions(method=method, path=path, query=query, body=content, region="eu-west-1", account="000000000000")


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/fuota-tasks", None, [("ListFuotaTasks", "*")]),
        ("GET", "/wireless-devices", None, [("ListWirelessDevices", "*")]),
        ("POST", "/fuota-tasks", {"Name": "x"}, [("CreateFuotaTask", "*")]),
        (
            "POST",
            "/fuota-tasks",
            {"Tags": [{"Key": "a", "Value": "b"}]},
            [("CreateFuotaTask", "*"), ("TagResource", f"{ARN}:FuotaTask/*")],
        ),
        ("GET", "/fuota-tasks/t1", None, [("GetFuotaTask", f"{ARN}:FuotaTask/t1")]),
        ("PATCH", "/fuota-tasks/t1", None, [("UpdateFuotaTask", f"{ARN}:FuotaTask/t1")]),
        ("DELETE", "/fuota-tasks/t1", None, [("DeleteFuotaTask", f"{ARN}:FuotaTask/t1")]),
        (
            "PUT",
            "/fuota-tasks/t1/multicast-group",
            {"MulticastGroupId": "g1"},
            [
                ("AssociateMulticastGroupWithFuotaTask", f"{ARN}:FuotaTask/t1"),
                ("AssociateMulticastGroupWithFuotaTask", f"{ARN}:MulticastGroup/g1"),
            ],
        ),
        (
            "DELETE",
            "/fuota-tasks/t1/wireless-devices/d1",
            None,
            [
                ("DisassociateWirelessDeviceFromFuotaTask", f"{ARN}:FuotaTask/t1"),
                ("DisassociateWirelessDeviceFromFuotaTask", f"{ARN}:WirelessDevice/d1"),
            ],
        ),
        ("GET", "/multicast-groups/g1", None, [("GetMulticastGroup", f"{ARN}:MulticastGroup/g1")]),
        ("GET", "/wireless-devices/d%201", None, [("GetWirelessDevice", f"{ARN}:WirelessDevice/d 1")]),
        ("GET", "/destinations/d", None, [("GetDestination", f"{ARN}:Destination/d")]),
        ("GET", "/no-such-thing", None, []),
    ],
)
def test_a_request_needs(method: str, path: str, body: object, expected: list[tuple[str, str]]) -> None:
    assert needed(method, path, body) == [Permission(f"iotwireless:{name}", arn) for name, arn in expected]


@pytest.mark.parametrize(
    ("method", "action"), [("POST", "TagResource"), ("DELETE", "UntagResource"), ("GET", "ListTagsForResource")]
)
def test_a_tag_request_needs_its_action_on_the_resource_it_names(method: str, action: str) -> None:
    arn = f"{ARN}:FuotaTask/t1"
    assert needed(method, "/tags", resourceArn=[arn]) == [Permission(f"iotwireless:{action}", arn)]


def test_a_body_that_is_no_json_object_names_nothing() -> None:
    assert permissions(method="POST", path="/fuota-tasks", query={}, body=b"[", region="r", account="a") == [
        Permission("iotwireless:CreateFuotaTask", "*")
    ]


def test_the_tags_of_a_resource_are_condition_keys() -> None:
    assert resource_tag_keys({"Team": "a", "fuota-constructs:stack-id": "arn:b"}) == {
        "aws:resourcetag/team": "a",
        "aws:resourcetag/fuota-constructs:stack-id": "arn:b",
    }
    assert resource_tag_keys({}) == {}


def test_the_service_knows_the_tags_of_its_resources_in_every_account_and_region() -> None:
    service = IotWirelessService(clock=lambda: 0.0)
    service.store.of("000000000000", "eu-west-1")
    request = {"Tags": [{"Key": "team", "Value": "a"}]}
    task = service.store.of("123456789012", "us-east-1").add(FuotaTask, 0.0, request)
    assert service.tags_of(task.arn) == {"team": "a"}
    assert service.tags_of("arn:aws:iotwireless:eu-west-1:000000000000:FuotaTask/*") == {}
