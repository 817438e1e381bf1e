"""What a poll makes of a task and its devices: no AWS here."""

import json
from datetime import UTC, datetime

import monitor_rig  # noqa: F401  # puts the runtime on the path
import pytest
from change_events import device_event
from memory import DEVICES_REMEMBERED, Memory, digest_of
from metrics import DEVICE_STATUSES, emf_line
from progress import Progress
from watched import Watched

from fuota_constructs.monitor import task_metrics

NOW = 1_800_000_000
ARN = "arn:aws:iotwireless:eu-west-1:123456789012:FuotaTask/t"


def look(status="In_FuotaSession", devices=(), before=None, now=NOW, **task) -> Progress:
    listed = [{"Id": id_, "Arn": f"arn:{id_}", "FuotaDeviceStatus": state} for id_, state in devices]
    return Progress.of({"Id": "t", "Arn": ARN, "Status": status, **task}, listed, before, now=now)


def test_device_statuses_are_those_of_the_service() -> None:
    import boto3

    model = boto3.client("iotwireless").meta.service_model
    assert sorted(model.shape_for("FuotaDeviceStatus").enum) == sorted(DEVICE_STATUSES)


def test_the_dashboard_shows_every_status() -> None:
    assert sorted(task_metrics._SHOWN_STATUSES) == sorted(DEVICE_STATUSES)


def test_memory_survives_the_table() -> None:
    devices = {digest_of(f"device-{number}"): status for number, status in enumerate(("Successful", "MICError") * 50)}
    memory = Memory("FuotaDone", NOW, devices)
    item = memory.item("rule/t", now=NOW)
    assert item["Poll"] == {"S": "rule/t"}
    assert Memory.of(item) == memory


def test_the_most_devices_fit_an_item() -> None:
    devices = {digest_of(str(number)): "Successful" for number in range(DEVICES_REMEMBERED)}
    assert len(devices) == DEVICES_REMEMBERED
    [stored] = Memory("FuotaDone", NOW, devices).item("x" * 300, now=NOW)["Devices"]["M"].values()
    assert len(stored["B"]) + 2000 < 400 * 1024


def test_a_device_that_changes_again_is_told_again() -> None:
    first = look(devices=[("a", "MissingFrag"), ("b", "Initial"), ("c", None)])
    assert [(each.device["Id"], each.previous_status, each.status) for each in first.changes] == [
        ("a", "Initial", "MissingFrag")
    ]
    second = look(devices=[("a", "Successful"), ("b", "Initial"), ("c", None)], before=first.remembered)
    assert [(each.previous_status, each.status) for each in second.changes] == [("MissingFrag", "Successful")]
    third = look(devices=[("a", "Initial")], before=second.remembered)
    assert [(each.previous_status, each.status) for each in third.changes] == [("Successful", "Initial")]
    assert third.remembered.devices == {}


def test_a_device_without_a_dev_eui_is_told_without() -> None:
    progress = look(devices=[("a", "Successful")])
    detail = json.loads(device_event(progress, progress.changes[0])["Detail"])
    assert "devEui" not in detail
    assert detail["wirelessDeviceId"] == "a"


def test_devices_without_a_status_count_as_initial() -> None:
    assert look(devices=[("a", None)]).counts == {"Initial": 1}


def test_beyond_the_most_devices_there_are_metrics_and_no_device_events() -> None:
    many = look(devices=[(str(number), "Successful") for number in range(DEVICES_REMEMBERED + 1)])
    assert many.changes == ()
    assert many.remembered.devices == {}
    assert many.successful == DEVICES_REMEMBERED + 1
    assert "no device events" in emf_line(many, Watched("t", "N", "default", "r"), now=NOW)


def test_a_status_aws_adds_one_day_is_counted_as_a_failure_under_its_name() -> None:
    progress = look(devices=[("a", "Battery_low"), ("b", "Successful")])
    assert progress.failed == 1
    assert '"Devices.Battery_low": 1' in emf_line(progress, Watched("t", "N", "default", "r"), now=NOW)


def test_a_task_in_a_status_aws_adds_one_day_has_metrics() -> None:
    assert look("FuotaDone_Partially", [("a", "Successful"), ("b", "Initial")]).counts == {
        "Successful": 1,
        "Initial": 1,
    }
    assert not look("Delete_Waiting", [("a", "Successful")]).counts


def test_a_device_nobody_heard_of_failed_when_the_task_is_done() -> None:
    devices = [("a", "Successful"), ("b", "Initial"), ("c", None), ("d", "MissingFrag")]
    assert look("In_FuotaSession", devices).failed == 1
    assert look("FuotaDone", devices).failed == 3


def test_devices_that_have_the_image_and_left_the_group_are_no_failure_of_the_task() -> None:
    done = look("FuotaDone", [("a", "Successful"), ("b", "MissingFrag")])
    assert not look("FuotaDone", [], before=done.remembered).done_without_success
    assert look("FuotaDone", [("b", "MissingFrag")]).done_without_success
    assert look("FuotaDone", [("a", "MissingFrag")], before=done.remembered).done_without_success


def test_figures_have_the_time_they_are_told_and_not_that_of_the_first_page() -> None:
    line = json.loads(emf_line(look(devices=[("a", "Successful")]), Watched("t", "N", "default", "r"), now=NOW + 600))
    assert line["_aws"]["Timestamp"] == (NOW + 600) * 1000


@pytest.mark.parametrize(
    ("status", "start", "since", "late"),
    [
        ("FuotaSession_Waiting", NOW - 600, NOW - 9000, 600),
        ("FuotaSession_Waiting", NOW + 600, NOW - 9000, 0),
        ("FuotaSession_Waiting", None, NOW - 2400, 600),
        ("FuotaSession_Waiting", None, NOW - 600, 0),
        ("In_FuotaSession", NOW - 600, NOW - 9000, 0),
    ],
)
def test_seconds_past_start(status, start, since, late) -> None:
    radio = {"LoRaWAN": {"StartTime": datetime.fromtimestamp(start, UTC)}} if start else {}
    assert look(status, before=Memory(status, since), **radio).seconds_past_start == late


def test_a_clock_that_went_back_makes_no_negative_seconds() -> None:
    assert look(before=Memory("In_FuotaSession", NOW + 60)).seconds_in_status == 0


def test_a_done_task_settles_only_when_nothing_changes() -> None:
    first = look("FuotaDone", [("a", "Initial")])
    assert not first.is_settled
    late = look("FuotaDone", [("a", "Successful")], before=first.remembered)
    assert not late.is_settled
    assert look("FuotaDone", [("a", "Successful")], before=late.remembered).is_settled
