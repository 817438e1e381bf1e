"""`fuota list`, `devices` and `retry`, about the tasks of a local cloud."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.root import fuota

from ..published import document

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud

COHORTS = [
    {"name": "near", "count": 5, "loss": 0.05},
    {"name": "far", "count": 3, "loss": 0.5},
    {"name": "small", "count": 1, "memory_bytes": 1000},
]


@pytest.fixture(autouse=True)
def _port(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_LOCAL_PORT", str(cloud.port))


@pytest.fixture
def done(cloud: LocalCloud, task: str) -> str:
    """A task that is done: 6 devices have the image, 3 lost too much, 1 has no room."""
    cloud.admin("fleet", method="POST", content={"cohorts": COHORTS, "seed": 1})
    cloud.client("iotwireless").start_fuota_task(Id=task)
    cloud.admin("clock", method="POST", content={"advance_seconds": 200_000})
    return task


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(fuota, [*arguments, "--local"], prog_name="fuota")


def test_lists_every_task_with_its_devices(cloud: LocalCloud, done: str) -> None:
    elsewhere = cloud.client("iotwireless", account="111122223333", region="us-east-1")
    other = elsewhere.create_fuota_task(
        FirmwareUpdateImage="s3://firmware/v3.bin",
        FirmwareUpdateRole="arn:aws:iam::111122223333:role/firmware",
        LoRaWAN={"RfRegion": "US915"},
    )["Id"]
    listed = document(run("list", "--json").stdout)["fuota_tasks"]
    assert {each["id"]: each["place"]["region"] for each in listed} == {done: cloud.region, other: "us-east-1"}
    [ours] = [each for each in listed if each["id"] == done]
    assert (ours["name"], ours["status"], ours["rf_region"]) == ("street", "FuotaDone", "EU868")
    assert ours["devices"] == {"updated": 6, "open": 0, "failed": 4}
    assert ours["devices_by_status"] == {"MissingFrag": 3, "Not_enough_memory": 1, "Successful": 6}
    shown = run("list").stdout
    for expected in ("street", "FuotaDone", "US915", f"(local cloud :{cloud.port})", f"fuota status {done} --local"):
        assert expected in shown
    assert [line for line in shown.splitlines() if len(line) > 80 and "fuota status" not in line] == []
    only = document(run("list", "--account", "111122223333", "--json").stdout)["fuota_tasks"]
    assert [each["id"] for each in only] == [other]


def test_fails_for_a_task_that_cannot_be_read_and_lists_the_others(cloud: LocalCloud, done: str) -> None:
    other = cloud.client("iotwireless").create_fuota_task(
        Name="theirs",
        FirmwareUpdateImage="s3://firmware/v3.bin",
        FirmwareUpdateRole="arn:aws:iam::000000000000:role/firmware",
        LoRaWAN={"RfRegion": "EU868"},
    )["Id"]
    runs = {}
    for arguments in (("list", "--json"), ("list",)):
        fault = {"operation": "GetFuotaTask", "fault": "access-denied", "message": "not yours", "times": 1}
        cloud.admin("faults", method="POST", content=fault)  # meets the first that is asked for
        runs[arguments] = run(*arguments)
        assert runs[arguments].exit_code == 1
        assert runs[arguments].stderr.count("fuota: could not read FUOTA task ") == 1
    unread, read = document(runs["list", "--json"].stdout)["fuota_tasks"]
    assert {unread["id"], read["id"]} == {done, other}
    assert (unread["status"], read["problem"]) == (None, None)
    assert {unread["name"], read["name"]} == {"street", "theirs"}
    refused = "GetFuotaTask was refused (AccessDeniedException): not yours"
    assert unread["problem"].startswith(f"{refused}: allow the action")
    table = " ".join(runs["list",].stdout.replace("│", " ").split())
    assert read["status"] in table
    assert "not read" in table
    assert f"({unread['id']}): {refused}: allow the action" in runs["list", "--json"].stderr


def test_says_that_there_is_no_task(cloud: LocalCloud) -> None:
    cloud.admin("reset", method="POST")
    shown = run("list")
    assert (shown.exit_code, shown.stdout) == (0, f"no FUOTA task (local cloud :{cloud.port})\n")


def test_devices_are_one_id_a_line_for_other_commands(cloud: LocalCloud, done: str) -> None:
    every = document(run("devices", "street", "--json").stdout)
    assert [each["kind"] for each in every["devices"]] == ["failed"] * 4 + ["updated"] * 6
    ids = {
        status: [each["id"] for each in every["devices"] if each["fuota_status"] == status]
        for status in every["devices_by_status"]
    }
    assert run("devices", done, "--status", "missingfrag").stdout.split() == ids["MissingFrag"]
    both = run("devices", done, "--status", "MissingFrag", "--status", "Not_enough_memory").stdout.split()
    assert (
        both
        == run("devices", done, "--status", "failed").stdout.split()
        == ids["MissingFrag"] + ids["Not_enough_memory"]
    )
    assert run("devices", done, "--status", "MICError").stdout == ""


@pytest.mark.parametrize(
    ("status", "said"), [("MisingFrag", "did you mean MissingFrag"), ("xyzzy", "there are Successful, Initial, ")]
)
def test_fails_for_what_is_no_status(done: str, status: str, said: str) -> None:
    refused = run("devices", done, "--status", status)
    assert refused.exit_code == 2
    assert f"'{status}' is no status of a device: {said}" in " ".join(refused.stderr.split())


def test_a_retry_is_an_app_for_those_it_can_help(done: str, tmp_path: Path) -> None:
    retry = run("retry", "street")
    assert retry.exit_code == 0, retry.output
    said = " ".join(retry.stderr.split())
    for expected in (
        "4 of 10 devices do not have the image",
        "3 MissingFrag, fragments are missing, says the device: too many were lost, or its stack counts wrong: check",
        "the version these devices report before more redundancy is bought; then send again, with more redundancy",
        "left out, because sending again does not mend it: 1 Not_enough_memory",
        "% (it was 40 %), for ",
        f"fuota devices {done} --status MissingFrag --local",
        "xargs -n 1 aws iotwireless associate-wireless-device-with-multicast-group --id GROUP1_ID",
    ):
        assert expected in said
    (tmp_path / "retry.py").write_text(retry.stdout)
    template = _synthesised(tmp_path / "retry.py")
    [task] = [each["Properties"] for each in template.values() if each["Type"] == "Custom::FuotaTask"]
    assert task["RedundancyPercent"] > 40
    assert (task["FragmentSizeBytes"], task["FragmentIntervalMS"], task["Name"]) == (112, 7000, "street-retry")
    assert task["FirmwareUpdateImage"] == "s3://firmware/v2.bin"
    assert not [
        each
        for each in template.values()
        if each["Type"] == "AWS::IAM::Policy" and "firmware" in each["Properties"]["Roles"]
    ]
    for arguments in (("check", "--isolated"), ("format", "--check", "--isolated")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, "retry.py"], cwd=tmp_path, check=True)


def _synthesised(app: Path) -> dict[str, Any]:
    """The resources of an app's only stack; it has nothing to warn of."""
    import json

    folder = app.parent / "cdk.out"
    done = subprocess.run(
        [sys.executable, str(app)],
        cwd=app.parent,
        env={**os.environ, "CDK_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    [template] = folder.glob("*.template.json")
    resources: dict[str, Any] = json.loads(template.read_text())["Resources"]
    return resources


def test_a_retry_as_json_is_as_published(done: str, tmp_path: Path) -> None:
    retry = run("retry", done, "--json", "--json-file", str(tmp_path / "retry.json"))
    content = document(retry.stdout)
    assert content == document((tmp_path / "retry.json").read_text())
    assert {each["fuota_status"] for each in content["devices"]} == {"MissingFrag"}
    [group] = content["multicast_groups"]
    assert (group["dl_class"], group["device_ids"]) == ("ClassC", [each["id"] for each in content["devices"]])
    assert [each["fuota_status"] for each in content["left_out"]] == ["Not_enough_memory"]
    shown = run("retry", done)
    assert content["snippet"] + "\n" == shown.stdout
    assert content["remarks"]
    assert set(content["remarks"]) <= set(shown.stderr.splitlines())


def test_nothing_is_retried_where_all_have_the_image(cloud: LocalCloud, task: str) -> None:
    cloud.client("iotwireless").start_fuota_task(Id=task)
    cloud.admin("clock", method="POST", content={"advance_seconds": 200_000})
    retry = run("retry", task)
    assert (retry.exit_code, retry.stdout) == (0, "")
    assert "nothing to retry: the device has the image" in retry.stderr
    assert document(run("retry", task, "--json").stdout)["snippet"] is None


def test_a_task_for_devices_is_retried_for_devices(cloud: LocalCloud, task: str, tmp_path: Path) -> None:
    service = cloud.client("iotwireless")
    [device] = service.list_wireless_devices()["WirelessDeviceList"]
    unicast = service.create_fuota_task(
        FirmwareUpdateImage="s3://firmware/v2.bin",
        FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/firmware",
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=40,
    )["Id"]
    service.associate_wireless_device_with_fuota_task(Id=unicast, WirelessDeviceId=device["Id"])
    cohort = {"devices": 1, "loss": 0.9, "account": cloud.account, "aws_region": cloud.region}
    cloud.admin("fleet", method="POST", content={**cohort, "device_ids": [device["Id"]]})
    service.start_fuota_task(Id=unicast)
    cloud.admin("clock", method="POST", content={"advance_seconds": 200_000})
    retry = run("retry", unicast)
    assert retry.exit_code == 0, retry.output
    assert f'    wireless_devices=[\n        "{device["Id"]}",\n    ],' in retry.stdout
    assert "MulticastGroup" not in retry.stdout
    (tmp_path / "retry.py").write_text(retry.stdout)
    assert _synthesised(tmp_path / "retry.py")


def test_fails_to_retry_what_is_not_done(cloud: LocalCloud, task: str) -> None:
    pending = run("retry", task)
    assert (pending.exit_code, pending.stdout) == (3, "")
    assert "cannot be retried: its session has not begun: start it first" in pending.stderr
    cloud.client("iotwireless").start_fuota_task(Id=task)
    assert "it is FuotaSession_Waiting: a device is in one session at a time" in run("retry", task).stderr
    cloud.admin("clock", method="POST", content={"advance_seconds": 1900})
    running = run("retry", task)
    assert running.exit_code == 3
    assert "it is In_FuotaSession: " in running.stderr
    assert f"look at it: fuota status {task} --local" in running.stderr


def test_fails_where_a_retry_is_in_vain(cloud: LocalCloud, task: str) -> None:
    service = cloud.client("iotwireless")
    for device in service.list_wireless_devices()["WirelessDeviceList"]:
        service.delete_wireless_device(Id=device["Id"])
    content = {"cohorts": [{"name": "old", "count": 2, "faults": ["no-package"]}]}
    cloud.admin("fleet", method="POST", content=content)
    service.start_fuota_task(Id=task)
    cloud.admin("clock", method="POST", content={"advance_seconds": 200_000})
    retry = run("retry", task)
    assert (retry.exit_code, retry.stdout) == (3, "")
    assert "2 of 2 devices do not have the image, and sending it to them again is in vain" in retry.stderr
    assert "2 Package_Not_Supported, the device's firmware lacks the FUOTA packages" in retry.stderr


@pytest.mark.parametrize("arguments", [("list",), ("devices", "street"), ("retry", "street")])
def test_fails_where_no_cloud_runs(arguments: tuple[str, ...]) -> None:
    from fuota_constructs.local import cloud as clouds

    refused = run(*arguments, "--port", str(clouds.free_port()))
    assert refused.exit_code == 1
    assert "no local cloud runs on port" in refused.stderr
