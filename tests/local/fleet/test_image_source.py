"""The image of a session is read out of the local cloud's S3 as the FirmwareUpdateRole may, and not otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local import cloud as clouds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        group = self.wireless.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
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


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """One local cloud for this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        running = clouds.start(clouds.free_port())
        try:
            yield Operator(running)
        finally:
            clouds.stop(running)


def test_the_devices_receive_the_object_in_the_bucket(operator: Operator) -> None:
    assert operator.run(operator.role()) == ("FuotaDone", {"Successful": 3}, None)


WRONG: list[tuple[Callable[[Operator], tuple[str, str]], str]] = [
    (lambda _: ("arn:aws:iam::000000000000:role/nobody", "s3://images/v2.bin"), "role/nobody does not exist"),
    (lambda _: ("nobody", "s3://images/v2.bin"), "FirmwareUpdateRole is 'nobody'; it must be the ARN of an IAM role"),
    (lambda _: ("arn:aws:iam::999999999999:role/x", "s3://images/v2.bin"), "is in another account than the task"),
    (lambda op: (op.role(), "s3://images/v3.bin"), "there is no object s3://images/v3.bin"),
    (
        lambda op: (op.role(), "s3://nowhere-at-all/v2.bin"),
        "bucket nowhere-at-all of s3://nowhere-at-all/v2.bin does not",
    ),
    (lambda op: (op.role(), "images/v2.bin"), "FirmwareUpdateImage is 'images/v2.bin'; it must be s3://bucket/key"),
    (
        lambda op: (op.role(allow("s3:GetObject", "arn:aws:s3:::images/v1.bin")), "s3://images/v2.bin"),
        "is not authorized to perform s3:GetObject on arn:aws:s3:::images/v2.bin",
    ),
    (
        lambda op: (op.role(allow("s3:*", "*"), allow("s3:GetObject", "*", "Deny")), "s3://images/v2.bin"),
        "is not authorized to perform s3:GetObject",
    ),
    (
        lambda op: (op.role(trust={**TRUST, "Principal": {"Service": "iot.amazonaws.com"}}), "s3://images/v2.bin"),
        "does not let iotwireless.amazonaws.com assume it",
    ),
    (
        lambda op: (
            op.role(trust={**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "0" * 12}}}),
            "s3://images/v2.bin",
        ),
        "does not let iotwireless.amazonaws.com assume it",
    ),
]


@pytest.mark.parametrize(("wrong", "problem"), WRONG)
def test_a_wrong_role_key_or_bucket_ends_done_and_with_nobody_updated(
    operator: Operator, wrong: Callable[[Operator], tuple[str, str]], problem: str
) -> None:
    status, devices, found = operator.run(*wrong(operator))
    assert (status, devices) == ("FuotaDone", {"Initial": 3})
    assert found is not None
    assert problem in found


def test_a_bucket_policy_can_forbid_it(operator: Operator) -> None:
    operator.s3.create_bucket(Bucket="closed", CreateBucketConfiguration={"LocationConstraint": operator.cloud.region})
    operator.s3.put_object(Bucket="closed", Key="v2.bin", Body=IMAGE)
    forbidden = {**allow("s3:GetObject", "arn:aws:s3:::closed/*", "Deny"), "Principal": "*"}
    operator.s3.put_bucket_policy(
        Bucket="closed", Policy=json.dumps({"Version": "2012-10-17", "Statement": [forbidden]})
    )
    status, devices, problem = operator.run(operator.role(allow("s3:*", "*")), "s3://closed/v2.bin")
    assert (status, devices) == ("FuotaDone", {"Initial": 3})
    assert "s3:GetObject" in str(problem)


def test_an_encrypted_object_needs_the_key_too(operator: Operator) -> None:
    key = operator.kms.create_key()["KeyMetadata"]["Arn"]
    operator.s3.put_object(
        Bucket="images", Key="locked.bin", Body=IMAGE, ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    uri = "s3://images/locked.bin"
    read = allow("s3:GetObject", "arn:aws:s3:::images/*")
    assert "kms:Decrypt" in str(operator.run(operator.role(), uri)[2])
    assert operator.run(operator.role(read, allow("kms:Decrypt", key)), uri)[1] == {"Successful": 3}


def test_a_bucket_of_another_region_is_refused(operator: Operator) -> None:
    elsewhere = operator.cloud.client("s3", region="us-west-2")
    elsewhere.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    elsewhere.put_object(Bucket="far", Key="v2.bin", Body=IMAGE)
    problem = operator.run(operator.role(allow("s3:*", "*")), "s3://far/v2.bin")[2]
    assert "bucket far is in us-west-2" in str(problem)
