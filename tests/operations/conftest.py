"""boto3 against the local IoT Wireless service with its quota in force, and a real local S3 and IAM (MiniStack)."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from fuota_constructs.local import clients
from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.iotwireless import IotWirelessService, serve
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.request_limit import RequestLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.local.cloud import LocalCloud

BUCKET, KEY, ROLE = "fuota-operations", "street/v2.bin", "fuota-operations"
ROLE_ARN = f"arn:aws:iam::000000000000:role/{ROLE}"
PORTS = {"Fuota": 201, "Multicast": 200, "ClockSync": 202}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class Clock:
    """Time that passes only when somebody waits, for the service and for its clients alike."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clouds of these tests are noted apart from the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def cloud(state_folder: None) -> Iterator[LocalCloud]:
    """A running local cloud, of which S3 and IAM are used."""
    running = clouds.start(clouds.free_port())
    yield running
    clouds.stop(running)


@pytest.fixture
def s3(cloud: LocalCloud) -> Any:
    """A bucket with an image of 20,000 bytes."""
    client = cloud.client("s3")
    names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    if BUCKET not in names:
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"x" * 20_000)
    return client


@pytest.fixture
def role(cloud: LocalCloud) -> Callable[..., str]:
    """Make a role that may read the image, or as told; gives its ARN."""
    iam = cloud.client("iam")

    def make(name: str = ROLE, *, trust: object = None, actions: tuple[str, ...] = ("s3:GetObject",)) -> str:
        if name not in [each["RoleName"] for each in iam.list_roles()["Roles"]]:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST))
            objects, bucket = f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"
            statements: list[dict[str, object]] = [
                {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": bucket}
            ]
            if actions:
                statements.append({"Effect": "Allow", "Action": list(actions), "Resource": objects})
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=document)
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])

    return make


@pytest.fixture
def service(clock: Clock) -> IotWirelessService:
    """The service, with its quota of 10 requests a second."""
    return IotWirelessService(clock)


@pytest.fixture
def aws(service: IotWirelessService, clock: Clock, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The way to all of them as boto3 has it: an endpoint for each service in the environment."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=clock.sleep, time=time.time))
    with serve(service) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_IOT_WIRELESS", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", cloud.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", cloud.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", cloud.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", cloud.account)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", cloud.secret)
        yield Aws(region="eu-west-1", limit=RequestLimit(clock=clock, sleep=clock.sleep))


@pytest.fixture
def make(aws: Aws, clock: Clock) -> Any:
    """A client to make things with: time passes between its requests, so that the quota allows them."""
    client: Any = boto3.client("iotwireless", region_name="eu-west-1")
    client.meta.events.register("before-send.iot-wireless", lambda **_: clock.sleep(0.2))
    return client


@pytest.fixture
def profile(make: Any) -> str:
    """A device profile of class C in EU868."""
    lorawan = {"RfRegion": "EU868", "SupportsClassC": True, "MacVersion": "1.0.3"}
    return str(make.create_device_profile(Name="c", LoRaWAN=lorawan)["Id"])


@pytest.fixture
def group(make: Any, profile: str) -> Callable[..., str]:
    """Make a multicast group with so many devices; gives its id."""

    def group(devices: int = 3, name: str = "lamps", **lorawan: Any) -> str:
        group_id = str(make.create_multicast_group(Name=name, LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"])
        for number in range(devices):
            details = {
                "DeviceProfileId": profile,
                "DevEui": f"{abs(hash(name)) % 2**32:08x}{number:08x}",
                "FPorts": PORTS,
                "OtaaV1_1": {"AppKey": "0" * 32, "NwkKey": "0" * 32, "JoinEui": "0" * 16},
                **lorawan,
            }
            device = make.create_wireless_device(
                Type="LoRaWAN", DestinationName="d", Name=f"{name}-{number:04}", LoRaWAN=details
            )["Id"]
            make.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device)
        return group_id

    return group


@pytest.fixture
def task(make: Any, s3: Any, role: Callable[..., str]) -> Callable[..., str]:
    """Make a task that is in order, or as told; gives its id."""

    def task(*groups: str, name: str = "street", **fields: Any) -> str:
        given = {
            "FirmwareUpdateImage": f"s3://{BUCKET}/{KEY}",
            "LoRaWAN": {"RfRegion": "EU868"},
            "RedundancyPercent": 40,
            "FragmentSizeBytes": 112,
            "FragmentIntervalMS": 7000,
            **fields,
        }
        if "FirmwareUpdateRole" not in given:
            given["FirmwareUpdateRole"] = role()
        task_id = str(make.create_fuota_task(Name=name, **given)["Id"])
        for group_id in groups:
            make.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
        return task_id

    return task


@pytest.fixture
def make_in() -> Callable[[LocalCloud], tuple[Aws, str]]:
    """Make a task in a cloud that enforces IAM, and a user who may see only IoT Wireless."""

    def make_in(cloud: LocalCloud) -> tuple[Aws, str]:
        iam, s3, service = cloud.client("iam"), cloud.client("s3"), cloud.client("iotwireless")
        s3.create_bucket(Bucket="private", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        s3.put_object(Bucket="private", Key="v2.bin", Body=b"x" * 100)
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        task = service.create_fuota_task(FirmwareUpdateImage="s3://private/v2.bin", FirmwareUpdateRole=role)["Id"]
        iam.create_user(UserName="operator")
        allow = {"Effect": "Allow", "Action": "iotwireless:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="operator")["AccessKey"]
        aws = Aws(
            session=clients.session(
                access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], region=cloud.region
            ),
            endpoint_url=cloud.url,
            verify=str(cloud.ca_bundle),
        )
        return aws, task

    return make_in
