"""The state on disk: only when asked for, complete, private."""

import stat

import pytest

from fuota_constructs.local.iotwireless import IotWirelessService

CREATE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}


def test_a_service_goes_on_where_the_last_one_stopped(new_cloud, tmp_path, clock):
    state_file = tmp_path / "state" / "iotwireless.json"
    before = new_cloud(state_file=state_file)
    client = before.client()
    task_id = client.create_fuota_task(**CREATE, Tags=[{"Key": "a", "Value": "b"}], ClientRequestToken="t")["Id"]
    group_id = client.create_multicast_group(LoRaWAN={"RfRegion": "EU868"})["Id"]
    device_id = client.create_wireless_device(Type="LoRaWAN", DestinationName="d")["Id"]
    client.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device_id)
    client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
    client.start_multicast_group_session(Id=client.create_multicast_group(LoRaWAN={})["Id"], LoRaWAN={"DlDr": 1})
    client.start_fuota_task(Id=task_id)
    cloud_after = new_cloud(state_file=state_file)
    assert cloud_after.service.state() == before.service.state()
    after = cloud_after.client()
    assert after.create_fuota_task(**CREATE, Tags=[{"Key": "a", "Value": "b"}], ClientRequestToken="t")["Id"] == task_id
    clock.advance(1800)
    assert after.get_fuota_task(Id=task_id)["Status"] == "In_FuotaSession"
    after.create_fuota_task(**CREATE)
    first, second = (item["Id"] for item in after.list_fuota_tasks()["FuotaTaskList"])
    assert first == task_id != second


def test_the_clock_does_not_go_back_between_services(new_cloud, tmp_path):
    state_file = tmp_path / "iotwireless.json"
    new_cloud(state_file=state_file).admin("POST", "clock", advance_seconds=60)
    assert new_cloud(state_file=state_file).admin("GET", "clock")["advanced_seconds"] == 60


def test_only_the_owner_can_read_the_file(new_cloud, tmp_path):
    state_file = tmp_path / "iotwireless.json"
    new_cloud(state_file=state_file).client().create_fuota_task(**CREATE)
    assert stat.S_IMODE(state_file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [state_file]


def test_reads_write_no_file(new_cloud, tmp_path):
    cloud = new_cloud(state_file=tmp_path / "iotwireless.json")
    cloud.client().list_fuota_tasks()
    cloud.admin("GET", "state")
    assert list(tmp_path.iterdir()) == []


def test_a_lost_answer_is_kept_too(new_cloud, tmp_path, refusal):
    state_file = tmp_path / "iotwireless.json"
    cloud = new_cloud(state_file=state_file)
    cloud.admin("POST", "faults", operation="CreateFuotaTask", fault="lost-answer")
    refusal(cloud.client().create_fuota_task, **CREATE)
    assert len(new_cloud(state_file=state_file).client().list_fuota_tasks()["FuotaTaskList"]) == 1


def test_nothing_is_kept_unless_asked(cloud, client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    client.create_fuota_task(**CREATE)
    assert list(tmp_path.iterdir()) == []


def test_fails_on_a_file_that_is_something_else(tmp_path):
    state_file = tmp_path / "iotwireless.json"
    state_file.write_text("{")
    with pytest.raises(ValueError, match=r"iotwireless\.json is not a state file of the local cloud .* delete it"):
        IotWirelessService(state_file=state_file)
