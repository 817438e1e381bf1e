"""An operator of a task whose image lies in the S3 of a real local cloud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from fuota_constructs.local.cloud import LocalCloud

TRUST = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
IMAGE = bytes(range(256)) * 8
Json = dict[str, Any]


class Operator:
    """Runs a task with one group and a fleet in a real local cloud."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.iam, self.s3, self.kms = (cloud.client(name) for name in ("iam", "s3", "kms"))
        self.wireless = cloud.client("iotwireless")
        self._roles = 0
        self.s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        self.s3.put_object(Bucket="images", Key="v2.bin", Body=IMAGE)

    def admin(self, route: str, document: Json | None = None) -> Json:
        """Call an admin route of the fleet."""
        answer: Json = self.cloud.admin(route, method="POST" if document else "GET", content=document)
        return answer

    def role(self, *statements: Json, trust: Json = TRUST) -> str:
        """Make a role; by default it may read every image."""
        self._roles += 1
        name = f"role-{self._roles}"
        arn: str = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]
        allowed = statements or (allow("s3:GetObject", "arn:aws:s3:::images/*"),)
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(allowed)})
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return arn

    def run(self, role: str, uri: str = "s3://images/v2.bin") -> tuple[str, dict[str, int], str | None]:
        """Run a session; answers the task's status, devices by status, and what kept the image away."""
        group = self.wireless.create_multicast_group(LoRaWAN={"RfRegion": "US915", "DlClass": "ClassC"})["Id"]
        task = self.wireless.create_fuota_task(
            FirmwareUpdateImage=uri, FirmwareUpdateRole=role, FragmentSizeBytes=48, FragmentIntervalMS=1000
        )["Id"]
        self.wireless.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)
        self.admin("fleet", {"devices": 3, "groups": [group]})
        self.wireless.start_fuota_task(Id=task)
        self.admin("clock", {"advance_seconds": 1800 + 100})
        devices = self.wireless.list_wireless_devices(FuotaTaskId=task)["WirelessDeviceList"]
        statuses = [device["FuotaDeviceStatus"] for device in devices]
        (session,) = [item for item in self.admin("sessions")["sessions"] if item["task_id"] == task]
        status = self.wireless.get_fuota_task(Id=task)["Status"]
        return status, {name: statuses.count(name) for name in statuses}, session["problem"]


def allow(action: str, resource: str, effect: str = "Allow") -> Json:
    """A statement of a policy."""
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.fixture(scope="session")
def operator(start_cloud: Callable[..., AbstractContextManager[LocalCloud]]) -> Iterator[Operator]:
    """One local cloud for all tests of images; its clock only goes forward."""
    with start_cloud() as running:
        yield Operator(running)
