"""What the tests of `Custom::MulticastGroupSettings` share: events, and the group they are about."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import stored_object
from lambda_rig import event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambda_rig import Answer, Cloud, Rig

PREFIX = "fuota-constructs:settings-of:"
TYPE = {"ResourceType": "Custom::MulticastGroupSettings", "LogicalResourceId": "SensorsSettings"}
MARKS = {"ListTagsForResource", "TagResource", "UntagResource"}
GATEWAYS = {"GatewayList": ["gateway-2", "gateway-1"], "TransmissionInterval": "500"}
SESSION = {"DlDr": "3", "DlFreq": "869525000"}


def send(rig: Rig, kind: str, physical_id: str | None, properties: Mapping[str, Any], **changes: Any) -> Answer:
    """Send an event, a request of its own unless its RequestId is given."""
    request = {"RequestType": kind, "RequestId": str(uuid.uuid4()), **TYPE, "ResourceProperties": dict(properties)}
    identity = {} if physical_id is None else {"PhysicalResourceId": physical_id}
    return rig.send(event("create_fuota_task"), **{**request, **identity, **changes})


def create(rig: Rig, properties: Mapping[str, Any], **changes: Any) -> Answer:
    return send(rig, "Create", None, properties, **changes)


def update(rig: Rig, group: str, old: Mapping[str, Any], new: Mapping[str, Any], **changes: Any) -> Answer:
    return send(rig, "Update", f"{PREFIX}{group}", new, OldResourceProperties=dict(old), **changes)


def delete(rig: Rig, group: str, properties: Mapping[str, Any], **changes: Any) -> Answer:
    return send(rig, "Delete", f"{PREFIX}{group}", properties, **changes)


def given(group: str, devices: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """Properties as CloudFormation delivers them."""
    named = {"WirelessDeviceIds": list(devices)} if devices else {}
    return {"ServiceToken": "arn", "ServiceTimeout": "330", "MulticastGroupId": group, **named, **more}


def members(cloud: Cloud, group: str) -> list[str]:
    answer = cloud.client.list_wireless_devices(MulticastGroupId=group, MaxResults=250)
    return [device["Id"] for device in answer["WirelessDeviceList"]]


def lorawan(cloud: Cloud, group: str) -> dict[str, Any]:
    return dict(cloud.client.get_multicast_group(Id=group)["LoRaWAN"])


def tags(cloud: Cloud, group: str) -> dict[str, str]:
    arn = cloud.client.get_multicast_group(Id=group)["Arn"]
    return {tag["Key"]: tag["Value"] for tag in cloud.client.list_tags_for_resource(ResourceArn=arn)["Tags"]}


def changes(cloud: Cloud) -> list[str]:
    """What changed something, the marks aside."""
    return [operation for operation in cloud.requests(mutating=True) if operation not in MARKS]


def into_session(cloud: Cloud, group: str) -> None:
    cloud.client.start_multicast_group_session(Id=group, LoRaWAN={"SessionTimeout": 3600})
    cloud.clock.time += 31 * 60
    assert cloud.client.get_multicast_group(Id=group)["Status"] == "In_session"


class Lists:
    """Lists of devices among the assets."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str], bytes] = {}

    def publish(self, devices: Sequence[str]) -> dict[str, str]:
        """Publish a list; gives the property that names it."""
        content = "".join(f"{device}\n" for device in devices).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents["assets", f"{sha256}.txt"] = content
        return {"Bucket": "assets", "Key": f"{sha256}.txt", "Sha256": sha256}

    def read(self, bucket: str, key: str, most: int, _: object) -> bytes:
        if (bucket, key) not in self.contents:
            raise OSError(f"no {key}")
        return self.contents[bucket, key][:most]


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    lists = Lists()
    # S3 itself, with its permissions, is in the tests of firmware objects, which read by the same module.
    monkeypatch.setattr(stored_object, "read", lists.read)
    return lists
