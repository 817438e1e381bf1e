"""Finding tasks, and reading all of them and of their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.preflight import preflight
from fuota_constructs.operations.progress import read_progress
from fuota_constructs.operations.task import find_task, group_devices, task_devices

if TYPE_CHECKING:
    from fuota_constructs.local.iotwireless import IotWirelessService
    from fuota_constructs.operations.aws import Aws

FAULTY = (
    "GetFuotaTask",
    "ListFuotaTasks",
    "ListMulticastGroupsByFuotaTask",
    "GetMulticastGroup",
    "ListWirelessDevices",
    "GetWirelessDevice",
    "GetDeviceProfile",
)


def _order(service: IotWirelessService, operation: str, fault: str, times: int) -> None:
    from fuota_constructs.local.iotwireless.faults import Fault

    service.faults.order(Fault(operation, fault, times=times))


def test_finds_a_task_by_id_arn_and_name(aws: Aws, task: Any) -> None:
    task_id = task(name="street")
    task(name="road")
    found = find_task(aws, "street")
    assert found.id == task_id
    assert find_task(aws, task_id) == find_task(aws, found.arn) == found
    assert (found.redundancy_percent, found.fragment_size_bytes, found.fragment_interval_ms) == (40, 112, 7000)
    assert found.rf_region == "EU868"


def test_status_asks_for_nothing_that_grants_read_does_not_allow(aws: Aws, task: Any, group: Any) -> None:
    import aws_cdk as cdk
    from aws_cdk import aws_iam as iam

    from fuota_constructs import FuotaTask

    task_id = task(group(), name="street")
    asked: set[str] = set()
    aws.iotwireless.meta.events.register("before-call", lambda model, **_: asked.add(f"iotwireless:{model.name}"))
    read_progress(aws, find_task(aws, "street"))
    reader = iam.User(cdk.Stack(), "Reader")
    FuotaTask.from_fuota_task_id(reader.stack, "Task", task_id).grants.read(reader)
    [policy] = [child for child in reader.node.find_all() if isinstance(child, iam.CfnPolicy)]
    statements = cdk.Stack.of(reader).resolve(policy.policy_document)["Statement"]
    allowed = {action for statement in statements for action in statement["Action"]}
    assert "iotwireless:ListWirelessDevices" in asked
    assert asked <= allowed


def test_finds_the_one_name_among_several_pages(aws: Aws, task: Any) -> None:
    for number in range(260):
        task(name=f"task-{number}")
    assert find_task(aws, "task-259").name == "task-259"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("stret", r"no FUOTA task in eu-west-1 has the name 'stret': did you mean street\?"),
        ("twin", r"2 FUOTA tasks have the name 'twin': give the id of one \([0-9a-f-]{36}, [0-9a-f-]{36}\)"),
        ("arn:aws:iam::1:role/x", "is no ARN of a FUOTA task: one looks like"),
        ("zzz", "3 tasks have other names; give the id"),
        (
            "arn:aws:iotwireless:us-east-1:000000000000:FuotaTask/x",
            "is in us-east-1, and this is eu-west-1: give --reg",
        ),
        ("12345678-1234-1234-1234-123456789012", "it was deleted, or is in another account or Region"),
    ],
)
def test_refuses_what_is_no_one_task(wanted: str, message: str, aws: Aws, task: Any) -> None:
    for name in ("street", "twin", "twin"):
        task(name=name)
    with pytest.raises(OperationError, match=message):
        find_task(aws, wanted)


def test_says_that_there_is_no_task_at_all(aws: Aws) -> None:
    with pytest.raises(OperationError, match="there is no task at all; is this the right account and Region"):
        find_task(aws, "street")


def test_reads_every_page_of_devices_and_stays_under_the_quota(
    aws: Aws, task: Any, group: Any, service: IotWirelessService
) -> None:
    lamps, bells = group(530, "lamps"), group(5, "bells")
    task_id = task(lamps, bells)
    service.requests.clear()
    devices = task_devices(aws, task_id)
    assert [device.name for device in devices] == [
        *(f"lamps-{number:04}" for number in range(530)),
        *(f"bells-{number:04}" for number in range(5)),
    ]
    assert len(group_devices(aws, lamps)) == 530
    found = preflight(aws, find_task(aws, "street"))
    assert not found.errors
    assert len(found.progress.devices) == 535
    requests = service.requests.list()
    assert sum(request["operation"] == "GetWirelessDevice" for request in requests) == 535
    no_session = [request["operation"] for request in requests if request["status"] == 404]
    assert no_session == ["GetMulticastGroupSession"] * 2  # the groups have none
    assert {request["status"] for request in requests} == {200, 404}  # no 429: the service never had to refuse


def test_throttles_and_server_errors_lose_nothing(aws: Aws, task: Any, group: Any, service: IotWirelessService) -> None:
    task(group(3))
    calm = preflight(aws, find_task(aws, "street"))
    for operation in FAULTY:
        _order(service, operation, "throttle", 5)
        _order(service, operation, "internal-error", 5)
    service.requests.clear()
    faulty = preflight(aws, find_task(aws, "street"))
    assert faulty.checks == calm.checks
    assert faulty.progress.devices == calm.progress.devices
    refused = [request["operation"] for request in service.requests.list() if request["status"] != 200]
    assert {operation: refused.count(operation) for operation in FAULTY} == dict.fromkeys(FAULTY, 10)
