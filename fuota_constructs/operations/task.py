"""A FUOTA task with its groups and devices, as the service describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of
from fuota_constructs.operations.errors import NoSuchTaskError, OperationError
from fuota_constructs.operations.visible_text import visible
from fuota_constructs.service_id import SERVICE_ID

if TYPE_CHECKING:
    from datetime import datetime

    from fuota_constructs.operations.aws import Aws

PENDING, WAITING, IN_SESSION = "Pending", "FuotaSession_Waiting", "In_FuotaSession"
DONE, DELETING = "FuotaDone", "Delete_Waiting"

TASK_ARN = re.compile(r"arn:[\w-]+:iotwireless:(?P<region>[\w-]+):(?P<account>\d{12}):FuotaTask/(?P<id>[^/\s]+)")
STACK_TAG = "fuota-constructs:stack-id"
_STACK_ARN = re.compile(r"arn:[\w-]+:cloudformation:[\w-]+:\d{12}:stack/(?P<name>[\w-]+)/")
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Task:
    """What GetFuotaTask says; None where it says nothing."""

    id: str
    arn: str
    status: str
    name: str | None = None
    description: str | None = None
    rf_region: str | None = None
    start_time: datetime | None = None
    created_at: datetime | None = None
    image: str = ""
    role: str = ""
    redundancy_percent: int | None = None
    fragment_size_bytes: int | None = None
    fragment_interval_ms: int | None = None
    descriptor: str | None = None

    @property
    def account(self) -> str | None:
        """The account of the task."""
        match = TASK_ARN.fullmatch(self.arn)
        return match["account"] if match else None

    def __str__(self) -> str:
        return visible(f"{self.name} ({self.id})" if self.name else self.id)


@dataclass(frozen=True, slots=True)
class Group:
    """What GetMulticastGroup says; `ping_slot_period` is that of its session, if it has one."""

    id: str
    name: str | None
    status: str | None
    rf_region: str | None
    dl_class: str | None
    data_rate: int | None
    devices_requested: int | None
    devices_in_group: int | None
    frequency_hz: int | None = None
    gateways: int = 1
    gateway_spacing_seconds: float = 0.0
    ping_slot_period: int | None = None
    gateway_ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return visible(f"{self.name} ({self.id})" if self.name else self.id)


@dataclass(frozen=True, slots=True)
class Device:
    """What ListWirelessDevices says of a device of a task or group."""

    id: str
    name: str | None
    dev_eui: str | None
    fuota_status: str | None
    multicast_status: str | None
    last_uplink: str | None

    def __str__(self) -> str:
        return visible(self.name or self.dev_eui or self.id)


def find_task(aws: Aws, wanted: str) -> Task:
    """The task with this id, ARN or name; a name must belong to one task only."""
    if match := TASK_ARN.fullmatch(wanted):
        if match["region"] != aws.region:
            remedy = f"give --region {match['region']}"
            raise OperationError(f"{wanted} is in {match['region']}, and this is {aws.region}: {remedy}")
        return read_task(aws, match["id"])
    if wanted.startswith("arn:"):
        raise OperationError(f"{wanted!r} is no ARN of a FUOTA task: one looks like arn:...:FuotaTask/<id>")
    if SERVICE_ID.fullmatch(wanted):
        return read_task(aws, wanted)
    names = [(item.get("Name"), item["Id"]) for item in aws.pages("list_fuota_tasks", "FuotaTaskList")]
    ids = [task_id for name, task_id in names if name == wanted]
    if len(ids) > 1:
        shown = ", ".join(ids[:MOST_SHOWN]) + (", ..." if len(ids) > MOST_SHOWN else "")
        raise OperationError(f"{len(ids)} FUOTA tasks have the name {wanted!r}: give the id of one ({shown})")
    if ids:
        return read_task(aws, ids[0])
    raise NoSuchTaskError(wanted, aws.region, tuple(sorted({name for name, _ in names if name})), len(names))


def read_task(aws: Aws, task_id: str) -> Task:
    """The task with this id."""
    try:
        answer: dict[str, Any] = aws.iotwireless.get_fuota_task(Id=task_id)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            raise NoSuchTaskError(task_id, aws.region) from error
        raise
    lorawan = answer.get("LoRaWAN") or {}
    return Task(
        id=answer["Id"],
        arn=answer["Arn"],
        status=answer["Status"],
        name=answer.get("Name"),
        description=answer.get("Description"),
        rf_region=lorawan.get("RfRegion"),
        start_time=lorawan.get("StartTime"),
        created_at=answer.get("CreatedAt"),
        image=answer.get("FirmwareUpdateImage", ""),
        role=answer.get("FirmwareUpdateRole", ""),
        redundancy_percent=answer.get("RedundancyPercent"),
        fragment_size_bytes=answer.get("FragmentSizeBytes"),
        fragment_interval_ms=answer.get("FragmentIntervalMS"),
        descriptor=answer.get("Descriptor"),
    )


def stack_of(aws: Aws, task: Task) -> str | None:
    """The CloudFormation stack in charge of a task, by the tag its construct leaves; None where that is not known."""
    try:
        answer = aws.iotwireless.list_tags_for_resource(ResourceArn=task.arn)
    except ClientError:  # who may read tasks need not be allowed to read tags
        return None
    tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or []}
    match = _STACK_ARN.match(tags.get(STACK_TAG, ""))
    return match["name"] if match else None


def read_groups(aws: Aws, task_id: str) -> tuple[Group, ...]:
    """The multicast groups of a task."""
    items = aws.pages("list_multicast_groups_by_fuota_task", "MulticastGroupList", Id=task_id)
    return tuple(_group(aws.iotwireless.get_multicast_group(Id=item["Id"])) for item in items)


def task_devices(aws: Aws, task_id: str) -> tuple[Device, ...]:
    """The devices of a task, with what each reports of it."""
    return tuple(map(_device, aws.pages("list_wireless_devices", "WirelessDeviceList", FuotaTaskId=task_id)))


def group_devices(aws: Aws, group_id: str) -> tuple[Device, ...]:
    """The devices of a multicast group, with the state of their set-up."""
    return tuple(map(_device, aws.pages("list_wireless_devices", "WirelessDeviceList", MulticastGroupId=group_id)))


def _group(answer: dict[str, Any]) -> Group:
    lorawan = answer.get("LoRaWAN") or {}
    parameters, sending = lorawan.get("DefaultSessionParameters") or {}, lorawan.get("ParticipatingGateways") or {}
    return Group(
        id=answer["Id"],
        name=answer.get("Name"),
        status=answer.get("Status"),
        rf_region=lorawan.get("RfRegion"),
        dl_class=lorawan.get("DlClass"),
        data_rate=parameters.get("DlDr"),
        frequency_hz=parameters.get("DlFreq"),
        gateways=len(sending.get("GatewayList") or []) or 1,
        gateway_ids=tuple(sending.get("GatewayList") or ()),
        gateway_spacing_seconds=(sending.get("TransmissionInterval") or 0) / 1000,
        devices_requested=lorawan.get("NumberOfDevicesRequested"),
        devices_in_group=lorawan.get("NumberOfDevicesInGroup"),
    )


def _device(item: dict[str, Any]) -> Device:
    return Device(
        id=item["Id"],
        name=item.get("Name"),
        dev_eui=(item.get("LoRaWAN") or {}).get("DevEui"),
        fuota_status=item.get("FuotaDeviceStatus"),
        multicast_status=item.get("MulticastDeviceStatus"),
        last_uplink=item.get("LastUplinkReceivedAt"),
    )
