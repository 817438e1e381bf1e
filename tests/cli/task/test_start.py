"""fuota start, as an operator meets it."""

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]


def status_of(cloud: LocalCloud, task: str) -> str:
    """What the service says."""
    return str(cloud.client("iotwireless").get_fuota_task(Id=task)["Status"])


def test_starts_what_is_in_order(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    done = fuota("start", "street", "--at", "+2h", "--local", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"FUOTA task street ({task}) (local cloud :{cloud.port}) starts 2")
    assert "by plan it ends 2" in done.stdout
    assert "251 fragments in 29.3 min" in done.stdout
    watch = f"fuota status {task} --watch --local --port {cloud.port}"
    assert done.stdout.endswith(f"\nwatch it: {watch}\n")
    assert status_of(cloud, task) == "FuotaSession_Waiting"
    again = fuota("start", "street", "--local", "--port", str(cloud.port))
    assert again.returncode == 3
    assert f"is FuotaSession_Waiting; only a Pending task can be started: watch it: {watch}" in again.stderr


def test_refuses_a_start_within_30_minutes_before_it_asks(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    done = fuota("start", "street", "--at", "+29m", "--local", "--port", str(cloud.port))
    assert done.returncode == 2
    assert "a session starts 30 minutes from now or later, at the earliest" in " ".join(done.stderr.split())
    assert status_of(cloud, task) == "Pending"


def test_refuses_what_preflight_refuses_unless_told(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    cloud.client("iotwireless").update_fuota_task(Id=task, FirmwareUpdateImage="s3://firmware/none.bin")
    done = fuota("start", task, "--local", "--port", str(cloud.port))
    assert done.returncode == 3
    assert "there is no object s3://firmware/none.bin" in done.stderr
    assert f"in spite of them: fuota start {task} --no-preflight --local --port {cloud.port}\n" in done.stderr
    assert status_of(cloud, task) == "Pending"
    done = fuota("start", task, "--no-preflight", "--local", "--port", str(cloud.port))
    assert done.returncode == 0
    assert "when it ends is not known" in done.stdout


def test_explains_times_it_does_not_understand(fuota: Fuota) -> None:
    done = fuota("start", "street", "--at", "2026-12-01T02:00")
    assert done.returncode == 2
    assert "does not say in which time zone: add Z for UTC" in done.stderr


@pytest.mark.parametrize("command", ["start", "status", "preflight", "report"])
def test_help_has_exit_codes_and_where_it_goes(command: str, fuota: Fuota) -> None:
    done = fuota(command, "--help")
    assert done.returncode == 0
    for expected in ("Exit codes:", "Examples:", "--profile NAME", "--region REGION", "AWS or local"):
        assert expected in done.stdout


def test_goes_where_boto3_goes(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    environment = {name: value for name, value in cloud.environment().items() if value is not None}
    assert task in fuota("status", "street", **environment).stdout
    elsewhere = fuota("status", "street", "--region", "us-east-1", **environment)
    assert elsewhere.returncode == 1
    assert "no FUOTA task in us-east-1 has the name 'street'" in elsewhere.stderr


@pytest.mark.parametrize(("at", "warned"), [("+47h", False), ("+49h", True), ("+30d", True)])
def test_warns_of_a_session_beyond_the_reach_of_multicast(
    at: str, warned: bool, cloud: LocalCloud, task: str, fuota: Fuota
) -> None:
    done = fuota("start", "street", "--at", at, "--json", "--port", str(cloud.port))
    assert done.returncode == 0
    content = json.loads(done.stdout)
    assert bool(content["warnings"]) is warned
    assert ("a multicast session must begin within 48 hours of the call that starts it" in done.stderr) is warned
    assert ("documented for multicast groups, assumed for the sessions a FUOTA task starts" in done.stderr) is warned
    assert status_of(cloud, task) == "FuotaSession_Waiting"


def test_does_not_warn_where_no_group_has_a_session(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    service = cloud.client("iotwireless")
    [group] = service.list_multicast_groups_by_fuota_task(Id=task)["MulticastGroupList"]
    [device] = service.list_wireless_devices()["WirelessDeviceList"]
    service.disassociate_multicast_group_from_fuota_task(Id=task, MulticastGroupId=group["Id"])
    fields = {"FirmwareUpdateImage": "s3://firmware/v2.bin", "LoRaWAN": {"RfRegion": "EU868"}}
    single = service.create_fuota_task(FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/firmware", **fields)["Id"]
    service.associate_wireless_device_with_fuota_task(Id=single, WirelessDeviceId=device["Id"])
    done = fuota("start", single, "--at", "+49h", "--no-preflight", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "")


def test_json_says_what_was_started_and_where(cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path) -> None:
    done = fuota("start", "street", "--at", "+2h", "--json-file", "start.json", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "written: start.json\n")
    content = json.loads((tmp_path / "start.json").read_text())
    assert content["task"]["id"] == task
    assert content["place"]["name"] == f"local cloud :{cloud.port}"
    assert content["next_steps"] == [f"fuota status {task} --watch --local --port {cloud.port}"]
    started = cloud.client("iotwireless").get_fuota_task(Id=task)["LoRaWAN"]["StartTime"]
    assert datetime.fromisoformat(content["starts_at"]) == started
    length = datetime.fromisoformat(content["ends_at_by_plan"]) - started
    assert length.total_seconds() == 251 * 7
