"""The policies of docs/reference/iam.md: exactly they let an operator do what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from fuota_constructs.local import clients
from fuota_constructs.local.bootstrap import STANDARD_QUALIFIER
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.look import look
from fuota_constructs.operations.preflight import preflight
from fuota_constructs.operations.start import start, start_time
from fuota_constructs.operations.task import find_task, read_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from fuota_constructs.local.cloud import LocalCloud

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "iam.md").read_text(encoding="utf-8")
POLICIES: dict[str, dict[str, Any]] = {
    name: json.loads(text)
    for name, text in re.findall(r"<!-- policy: (\w+) -->\n\n```json\n(.*?)```", PAGE, flags=re.DOTALL)
}
OPERATIONS = Path(__file__).parents[2] / "fuota_constructs" / "operations"
ACCOUNT = "111122223333"
BUCKET = "acme-firmware"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
READ = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": f"arn:aws:s3:::{BUCKET}"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"},
    ],
}
ON_A_BRANCH = {
    # what the page says is asked for only where something is not as it should be, or the image has a key of its own
    *("s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"),
    *("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"),
}


class Operators(NamedTuple):
    """A cloud that enforces IAM, a task that is in order, and its name."""

    cloud: LocalCloud
    task: str

    def with_policies(self, *names: str) -> Aws:
        """The way to the cloud of a user who has these policies of the page and no other."""
        iam, user = self.cloud.client("iam"), "-".join(names)
        iam.create_user(UserName=user)
        for name in names:
            iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(POLICIES[name]))
        # MiniStack asks for this action on "*", AWS on the role (Service Authorization Reference): see the page.
        if "iam:SimulatePrincipalPolicy" in actions(*names):
            simulate = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [simulate]})
            iam.put_user_policy(UserName=user, PolicyName="ministack", PolicyDocument=document)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        self.cloud.admin("iam", method="DELETE")
        return Aws(
            session=clients.session(
                access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], region=self.cloud.region
            ),
            endpoint_url=self.cloud.url,
            verify=str(self.cloud.ca_bundle),
        )

    def asked_for(self) -> set[str]:
        """The actions that were asked for since; none was denied."""
        decisions = self.cloud.admin("iam")["decisions"]
        assert [each for each in decisions if not each["allowed"]] == []
        return {each["action"] for each in decisions}


def actions(*names: str) -> set[str]:
    """All actions of some policies of the page."""
    found: set[str] = set()
    for name in names:
        for statement in POLICIES[name]["Statement"]:
            each = statement["Action"]
            found |= {each} if isinstance(each, str) else set(each)
    return found


@pytest.fixture(scope="module")
def operators(start_cloud: Callable[..., AbstractContextManager[LocalCloud]]) -> Iterator[Operators]:
    with start_cloud(iam=True, account=ACCOUNT, region="eu-west-1") as cloud:
        yield Operators(cloud, task_in_order(cloud))


def task_in_order(cloud: LocalCloud) -> str:
    """A task of one class C group with one device, whose role may read the image."""
    s3, iam, service = cloud.client("s3"), cloud.client("iam"), cloud.client("iotwireless")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket=BUCKET, Key="v2.bin", Body=b"x" * 20_000)
    role = iam.create_role(RoleName="fuota", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="fuota", PolicyName="read", PolicyDocument=json.dumps(READ))
    profile = service.create_device_profile(
        LoRaWAN={"RfRegion": "EU868", "SupportsClassC": True, "MacVersion": "1.1.0"}
    )
    group = service.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    device = service.create_wireless_device(
        Type="LoRaWAN",
        DestinationName="uplinks",
        LoRaWAN={
            "DeviceProfileId": profile["Id"],
            "DevEui": "a1b2c3d4e5f60708",
            "FPorts": {"Multicast": 200, "Fuota": 201, "ClockSync": 202},
            "OtaaV1_1": {"AppKey": "0" * 32, "NwkKey": "0" * 32, "JoinEui": "0" * 16},
        },
    )["Id"]
    service.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    task = service.create_fuota_task(
        Name="street",
        FirmwareUpdateImage=f"s3://{BUCKET}/v2.bin",
        FirmwareUpdateRole=role,
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=40,
        FragmentSizeBytes=112,
        FragmentIntervalMS=7000,
    )["Id"]
    service.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)
    return str(task)


def test_who_watches_sees_the_task_its_image_and_its_devices(operators: Operators) -> None:
    aws = operators.with_policies("watch")
    progress, _ = look(aws, find_task(aws, "street").id)
    assert progress.image is not None
    assert progress.image.size_bytes == 20_000
    assert len(progress.devices) == len(progress.groups) == 1
    assert operators.asked_for() == actions("watch")


def test_who_checks_is_left_with_nothing_that_could_not_be_checked(operators: Operators) -> None:
    aws = operators.with_policies("watch", "check")
    checks = preflight(aws, find_task(aws, "street")).checks
    assert [check for check in checks if "could not check" in check.message] == []
    assert {check.name for check in checks if check.outcome == "ok"} >= {"image", "role trust", "role rights"}
    assert operators.asked_for() == actions("watch", "check") - ON_A_BRANCH


def test_who_starts_needs_no_more_than_that(operators: Operators) -> None:
    aws = operators.with_policies("watch", "start")
    start(aws, operators.task, start_time(aws, None))
    assert read_task(aws, operators.task).status == "FuotaSession_Waiting"
    assert "iotwireless:StartFuotaTask" in operators.asked_for()


@pytest.mark.parametrize("action", sorted(ON_A_BRANCH))
def test_what_is_asked_for_in_some_cases_is_a_call_of_the_code(action: str) -> None:
    service, operation = action.split(":")
    written = {"GetEncryptionConfiguration": "get_bucket_encryption"}.get(operation)
    called = written or re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((OPERATIONS).glob("*.py")))
    assert f"aws.{service}.{called}(" in code or f'aws.{service}.get_paginator("{called}")' in code


def test_the_deployer_takes_on_the_roles_of_the_bootstrap() -> None:
    [statement] = POLICIES["deploy"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/cdk-{STANDARD_QUALIFIER}-*"
