"""What is in the IoT Wireless service of a local cloud, read over its public API."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.operations.aws import pages

_TASK_FIELDS = {
    "id": "Id",
    "arn": "Arn",
    "name": "Name",
    "description": "Description",
    "status": "Status",
    "image": "FirmwareUpdateImage",
    "role": "FirmwareUpdateRole",
    "redundancy_percent": "RedundancyPercent",
    "fragment_size_bytes": "FragmentSizeBytes",
    "fragment_interval_ms": "FragmentIntervalMS",
    "descriptor": "Descriptor",
}
_GROUP_FIELDS = {"id": "Id", "arn": "Arn", "name": "Name", "description": "Description", "status": "Status"}


def overview(cloud: LocalCloud) -> dict[str, Any]:
    """Tasks, groups and devices of every account and Region the cloud was used in; moments in ISO 8601."""
    tasks: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for place in cloud.admin("host")["places"]:
        client = cloud.client("iotwireless", account=place["account"], region=place["region"])
        tasks += [{**place, **task} for task in _tasks(client)]
        groups += [{**place, **group} for group in _groups(client)]
    running = {"url": cloud.url, "pid": cloud.pid, "port": cloud.port, "iam": cloud.iam, "log": str(cloud.log)}
    running |= {"account": cloud.account, "region": cloud.region}
    return {"cloud": running, "fuota_tasks": tasks, "multicast_groups": groups}


def _tasks(client: Any) -> Iterator[dict[str, Any]]:
    for listed in pages(client.list_fuota_tasks, "FuotaTaskList"):
        task = client.get_fuota_task(Id=listed["Id"])
        radio = task.get("LoRaWAN") or {}
        members = pages(client.list_multicast_groups_by_fuota_task, "MulticastGroupList", Id=listed["Id"])
        devices = pages(client.list_wireless_devices, "WirelessDeviceList", FuotaTaskId=listed["Id"])
        yield {
            **{name: task.get(field) for name, field in _TASK_FIELDS.items()},
            "created_at": _moment(task.get("CreatedAt")),
            "rf_region": radio.get("RfRegion"),
            "start_time": _moment(radio.get("StartTime")),
            "multicast_group_ids": [group["Id"] for group in members],
            "devices": {device["Id"]: device.get("FuotaDeviceStatus") for device in devices},
            "tags": {
                tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceArn=task["Arn"])["Tags"]
            },
        }


def _groups(client: Any) -> Iterator[dict[str, Any]]:
    for listed in pages(client.list_multicast_groups, "MulticastGroupList"):
        group = client.get_multicast_group(Id=listed["Id"])
        radio = group.get("LoRaWAN") or {}
        yield {
            **{name: group.get(field) for name, field in _GROUP_FIELDS.items()},
            "rf_region": radio.get("RfRegion"),
            "dl_class": radio.get("DlClass"),
            "devices_in_group": radio.get("NumberOfDevicesInGroup"),
        }


def _moment(value: dt.datetime | str | None) -> str | None:
    return value.isoformat() if isinstance(value, dt.datetime) else value
