import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

from .published import document, files_are_as_published

Fuota = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clouds of these tests are noted apart from the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="module")
def cloud(state_folder: None) -> Iterator[LocalCloud]:
    """A running cloud."""
    running = clouds.start(clouds.free_port(), requests_per_second=clouds.REHEARSED_REQUESTS_PER_SECOND)
    yield running
    clouds.stop(running)


@pytest.fixture
def fuota(state_folder: None, tmp_path: Path) -> Fuota:
    """Runs the command as a user does, in an empty folder; whatever JSON it makes is as published."""

    def fuota(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "fuota_constructs.cli", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if "--json" in arguments and done.stdout:
            document(done.stdout)
        files_are_as_published(tmp_path)
        return done

    return fuota


@pytest.fixture
def task(cloud: LocalCloud) -> str:
    """The id of a task in order, named street, with one device; there is nothing else in the service."""
    cloud.admin("reset", method="POST")
    service, s3, iam = cloud.client("iotwireless"), cloud.client("s3"), cloud.client("iam")
    if not s3.list_buckets()["Buckets"]:
        s3.create_bucket(Bucket="firmware", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        s3.put_object(Bucket="firmware", Key="v2.bin", Body=b"x" * 20_000)
        service_principal = {"Service": "iotwireless.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": service_principal, "Action": "sts:AssumeRole"}
        allow = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"], "Resource": "*"}
        iam.create_role(RoleName="firmware", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName="firmware", PolicyName="read", PolicyDocument=document)
    profile = service.create_device_profile(LoRaWAN={"RfRegion": "EU868", "SupportsClassC": True})["Id"]
    group = service.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    ports = {"Fuota": 201, "Multicast": 200, "ClockSync": 202}
    keys = {"AppKey": "0" * 32, "NwkKey": "0" * 32, "JoinEui": "0" * 16}
    lorawan = {"DevEui": "0" * 16, "DeviceProfileId": profile, "FPorts": ports, "OtaaV1_1": keys}
    device = service.create_wireless_device(Type="LoRaWAN", Name="lamp", DestinationName="d", LoRaWAN=lorawan)["Id"]
    service.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    task_id = service.create_fuota_task(
        Name="street",
        FirmwareUpdateImage="s3://firmware/v2.bin",
        FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/firmware",
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=40,
        FragmentSizeBytes=112,
        FragmentIntervalMS=7000,
    )["Id"]
    service.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group)
    return str(task_id)
