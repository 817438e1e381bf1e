"""FUOTA tasks as AWS IoT Wireless has them: reading them, and the single changes that the API offers."""

from collections.abc import Callable, Collection, ItemsView, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from aws_calls import AwsCalls
from botocore.exceptions import ClientError
from properties import TaskProperties
from task_plan import DELETE_WAITING, PENDING, ActualTask, Changes

PAGE_SIZE = 250  # the API's maximum


def create(token: str, parameters: Mapping[str, Any], calls: AwsCalls) -> tuple[str, str]:
    """Make a task and return its id and ARN."""
    made = calls.iotwireless.create_fuota_task(ClientRequestToken=token, **parameters)
    return made["Id"], made["Arn"]


def read(task_id: str, desired: TaskProperties, former: TaskProperties, calls: AwsCalls) -> ActualTask | None:
    """A task with its groups, devices and tags as far as the template cares; None if it is gone or going."""
    task = _get(task_id, calls)
    if task is None or task.get("Status") == DELETE_WAITING:
        return None
    return ActualTask(
        id=task_id,
        arn=task["Arn"],
        status=str(task.get("Status")),
        fields={**task, "RfRegion": (task.get("LoRaWAN") or {}).get("RfRegion")},
        groups=groups(task_id, calls) if desired.groups or former.groups else (),
        devices=devices(task_id, calls) if desired.devices or former.devices else (),
        tags=_tags(task["Arn"], calls),
    )


def status(task_id: str, calls: AwsCalls) -> str | None:
    """The status of a task, None if there is no such task."""
    task = _get(task_id, calls)
    return None if task is None else str(task.get("Status"))


def is_new(task_id: str, seconds: float, calls: AwsCalls) -> bool:
    """Whether a task is `Pending` and was made within so many seconds; False if it is gone."""
    task = _get(task_id, calls)
    return (
        task is not None and task.get("Status") == PENDING and calls.epoch() - task["CreatedAt"].timestamp() < seconds
    )


def groups(task_id: str, calls: AwsCalls) -> set[str]:
    """The ids of the multicast groups of a task."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_multicast_groups_by_fuota_task(Id=task_id, MaxResults=PAGE_SIZE, **position)

    return {item["Id"] for item in _items("MulticastGroupList", page)}


def devices(task_id: str, calls: AwsCalls) -> set[str]:
    """The ids of the wireless devices of a task."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_wireless_devices(FuotaTaskId=task_id, MaxResults=PAGE_SIZE, **position)

    return {item["Id"] for item in _items("WirelessDeviceList", page)}


def tagged(tags: ItemsView[str, str], calls: AwsCalls) -> list[str]:
    """The ids of all tasks that carry all of these tags: one request per task, for lack of a filter in the API."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_fuota_tasks(MaxResults=PAGE_SIZE, **position)

    found = []
    for task in _items("FuotaTaskList", page):
        calls.check_time("looking at the tags of all FUOTA tasks")
        with _gone_is_fine():  # another stack may be deleting that task right now
            if tags <= _tags(task["Arn"], calls).items():
                found.append(task["Id"])
    return found


def change(task_id: str, fields: Mapping[str, str | int], groups: Changes, devices: Changes, calls: AwsCalls) -> None:
    """Change a pending task; if its fields cannot be changed, its groups and devices are not either.

    What goes comes first: a task has groups or devices, never both, and its groups must be of its RfRegion.
    """
    _disassociate(task_id, groups.drop, devices.drop, calls)
    if fields:
        patch = partial(_patch, task_id, fields, calls)
        try:
            # Only a role that may be new is worth waiting for; nothing else here is newly permitted.
            if "FirmwareUpdateRole" in fields:
                calls.until_permitted(patch)
            else:
                patch()
        except Exception as error:
            try:
                associate(task_id, groups.drop, devices.drop, calls)
            except Exception as second:  # noqa: BLE001 - the first error is the one to report
                error.add_note(f"putting back what had been taken off the task failed too: {second}")
            raise
    associate(task_id, groups.add, devices.add, calls)


def associate(task_id: str, groups: Sequence[str], devices: Sequence[str], calls: AwsCalls) -> None:
    """Put groups and devices on a task, one request each."""
    for number, group in enumerate(groups, start=1):
        calls.check_time(f"associating multicast group {number} of {len(groups)}")
        calls.iotwireless.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group)
    for number, device in enumerate(devices, start=1):
        calls.check_time(
            f"associating wireless device {number} of {len(devices)} (a multicast group takes one request)"
        )
        calls.iotwireless.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device)


def request_delete(task_id: str, calls: AwsCalls) -> None:
    """Have a task deleted, which takes the service a while; no task is no error."""
    with _gone_is_fine():
        calls.iotwireless.delete_fuota_task(Id=task_id)


def api_fields(fields: Mapping[str, str | int]) -> dict[str, Any]:
    """Fields in the shape of CreateFuotaTask and UpdateFuotaTask."""
    flat: dict[str, Any] = {name: value for name, value in fields.items() if name != "RfRegion"}
    if "RfRegion" in fields:
        flat["LoRaWAN"] = {"RfRegion": fields["RfRegion"]}
    return flat


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    """Tags in the shape of the API."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _disassociate(task_id: str, groups: Collection[str], devices: Collection[str], calls: AwsCalls) -> None:
    for group in groups:
        calls.check_time(f"taking multicast group {group} off the task")
        with _gone_is_fine():
            calls.iotwireless.disassociate_multicast_group_from_fuota_task(Id=task_id, MulticastGroupId=group)
    for device in devices:
        calls.check_time(f"taking wireless device {device} off the task")
        with _gone_is_fine():
            calls.iotwireless.disassociate_wireless_device_from_fuota_task(Id=task_id, WirelessDeviceId=device)


def _patch(task_id: str, fields: Mapping[str, str | int], calls: AwsCalls) -> None:
    calls.iotwireless.update_fuota_task(Id=task_id, **api_fields(fields))


def _get(task_id: str, calls: AwsCalls) -> Mapping[str, Any] | None:
    with _gone_is_fine():
        return calls.iotwireless.get_fuota_task(Id=task_id)
    return None


def _tags(arn: str, calls: AwsCalls) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in calls.iotwireless.list_tags_for_resource(ResourceArn=arn)["Tags"]}


def _items(name: str, page: Callable[..., Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    # botocore has no paginators for IoT Wireless.
    position: dict[str, str] = {}
    while True:
        answer = page(**position)
        yield from answer.get(name, [])
        if not answer.get("NextToken"):
            return
        position = {"NextToken": answer["NextToken"]}


class _gone_is_fine:  # noqa: N801 - reads as a statement
    """Lets the error of a resource that does not exist pass."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return isinstance(error, ClientError) and error.response["Error"]["Code"] == "ResourceNotFoundException"
