"""Faults on order."""

import gc
import socket
import time

import pytest
from botocore.exceptions import ReadTimeoutError

from fuota_constructs.local.iotwireless import IotWirelessService, serve
from fuota_constructs.local.iotwireless.faults import Fault

CREATE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}


@pytest.fixture
def order(cloud):
    """Order a fault."""

    def post(fault, operation="CreateFuotaTask", **details):
        answer = cloud.admin("POST", "faults", operation=operation, fault=fault, **details)
        assert answer["status"] == 200, answer

    return post


def _until(holds):
    """Wait until it is so: who did not wait for the answer may look before the request was read."""
    patience = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("throttle", "ThrottlingException", 429),
        ("internal-error", "InternalServerException", 500),
        ("access-denied", "AccessDeniedException", 403),
        ("validation-error", "ValidationException", 400),
        ("conflict", "ConflictException", 409),
        ("not-found", "ResourceNotFoundException", 404),
    ],
)
def test_a_fault_strikes_so_many_times(client, order, refusal, *, fault, code, status):
    order(fault, times=2)
    for _ in range(2):
        error = refusal(client.create_fuota_task, **CREATE)
        assert (error["code"], error["status"]) == (code, status)
    client.create_fuota_task(**CREATE)
    assert len(client.list_fuota_tasks()["FuotaTaskList"]) == 1


def test_a_fault_without_number_strikes_once(client, order, refusal):
    order("throttle")
    refusal(client.create_fuota_task, **CREATE)
    client.create_fuota_task(**CREATE)


def test_a_fault_strikes_for_so_many_seconds(client, order, clock, refusal):
    order("access-denied", seconds=10)
    clock.advance(9.9)
    for _ in range(3):
        assert refusal(client.create_fuota_task, **CREATE)["code"] == "AccessDeniedException"
    clock.advance(0.1)
    client.create_fuota_task(**CREATE)


def test_a_new_role_is_refused_until_it_is_known(client, order, clock, refusal):
    client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="old")
    order("access-denied", seconds=10, after_role_created=True, message="role cannot be assumed")
    clock.advance(100)
    error = refusal(client.create_fuota_task, FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="new")
    assert error["message"] == "role cannot be assumed"
    client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="old")
    clock.advance(9)
    refusal(client.create_fuota_task, FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="new")
    clock.advance(1)
    client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="new")


def test_a_fault_strikes_its_operation_only(client, order, refusal):
    order("throttle", operation="DeleteFuotaTask")
    task_id = client.create_fuota_task(**CREATE)["Id"]
    assert refusal(client.delete_fuota_task, Id=task_id)["code"] == "ThrottlingException"


def test_a_fault_can_strike_every_operation(client, order, refusal):
    order("internal-error", operation="*", times=2)
    refusal(client.list_fuota_tasks)
    refusal(client.create_fuota_task, **CREATE)
    client.list_fuota_tasks()


def test_a_lost_answer_does_the_work(client, order, refusal):
    order("lost-answer")
    assert refusal(client.create_fuota_task, **CREATE)["code"] == "InternalServerException"
    assert len(client.list_fuota_tasks()["FuotaTaskList"]) == 1


def test_a_slow_answer_does_the_work_and_lets_others_pass(cloud, client, order):
    order("slow", delay_seconds=1.5)
    hasty = cloud.client(read_timeout=0.2)
    with pytest.raises(ReadTimeoutError):
        hasty.create_fuota_task(**CREATE)
    _until(lambda: cloud.admin("GET", "requests")["requests"])
    assert len(client.list_fuota_tasks()["FuotaTaskList"]) == 1


def test_an_error_can_be_slow_too(cloud, order):
    order("throttle", delay_seconds=1.5)
    with pytest.raises(ReadTimeoutError):
        cloud.client(read_timeout=0.2).create_fuota_task(**CREATE)
    _until(lambda: cloud.admin("GET", "requests")["requests"])
    assert [entry["status"] for entry in cloud.admin("GET", "requests")["requests"]] == [429]


def test_a_client_that_goes_before_its_answer_leaves_no_socket_and_no_complaint(clock, capfd):
    service = IotWirelessService(clock)
    service.faults.order(Fault("ListFuotaTasks", "slow", times=1, delay_seconds=0.5))
    with serve(service) as url:
        host = url.removeprefix("http://")
        with socket.create_connection(host.split(":")) as client:
            client.sendall(f"GET /fuota-tasks HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            _until(service.requests.list)
    gc.collect()
    assert capfd.readouterr().err == ""


def test_boto3_retries_what_is_worth_it(cloud, order):
    client = cloud.client(retries={"total_max_attempts": 3, "mode": "standard"})
    order("throttle", times=1)
    order("internal-error", times=1)
    client.create_fuota_task(**CREATE)
    assert [entry["status"] for entry in cloud.admin("GET", "requests")["requests"]] == [429, 500, 201]


def test_faults_are_listed_and_cancelled(cloud, client, order):
    order("throttle", times=3)
    order("access-denied", seconds=60, operation="*")
    listed = cloud.admin("GET", "faults")["faults"]
    assert [(fault["fault"], fault["times"], fault["seconds"]) for fault in listed] == [
        ("throttle", 3, None),
        ("access-denied", None, 60),
    ]
    cloud.admin("DELETE", "faults")
    assert cloud.admin("GET", "faults")["faults"] == []
    client.create_fuota_task(**CREATE)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "operation is null"),
        ({"operation": "CreateFuota"}, "CreateFuotaTask"),
        ({"fault": "explode"}, "throttle, internal-error, access-denied"),
        ({"fault": 7}, "fault is 7"),
        ({"times": 0}, "times is 0; it must be a whole number from 1"),
        ({"times": 1.5}, "times is 1.5"),
        ({"times": "2"}, 'times is "2"; it must be a number'),
        ({"times": True}, "times is true"),
        ({"seconds": 0}, "seconds is 0; it must be over 0"),
        ({"seconds": -1}, "seconds is -1"),
        ({"delay_seconds": -1}, "delay_seconds is -1"),
        ({"fault": "slow"}, "needs delay_seconds"),
        ({"after_role_created": True}, "needs seconds"),
        ({"after_role_created": 1}, "one of True, False"),
        ({"message": 1}, "message is 1; it must be a string"),
        ({"time": 1}, "unknown field time; allowed are operation, fault, times, seconds"),
    ],
)
def test_fails_on_a_fault_that_cannot_be(cloud, document, reason):
    valid = {"operation": "CreateFuotaTask", "fault": "throttle"}
    answer = cloud.admin("POST", "faults", **({**valid, **document} if document else {}))
    assert answer["status"] == 400
    assert reason in answer["error"]
    assert cloud.admin("GET", "faults")["faults"] == []
