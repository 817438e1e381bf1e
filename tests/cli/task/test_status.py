"""fuota status, as an operator meets it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]


def _advance(cloud: LocalCloud, seconds: int) -> None:
    cloud.admin("clock", method="POST", content={"advance_seconds": seconds})


def test_shows_a_task_before_during_and_after_its_session(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    here = ("--local", "--port", str(cloud.port))
    pending = fuota("status", "street", *here)
    assert pending.returncode == 0
    for expected in (
        f"FUOTA task street ({task}) (local cloud :{cloud.port})",
        "pending: no session is scheduled",
        "fragments of 112 bytes, one every 7 s, 40 % redundancy",
        "s3://firmware/v2.bin  20,000 bytes",
        "Devices (1)",
        f"\n  fuota start {task} --local --port {cloud.port}\n",
    ):
        assert expected in pending.stdout
    cloud.client("iotwireless").start_fuota_task(Id=task)
    assert "waiting: the session is scheduled; 1 device will be asked" in fuota("status", task, *here).stdout
    _advance(cloud, 1860)
    running = fuota("status", task, *here)
    assert running.returncode == 0
    assert "running: the session is on the air; 0 of 1 device reported an end" in running.stdout
    assert "AWS publishes no progress" in running.stdout.replace("\n", " ")
    cloud.admin("clock", method="POST", content={"speed": 0.001})  # a deletion takes 2 s
    cloud.client("iotwireless").delete_fuota_task(Id=task)
    deleting = fuota("status", task, *here)
    assert deleting.returncode == 3


def test_json_has_every_device_and_the_verdict(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    done = fuota("status", task, "--json", "--local", "--port", str(cloud.port))
    content = json.loads(done.stdout)
    assert content["task"]["id"] == task
    assert content["verdict"]["outcome"] == "pending"
    assert content["verdict"]["final"] is False
    assert content["devices_by_status"] == {"Initial": 1}
    assert content["devices"][0]["name"] == "lamp"
    assert content["session"]["plan"]["fragments"] == 251
    assert content["session"]["image_bytes"] == 20_000


def test_a_session_in_vain_is_not_success_and_names_the_cause(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    service = cloud.client("iotwireless")
    service.start_fuota_task(Id=task)
    for device in service.list_wireless_devices()["WirelessDeviceList"]:
        service.delete_wireless_device(Id=device["Id"])
    _advance(cloud, 200_000)
    done = fuota("status", task, "--watch", "--local", "--port", str(cloud.port))
    assert done.returncode == 3
    assert "done-but-failed: no devices" in done.stdout
    assert "the task has no devices, or its groups have none" in done.stdout


def test_names_the_causes_where_devices_failed(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    cohorts = [
        {"name": "near", "count": 5, "loss": 0.05},
        {"name": "far", "count": 2, "loss": 0.9},
        {"name": "small", "count": 1, "loss": 0.05, "memory_bytes": 1000},
    ]
    cloud.admin("fleet", method="POST", content={"cohorts": cohorts, "seed": 1})
    cloud.client("iotwireless").start_fuota_task(Id=task)
    _advance(cloud, 200_000)
    done = fuota("status", task, "--local", "--port", str(cloud.port), COLUMNS="200")
    assert done.returncode == 3
    assert "done-in-part: " in done.stdout
    assert "- 2 of 9: MissingFrag, fragments are missing, says the device: too many were lost" in done.stdout
    assert "- 1 of 9: Not_enough_memory, the device cannot hold the image" in done.stdout
    assert "which 99% of devices survive up to about 2" in done.stdout
    assert "send a delta image" in done.stdout
    assert f"\n  fuota status {task} --devices --local --port {cloud.port}\n" in done.stdout
    assert "\n  fuota plan 20000B --rf-region EU868 --loss 30% --recommend\n" in done.stdout


def test_watch_ends_well_only_when_every_device_has_the_image(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    cloud.admin("fleet", method="POST", content={"devices": 120, "loss": 0.02, "seed": 1})
    cloud.client("iotwireless").start_fuota_task(Id=task)
    cloud.admin("clock", method="POST", content={"speed": 3600})
    done = fuota("status", "street", "--watch", "--interval", "1", "--json", "--local", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    assert content["verdict"]["outcome"] == "done-and-updated"
    assert content["devices_by_status"] == {"Successful": 121}
    assert len(content["devices"]) == 121


def test_names_a_role_that_could_not_read(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    iam, service = cloud.client("iam"), cloud.client("iotwireless")
    if "blind" not in [each["RoleName"] for each in iam.list_roles()["Roles"]]:
        principal = {"Service": "iotwireless.amazonaws.com"}
        trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="blind", AssumeRolePolicyDocument=json.dumps(trust))
    role = f"arn:aws:iam::{cloud.account}:role/blind"
    service.update_fuota_task(Id=task, FirmwareUpdateRole=role)
    service.start_fuota_task(Id=task)
    _advance(cloud, 200_000)
    done = fuota("status", task, "--local", "--port", str(cloud.port), COLUMNS="200")
    assert done.returncode == 3
    assert "done-but-failed: the session ended and none of 1 device reports the image" in done.stdout
    assert f"the service could not read the image: {role} may not read s3://firmware/v2.bin" in done.stdout


def test_watch_says_that_the_cloud_was_killed(state_folder: None) -> None:
    cloud = clouds.start(clouds.free_port())
    try:
        task = cloud.client("iotwireless").create_fuota_task(
            Name="street", FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="r"
        )["Id"]
        command = [sys.executable, "-m", "fuota_constructs.cli", "status", task, "--watch", "--interval", "1"]
        command += ["--local", "--port", str(cloud.port)]
        watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert watching.stdout
        assert "pending: no devices" in watching.stdout.readline()
    finally:
        clouds.stop(cloud)
    _, said = watching.communicate()
    assert watching.returncode == 1
    assert said.startswith(f"fuota: {cloud.url} does not answer: the local cloud was stopped or has another port")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("command", ["status", "preflight", "start"])
def test_says_that_no_local_cloud_runs(command: str, fuota: Fuota) -> None:
    port = str(clouds.free_port())
    done = fuota(command, "street", "--local", "--port", port)
    assert done.returncode == 1
    assert f"no local cloud runs on port {port}: start one with" in done.stderr


def test_says_that_there_is_no_region(fuota: Fuota) -> None:
    done = fuota("status", "street", AWS_DEFAULT_REGION="", AWS_REGION="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("fuota: no AWS Region is set: give --region")


def test_says_that_an_endpoint_is_no_url(fuota: Fuota) -> None:
    done = fuota("status", "street", AWS_ENDPOINT_URL="localhost:4566")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "fuota: Invalid endpoint: localhost:4566: correct AWS_ENDPOINT_URL, --region or the profile\n"
    no_port = fuota("status", "street", AWS_ENDPOINT_URL="http://127.0.0.1:four")
    assert (no_port.returncode, no_port.stdout) == (1, "")
    assert no_port.stderr.startswith(
        "fuota: Port could not be cast to integer value as 'four': correct AWS_ENDPOINT_URL"
    )


@pytest.mark.parametrize("columns", [60, 80])
def test_no_count_and_no_command_is_cut_on_narrow_terminals(
    columns: int, cloud: LocalCloud, task: str, fuota: Fuota
) -> None:
    service = cloud.client("iotwireless")
    [group] = service.list_multicast_groups()["MulticastGroupList"]
    unnamed = service.create_fuota_task(
        FirmwareUpdateImage="s3://firmware/v2.bin",
        FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/firmware",
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=40,
        FragmentSizeBytes=112,
        FragmentIntervalMS=7000,
    )["Id"]
    service.associate_multicast_group_with_fuota_task(Id=unnamed, MulticastGroupId=group["Id"])
    cohorts = [
        {"name": "near", "count": 196, "loss": 0.02},
        {"name": "far", "count": 2, "loss": 0.9},
        {"name": "small", "count": 1, "loss": 0.05, "memory_bytes": 1000},
    ]
    cloud.admin("fleet", method="POST", content={"cohorts": cohorts, "seed": 1})
    service.start_fuota_task(Id=unnamed)
    _advance(cloud, 200_000)
    done = fuota("status", unnamed, "--devices", "--port", str(cloud.port), COLUMNS=str(columns))
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert re.findall(r"^ +(\d+ \([\d.]+ %\))  (\w+) +\u2501", done.stdout, flags=re.MULTILINE) == [
        ("197 (98.5 %)", "Successful"),
        ("2 (1 %)", "MissingFrag"),
        ("1 (0.5 %)", "Not_enough_memory"),
    ]
    commands = [line for line in lines if line.startswith("  fuota ")]
    assert commands[0] == f"  fuota status {unnamed} --devices --local --port {cloud.port}"
    assert [line for line in lines if len(line) > columns] == [each for each in commands if len(each) > columns]


def test_says_whose_time_is_left_where_the_clock_is_fast(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    cloud.client("iotwireless").start_fuota_task(Id=task)
    cloud.admin("clock", method="POST", content={"speed": 0.01})  # what it says shall not change meanwhile
    waiting = " ".join(fuota("status", task, "--port", str(cloud.port)).stdout.split())
    assert "starts in 30 min of session time (50 h here, its clock is 0.01 times as fast)" in waiting
    _advance(cloud, 1800)
    running = " ".join(fuota("status", task, "--port", str(cloud.port)).stdout.split())
    assert "0% of its time, 29.3 min of session time (48.8 h here, its clock is 0.01 times as fast) left" in running
    content = json.loads(fuota("status", task, "--json", "--port", str(cloud.port)).stdout)
    assert content["session"]["clock_speed"] == 0.01
