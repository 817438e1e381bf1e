"""What is in the IoT Wireless service of a local cloud, read over its public API."""

from collections.abc import Iterator
from typing import Any

from fuota_constructs.local.cloud import LocalCloud

_TASK_FIELDS = (
    *("Id", "Arn", "Name", "Description", "Status", "FirmwareUpdateImage", "FirmwareUpdateRole"),
    *("RedundancyPercent", "FragmentSizeBytes", "FragmentIntervalMS", "Descriptor"),
)


def overview(cloud: LocalCloud) -> dict[str, Any]:
    """Tasks, groups and devices of every account and Region the cloud was used in, as JSON types."""
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
        start = radio.get("StartTime")
        members = pages(client.list_multicast_groups_by_fuota_task, "MulticastGroupList", Id=listed["Id"])
        devices = pages(client.list_wireless_devices, "WirelessDeviceList", FuotaTaskId=listed["Id"])
        yield {
            **{name: task.get(name) for name in _TASK_FIELDS},
            "CreatedAt": task["CreatedAt"].isoformat() if task.get("CreatedAt") else None,
            "RfRegion": radio.get("RfRegion"),
            "StartTime": start if start is None or isinstance(start, str) else start.isoformat(),
            "MulticastGroupIds": [group["Id"] for group in members],
            "WirelessDevices": {device["Id"]: device.get("FuotaDeviceStatus") for device in devices},
            "Tags": {
                tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceArn=task["Arn"])["Tags"]
            },
        }


def _groups(client: Any) -> Iterator[dict[str, Any]]:
    for listed in pages(client.list_multicast_groups, "MulticastGroupList"):
        group = client.get_multicast_group(Id=listed["Id"])
        radio = group.get("LoRaWAN") or {}
        yield {
            **{name: group.get(name) for name in ("Id", "Arn", "Name", "Description", "Status")},
            "RfRegion": radio.get("RfRegion"),
            "DlClass": radio.get("DlClass"),
            "NumberOfDevicesInGroup": radio.get("NumberOfDevicesInGroup"),
        }


def pages(operation: Any, member: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Every item of a list, page by page; botocore has no paginators for IoT Wireless."""
    token: dict[str, str] = {}
    while True:
        answer = operation(**request, **token)
        yield from answer.get(member) or []
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}
